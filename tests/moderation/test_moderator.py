from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from grandstand.moderation.moderator import Moderator
from grandstand.moderation.policy import Policy
from grandstand.moderation.rules import Rules
from grandstand.moderation.scorer import Scorer, Scores
from structlog.testing import capture_logs

RULES = Rules.load()


class CountingScorer:
    """Says of a text with "bad" in it that it is one, and counts what it was asked."""

    categories: tuple[str, ...] = ("insult",)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def score(self, texts: list[str]) -> Scores:
        self.asked += texts
        bad = np.array(["bad" in text for text in texts], np.float32)
        return Scores({"insult": bad}, 0.5 - bad, np.full(len(texts), 0.25, np.float32))


class SlowScorer(CountingScorer):
    """Answers when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def score(self, texts: list[str]) -> Scores:
        self.let_go.wait(10)
        return super().score(texts)


class BrokenScorer(CountingScorer):
    """Raises until it is mended."""

    broken = True

    def score(self, texts: list[str]) -> Scores:
        if self.broken:
            raise RuntimeError("out of order")
        return super().score(texts)


@pytest.fixture
async def made() -> AsyncIterator[list[Moderator]]:
    moderators: list[Moderator] = []
    yield moderators
    for one in moderators:
        await one.close()


def _make(made: list[Moderator], scorer: Scorer | None, deadline_ms: int = 5_000) -> Moderator:
    made.append(Moderator(scorer, RULES, deadline_ms))
    return made[-1]


async def _until(happened: Callable[[], bool]) -> None:
    for _ in range(5_000):
        if happened():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never happened")


async def test_judgements_come_in_the_order_of_the_texts(made: list[Moderator]) -> None:
    moderator = _make(made, CountingScorer())
    texts = ["hello there", "so bad", "傻逼", "hello there", ""]
    judged = await moderator.judge(texts, Policy())
    assert [one.action for one in judged] == ["show", "reject", "reject", "show", "show"]
    assert [one.category for one in judged] == [None, "insult", "insult", None, None]
    assert judged[0] == judged[3]
    assert all(one.scored for one in judged)
    assert judged[0].mood == 0.5
    assert judged[0].excitement == 0.25


async def test_a_text_seen_before_is_not_scored_again(made: list[Moderator]) -> None:
    scorer = CountingScorer()
    moderator = _make(made, scorer)
    for _ in range(3):
        await moderator.judge(["gg", "gg", "wp"], Policy())
    assert scorer.asked == ["gg", "wp"]


async def test_one_text_is_judged_by_each_rooms_own_policy(made: list[Moderator]) -> None:
    moderator = _make(made, CountingScorer())
    for level, action in ((2, "reject"), (0, "show"), (2, "reject")):
        (judged,) = await moderator.judge(["so bad"], Policy(level=level))
        assert (judged.action, judged.mood, judged.scored) == (action, -0.5, True)


async def test_after_the_deadline_the_rules_verdict_stands(made: list[Moderator]) -> None:
    scorer = SlowScorer()
    moderator = _make(made, scorer, deadline_ms=20)
    judged = await moderator.judge(["so bad", "傻逼"], Policy(on_timeout="allow"))
    assert [one.action for one in judged] == ["show", "reject"]
    assert not any(one.scored for one in judged)
    scorer.let_go.set()


async def test_after_the_deadline_a_room_may_hold_what_was_not_scored(
    made: list[Moderator],
) -> None:
    scorer = SlowScorer()
    moderator = _make(made, scorer, deadline_ms=20)
    judged = await moderator.judge(["nice", "傻逼"], Policy(on_timeout="hold"))
    assert [one.action for one in judged] == ["hold", "reject"]
    (off,) = await moderator.judge(["fine"], Policy(level=0))
    assert off.action == "show"
    scorer.let_go.set()


async def test_batches_do_not_queue_behind_an_overdue_one(made: list[Moderator]) -> None:
    scorer = SlowScorer()
    moderator = _make(made, scorer, deadline_ms=20)
    await moderator.judge(["first"], Policy())
    for turn in range(5):
        await moderator.judge([f"later {turn}"], Policy())
    assert (moderator.counts.late, moderator.counts.skipped) == (1, 5)
    scorer.let_go.set()
    await _until(lambda: moderator.counts.scored > 0)
    assert scorer.asked == ["first"]
    (judged,) = await moderator.judge(["first"], Policy())
    assert judged.scored, "the late result serves the next who says the same"
    assert scorer.asked == ["first"]


async def test_a_batch_that_waited_out_its_deadline_is_never_scored(made: list[Moderator]) -> None:
    scorer = SlowScorer()
    moderator = _make(made, scorer, deadline_ms=20)
    await asyncio.gather(*(moderator.judge([f"text {n}"], Policy()) for n in range(5)))
    scorer.let_go.set()
    await _until(lambda: moderator.counts.scored > 0)
    assert scorer.asked == ["text 0"]
    (judged,) = await moderator.judge(["another"], Policy())
    assert judged.scored


async def test_a_caller_that_gives_up_leaves_the_moderator_working(made: list[Moderator]) -> None:
    scorer = SlowScorer()
    moderator = _make(made, scorer)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(moderator.judge(["first"], Policy()), 0.02)
    scorer.let_go.set()
    await _until(lambda: moderator.counts.scored > 0)
    (judged,) = await moderator.judge(["second"], Policy())
    assert judged.scored


async def test_a_scorer_that_raises_is_logged_once_and_counted(made: list[Moderator]) -> None:
    scorer = BrokenScorer()
    moderator = _make(made, scorer)
    with capture_logs() as logs:
        for turn in range(3):
            judged = await moderator.judge([f"nice {turn}", "傻逼"], Policy())
            assert [one.action for one in judged] == ["hold", "reject"]
    assert [entry["event"] for entry in logs] == ["scorer failed"]
    assert logs[0]["comments"] == 2
    assert moderator.counts.failed_batches == 3
    scorer.broken = False
    (mended,) = await moderator.judge(["nice 0"], Policy())
    assert (mended.action, mended.scored) == ("show", True)


async def test_without_a_scorer_the_rules_decide_alone(made: list[Moderator]) -> None:
    moderator = _make(made, None)
    judged = await moderator.judge(["nice show", "傻逼"], Policy(on_timeout="hold"))
    assert [one.action for one in judged] == ["show", "reject"]
    assert not judged[0].scored
    assert judged[0].weight > 0


async def test_no_texts_give_no_judgements(made: list[Moderator]) -> None:
    assert await _make(made, CountingScorer()).judge([], Policy()) == []
