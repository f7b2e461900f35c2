from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from grandstand.moderation.moderator import AT_ONCE, Judgement, Moderator, _with
from grandstand.moderation.ngrams import MAX_CHARS
from grandstand.moderation.policy import Policy
from grandstand.moderation.scorer import OnnxScorer
from grandstand.moderation.scores import Scorer
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.moderation.installation import SHIPPED as PATH
from tests.moderation.nasties import HARD, NASTIES
from tests.moderation.rules import RULES
from tests.moderation.scorers import BrokenScorer, CountingScorer, SlowScorer
from tests.waiting import until

SHIPPED = OnnxScorer(PATH)


@pytest.fixture
async def made() -> AsyncIterator[list[Moderator]]:
    moderators: list[Moderator] = []
    yield moderators
    for one in moderators:
        await one.close()


def _make(made: list[Moderator], scorer: Scorer | None, deadline_ms: int = 5_000) -> Moderator:
    made.append(Moderator(scorer, RULES, deadline_ms))
    return made[-1]


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
    assert (moderator.counts["late"], moderator.counts["skipped"]) == (1, 5)
    scorer.let_go.set()
    await until(lambda: moderator.counts["scored"] > 0)
    assert scorer.asked == ["first"]
    (judged,) = await moderator.judge(["first"], Policy())
    assert judged.scored, "the late result serves the next who says the same"
    assert scorer.asked == ["first"]


async def test_a_batch_that_waited_out_its_deadline_is_never_scored(made: list[Moderator]) -> None:
    scorer = SlowScorer()
    moderator = _make(made, scorer, deadline_ms=200)
    first = asyncio.create_task(moderator.judge(["text 0"], Policy()))
    await until(scorer.began.is_set)
    await asyncio.gather(first, *(moderator.judge([f"text {n}"], Policy()) for n in range(1, 5)))
    scorer.let_go.set()
    await until(lambda: moderator.counts["scored"] > 0)
    assert scorer.asked == ["text 0"]
    tries = [(await moderator.judge([f"another {n}"], Policy()))[0].scored for n in range(10)]
    assert any(tries), "it works on"


async def test_all_rooms_together_look_at_so_much_in_a_turn_of_the_loop(
    made: list[Moderator], monkeypatch: pytest.MonkeyPatch
) -> None:
    moderator = _make(made, None)
    turns, looked_at = 0, Counter[int]()
    length, rooms = 400, 5

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def looking(*arguments: Any) -> Any:
            looked_at[turns] += length
            return function(*arguments)

        return looking

    monkeypatch.setattr(Moderator, "_read", watched(Moderator._read))
    monkeypatch.setattr("grandstand.moderation.moderator._with", watched(_with))
    batches = [[f"{room}.{n} ".ljust(length, "x") for n in range(40)] for room in range(rooms)]
    counting = asyncio.create_task(count_turns())
    judged = await asyncio.gather(*(moderator.judge(batch, Policy()) for batch in batches))
    counting.cancel()
    assert [len(each) for each in judged] == [40] * rooms
    assert looked_at.total() == 2 * length * 40 * rooms  # read, and weighed
    assert max(looked_at.values()) < AT_ONCE + length


async def test_a_caller_that_gives_up_leaves_the_moderator_working(made: list[Moderator]) -> None:
    scorer = SlowScorer()
    moderator = _make(made, scorer)
    asking = asyncio.create_task(moderator.judge(["first"], Policy()))
    await until(scorer.began.is_set)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    scorer.let_go.set()
    await until(lambda: moderator.counts["scored"] > 0)
    (judged,) = await moderator.judge(["second"], Policy())
    assert judged.scored


async def test_a_scorer_that_raises_is_logged_once_and_counted(made: list[Moderator]) -> None:
    scorer = BrokenScorer()
    moderator = _make(made, scorer)
    with capture_logs() as logs:
        for turn in range(3):
            judged = await moderator.judge([f"nice {turn}", "傻逼"], Policy())
            assert [one.action for one in judged] == ["hold", "reject"]
    assert [entry["event"] for entry in logs] == ["model_failed"]
    assert (logs[0]["model"], logs[0]["inputs"]) == ("scorer", 2)
    assert moderator.counts["failed_batches"] == 3
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


async def test_what_a_batch_says_twice_is_scored_once(made: list[Moderator]) -> None:
    scorer = CountingScorer()
    moderator = _make(made, scorer)
    judged = await moderator.judge(["gg", "wp", "gg", "gg"], Policy())
    assert scorer.asked == ["gg", "wp"]
    assert judged[0] == judged[2] == judged[3]


async def test_another_model_judges_from_the_next_batch_on_and_remembers_nothing(
    made: list[Moderator],
) -> None:
    moderator = _make(made, CountingScorer())
    (before,) = await moderator.judge(["so bad"], Policy())
    assert before.action == "reject"
    milder = CountingScorer()
    milder.thresholds = {"insult": ((1.0, 1.0),) * 4}
    milder.worst = 0.5
    moderator.use(milder)
    (after,) = await moderator.judge(["so bad"], Policy())
    assert (after.action, after.probabilities) == ("show", {"insult": 0.5})
    assert milder.asked == ["so bad"]


