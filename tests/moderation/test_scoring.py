from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from grandstand.moderation import scoring
from grandstand.moderation.scores import Scorer, Scores
from grandstand.moderation.scoring import Counts, Row, Rows, Scoring, rows
from grandstand.telemetry import ScorerMetrics
from prometheus_client import CollectorRegistry

from tests.moderation.scorers import BrokenScorer, CountingScorer, SlowScorer
from tests.waiting import until


class Line:
    """A line under test, with what it counted and measured, and what came too late."""

    def __init__(self, deadline_ms: int = 5_000, threads: int = 1) -> None:
        self.counts = Counts()
        self.late: list[Rows] = []
        self._registry = CollectorRegistry()
        metrics = ScorerMetrics(self._registry)
        self.scoring = Scoring(deadline_ms, threads, self.counts, metrics)

    def put(self, scorer: Scorer, *texts: str) -> asyncio.Task[Rows | None]:
        return asyncio.create_task(self.scoring.score(scorer, list(texts), self.late.append))

    def measured(self, name: str) -> tuple[float, float]:
        """Count and sum of a histogram."""
        found = [
            self._registry.get_sample_value(f"grandstand_scorer_{name}_{each}")
            for each in ("count", "sum")
        ]
        assert found[0] is not None
        assert found[1] is not None
        return found[0], found[1]


MakeLine = Callable[..., Line]


@pytest.fixture
async def line() -> AsyncIterator[MakeLine]:
    made: list[Line] = []

    def make(deadline_ms: int = 5_000, threads: int = 1) -> Line:
        made.append(Line(deadline_ms, threads))
        return made[-1]

    yield make
    for each in made:
        await each.scoring.close()


def test_scores_become_plain_rows() -> None:
    one = np.array([0.25, 0.5], np.float32)
    scores = Scores({"insult": one, "spam": one * 2}, -one, one, one, ["zh", "und"])
    assert rows(scores) == [
        Row({"insult": 0.25, "spam": 0.5}, -0.25, 0.25, 0.25, "zh"),
        Row({"insult": 0.5, "spam": 1.0}, -0.5, 0.5, 0.5, "und"),
    ]


async def test_what_waits_goes_together_and_each_text_once(line: MakeLine) -> None:
    scorer = SlowScorer()
    here = line()
    batches = [here.put(scorer, "a", "b")]
    await until(scorer.began.is_set)
    batches += [here.put(scorer, *texts) for texts in ("bc", "cd", "de")]
    await asyncio.sleep(0.01)
    scorer.let_go.set()
    found = [await each for each in batches]
    assert [list(each or ()) for each in found[:1]] == [["a", "b"]]
    assert all(each is not None and text in each for each, text in zip(found, "abcd", strict=True))
    assert scorer.batches == [["a", "b"], ["b", "c", "d", "e"]]
    assert here.measured("batch_comments") == (2, 6)
    assert here.measured("queue_seconds")[0] == 4
    assert here.measured("queue_seconds")[1] >= 0.01
    assert here.measured("seconds")[0] == 2
    assert here.counts.scored == 8


async def test_no_more_goes_together_than_leaves_the_deadlines_alone(
    line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "TOGETHER_MAX", 3)
    scorer = SlowScorer()
    here = line()
    batches = [here.put(scorer, "a")]
    await until(scorer.began.is_set)
    batches += [here.put(scorer, *texts) for texts in ("bc", "de", "fghij", "k")]
    await asyncio.sleep(0.01)
    scorer.let_go.set()
    await asyncio.gather(*batches)
    assert scorer.batches == [["a"], ["b", "c"], ["d", "e"], ["f", "g", "h", "i", "j"], ["k"]]


async def test_a_batch_that_finds_the_line_full_is_turned_away_at_once(
    line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "WAITING_MAX", 3)
    scorer = SlowScorer()
    here = line()
    taken = [here.put(scorer, *"abcdef")]
    await until(scorer.began.is_set)
    taken += [here.put(scorer, *texts) for texts in ("gh", "i")]
    await asyncio.sleep(0.01)
    assert await asyncio.wait_for(here.put(scorer, "j"), 1) is None
    assert here.counts.skipped == 1
    scorer.let_go.set()
    assert None not in await asyncio.gather(*taken)
    assert (here.counts.scored, here.counts.late) == (9, 0)
    assert await here.put(scorer, "k") is not None


async def test_places_of_those_who_gave_up_are_free_again(
    line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "WAITING_MAX", 2)
    scorer = SlowScorer()
    here = line()
    first = here.put(scorer, "a")
    await until(scorer.began.is_set)
    gone = [here.put(scorer, text) for text in "bc"]
    await asyncio.sleep(0)
    for each in reversed(gone):
        each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await each
    after = here.put(scorer, "d", "e")
    await asyncio.sleep(0)
    scorer.let_go.set()
    assert await first is not None
    assert await after is not None
    assert scorer.asked == ["a", "d", "e"]


async def test_what_came_too_late_is_handed_over_and_what_waited_too_long_never_scored(
    line: MakeLine,
) -> None:
    scorer = SlowScorer()
    here = line(deadline_ms=200)
    first = here.put(scorer, "a")
    await until(scorer.began.is_set)
    assert await here.put(scorer, "b") is None
    assert await first is None
    assert await here.put(scorer, "c") is None
    assert (here.counts.late, here.counts.skipped) == (2, 1)
    scorer.let_go.set()
    await until(lambda: bool(here.late))
    assert [list(each) for each in here.late] == [["a"]]
    assert scorer.asked == ["a"]
    assert await here.put(scorer, "d") is not None


async def test_batches_of_two_models_never_go_together(line: MakeLine) -> None:
    old, new = SlowScorer(), CountingScorer()
    here = line()
    batches = [here.put(old, "a")]
    await until(old.began.is_set)
    batches += [here.put(each, text) for each, text in ((old, "b"), (new, "c"), (old, "d"))]
    await asyncio.sleep(0.01)
    old.let_go.set()
    await asyncio.gather(*batches)
    assert (old.batches, new.batches) == ([["a"], ["b"], ["d"]], [["c"]])


async def test_two_threads_score_two_at_once(line: MakeLine) -> None:
    slow, fast = SlowScorer(), CountingScorer()
    here = line(threads=2)
    waiting = here.put(slow, "a")
    await until(slow.began.is_set)
    assert await here.put(fast, "b") is not None
    assert not waiting.done()
    slow.let_go.set()
    assert await waiting is not None


async def test_a_failure_is_told_to_all_of_its_batch_and_the_next_is_tried(line: MakeLine) -> None:
    scorer = BrokenScorer()
    here = line()
    assert await here.put(scorer, "a") is None
    assert await here.put(scorer, "b") is None
    scorer.broken = False
    assert await here.put(scorer, "c") is not None
    assert here.counts.failed_batches == 2
    assert here.counts.scored == 1


async def test_a_loop_that_is_busy_meanwhile_finds_everything_scored(line: MakeLine) -> None:
    scorer = CountingScorer()
    here = line(deadline_ms=100)
    batches = [here.put(scorer, text) for text in "abcdef"]
    await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - the loop's being busy is the point
    assert None not in await asyncio.gather(*batches)
    assert (here.counts.scored, here.counts.late) == (6, 0)


async def test_closing_waits_for_what_is_scored_and_gives_up_what_waits() -> None:
    scorer = SlowScorer()
    here = Line()
    working = here.put(scorer, "a")
    await until(scorer.began.is_set)
    waiting = here.put(scorer, "b")
    await asyncio.sleep(0)
    closing = asyncio.create_task(here.scoring.close())
    assert await waiting is None
    assert not closing.done()
    scorer.let_go.set()
    await closing
    assert await working is not None
    assert scorer.asked == ["a"]