async def test_a_batch_ends_with_the_model_and_the_thresholds_that_it_began_with(
    made: list[Moderator],
) -> None:
    old, new = SlowScorer(), CountingScorer()
    new.thresholds = {"insult": ((1.0, 1.0),) * 4}
    new.worst = 0.5
    moderator = _make(made, old)
    working = asyncio.create_task(moderator.judge(["so bad"], Policy()))
    await until(old.began.is_set)
    waiting = asyncio.create_task(moderator.judge(["bad too"], Policy()))
    await asyncio.sleep(0)
    moderator.use(new)
    later = asyncio.create_task(moderator.judge(["so bad"], Policy()))
    await asyncio.sleep(0)
    old.let_go.set()
    assert [each.action for each in (*await working, *await waiting)] == ["reject", "reject"]
    assert [each.action for each in await later] == ["show"]
    assert (old.asked, new.asked) == (["so bad", "bad too"], ["so bad"])


async def test_what_the_old_model_said_too_late_is_not_remembered_for_the_new(
    made: list[Moderator],
) -> None:
    old, new = SlowScorer(), CountingScorer()
    moderator = _make(made, old, deadline_ms=20)
    await moderator.judge(["so bad"], Policy())
    moderator.use(new)
    old.let_go.set()
    await until(lambda: moderator.counts["scored"] > 0)
    (judged,) = await moderator.judge(["so bad"], Policy())
    assert judged.scored
    assert new.asked == ["so bad"]


async def test_the_longest_remembered_are_forgotten_first(
    made: list[Moderator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grandstand.moderation.moderator.REMEMBERED", 2)
    scorer = CountingScorer()
    moderator = _make(made, scorer)
    for texts in (["a", "b"], ["a", "c"], ["a", "b"]):
        await moderator.judge(texts, Policy())
    assert scorer.asked == ["a", "b", "c", "b"]


async def test_a_text_of_ten_megabytes_is_judged_and_remembered_by_its_beginning(
    made: list[Moderator],
) -> None:
    scorer = CountingScorer()
    moderator = _make(made, scorer)
    (judged,) = await moderator.judge(["ab " * 3_333_333 + "so bad"], Policy())
    assert judged.action == "show"
    (asked,) = scorer.asked
    assert len(asked) == MAX_CHARS


def _all_in_range(judged: list[Judgement]) -> bool:
    return all(
        0 <= each.weight <= 10
        and -1 <= each.mood <= 1
        and 0 <= each.excitement <= 1
        and each.probabilities is not None
        and all(0 <= value <= 1 for value in each.probabilities.values())
        and each.action in ("show", "hold", "reject")
        for each in judged
    )


@given(st.lists(st.one_of(st.text(), st.text(HARD)), max_size=20), st.integers(0, 4))
@settings(max_examples=50)
def test_any_texts_are_judged_by_the_shipped_model_in_their_order(
    texts: list[str], level: int
) -> None:
    async def judged_of(*batches: list[str]) -> list[Judgement]:
        moderator = Moderator(SHIPPED, RULES, deadline_ms=60_000)
        judged = [each for batch in batches for each in await moderator.judge(batch, policy)]
        await moderator.close()
        return judged

    policy = Policy(level)
    together = asyncio.run(judged_of(texts))
    alone = asyncio.run(judged_of(*([text] for text in texts)))
    assert len(together) == len(texts)
    assert _all_in_range(together)
    for one, other in zip(together, alone, strict=True):
        assert one.dedupe_key == other.dedupe_key
        assert one.probabilities is not None
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-3)
        assert (one.mood, one.excitement) == pytest.approx((other.mood, other.excitement), abs=2e-3)


@pytest.mark.parametrize("text", NASTIES.values(), ids=NASTIES.keys())
async def test_nothing_that_one_could_send_keeps_it_from_judging(
    made: list[Moderator], text: str
) -> None:
    moderator = _make(made, SHIPPED, 60_000)
    began = time.process_time()
    judged = await moderator.judge([text, "what a night", text], Policy(4))
    assert time.process_time() - began < 5
    assert _all_in_range(judged)
    assert judged[0] == judged[2]


async def test_a_million_texts_at_once_are_judged_in_seconds(made: list[Moderator]) -> None:
    moderator = _make(made, SHIPPED, 600_000)
    few = ["what a goal", "加油", "", "gg"]
    began = time.process_time()
    judged = await moderator.judge(few * 250_000, Policy())
    assert time.process_time() - began < 30  # 2 s were seen
    assert [each.language for each in judged[-4:]] == ["en", "zh", "und", "und"]
    assert len(judged) == 1_000_000
