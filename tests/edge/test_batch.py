from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from grandstand.domain.events import CommentEvent
from grandstand.domain.identity import Role
from grandstand.domain.stored_state import item_of
from grandstand.domain.utterance import Utterance
from grandstand.edge import batch as module
from grandstand.edge.batch_timing import FEW, BatchTiming
from grandstand.edge.submission import CommentIn, VoteIn
from grandstand.moderation.moderator import Judgement
from grandstand.moderation.policy import Policy
from grandstand.replica.room import LiveRoom
from grandstand.store.errors import StoreUnavailable
from grandstand.wire.codes import ErrorCode, RefusedError, RejectedError
from grandstand.wire.messages import Ack, Appeal
from msgspec import structs

from tests.edge.harness import ByHand, Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Line:
    """A queue, and what its senders were told, in order."""

    def __init__(self, harness: Harness, live: LiveRoom) -> None:
        self.batches = harness.node.room(live).batches
        self.live = live
        self.told: list[tuple[str, Ack | RefusedError]] = []

    def say(
        self, name: str, text: str = "hi", user: str = "u", role: Role = "viewer", **fields: Any
    ) -> None:
        def answer(told: Ack | RefusedError) -> None:
            self.told.append((name, told))

        utterance = Utterance(user, "N", self.live.now(), text, role=role)
        self.batches.put(CommentIn(name, utterance, **{"answer": answer, **fields}))

    def cast(self, name: str, poll: Any, user: str = "u", **fields: Any) -> None:
        def answer(told: Ack | RefusedError) -> None:
            self.told.append((name, told))

        self.batches.put(
            VoteIn(user, name, (0,), "instead" not in fields, poll=poll, answer=answer, **fields)
        )

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.told]

    def codes(self) -> list[str]:
        return [told.status if isinstance(told, Ack) else told.code.value for _, told in self.told]


async def line_on(harness: Harness) -> Line:
    room = await harness.by_hand()
    return Line(harness, room.live)


async def test_what_comes_within_a_moment_goes_to_the_store_at_once(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    sizes: list[int] = []
    append = on_still_harness.store.ingest.append

    async def counting(room: str, items: Any, *rest: Any) -> Any:
        sizes.append(len(items))
        return await append(room, items, *rest)

    monkeypatch.setattr(on_still_harness.store.ingest, "append", counting)
    for number in range(300):
        line.say(str(number), user=f"u{number}")
    await line.batches.flushed()
    assert sizes == [256, 44]
    assert line.names == [str(number) for number in range(300)]
    assert set(line.codes()) == {"accepted"}


async def test_one_viewers_messages_take_effect_in_the_order_sent(
    on_still_harness: Harness,
) -> None:
    line = await line_on(on_still_harness)
    poll, other = [await poll_of(on_still_harness, line, name) for name in ("p", "q")]
    line.say("1")
    line.cast("2", poll)
    line.cast("x", poll, user="other")
    line.say("3")
    line.cast("4", other)
    await line.batches.flushed()
    own = [name for name in line.names if name != "x"]
    assert own == ["1", "2", "3", "4"]
    assert line.names.index("x") < line.names.index("2")


async def poll_of(harness: Harness, line: Line, name: str) -> Any:
    """A poll that takes votes."""
    from grandstand.domain.polls.record import PollRecord

    now = line.live.now()
    poll = PollRecord(
        id=name,
        kind="single",
        question="?",
        options=["A", "B"],
        opens_at=now,
        closes_at=now + 60_000,
        grace=0,
    )
    await harness.store.votes.open(line.live.room, poll)
    return poll


async def test_a_batch_takes_as_many_votes_as_it_may_and_comments_as_a_model_can_score(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    poll = await poll_of(on_still_harness, line, "p")
    sizes: list[tuple[int, int]] = []
    process = line.batches._process

    async def counted(batch: list[Any]) -> None:
        comments = sum(isinstance(message, CommentIn) for message in batch)
        sizes.append((comments, len(batch) - comments))
        await process(batch)

    monkeypatch.setattr(line.batches, "_process", counted)
    for number in range(300):
        line.say(f"c{number}", user=f"u{number}")
    for number in range(400):
        line.cast(f"v{number}", poll, user=f"w{number}")
    await line.batches.flushed()
    assert sizes == [(256, 212), (44, 188)]
    assert len(set(line.names)) == len(line.names) == 700


async def test_a_message_that_has_no_effect_any_more_only_asks_and_is_not_judged(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    muted = RefusedError(ErrorCode.MUTED, "muted", 1.0)
    poll = await poll_of(on_still_harness, line, "p")
    line.say("1", "first")
    line.cast("v", poll)
    await line.batches.flushed()
    judged: list[str] = []
    judge = on_still_harness.node.moderator.judge

    async def watching(texts: Any, policy: Any) -> Any:
        judged.extend(texts)
        return await judge(texts, policy)

    monkeypatch.setattr(on_still_harness.node.moderator, "judge", watching)
    line.say("1", "first", instead=muted)
    line.say("2", "second", instead=muted)
    line.say("3", "third")
    line.cast("v", poll, instead=muted)
    line.cast("w", poll, instead=muted, user="late")
    line.cast("y", poll, instead=muted)
    await line.batches.flushed()
    told = dict(line.told)
    assert isinstance(told["1"], Ack)
    assert isinstance(told["3"], Ack)
    assert isinstance(told["v"], Ack)
    assert told["2"] is told["w"] is told["y"] is muted
    assert judged == ["third"]


async def test_a_full_line_answers_overloaded_at_once(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LINE_MAX", 3)
    line = await line_on(on_still_harness)
    for number in range(4):
        line.say(str(number), user=f"u{number}")
    assert line.codes() == ["overloaded"]
    refused = line.told[0][1]
    assert isinstance(refused, RefusedError)
    assert refused.retry_after is not None
    assert 1 <= refused.retry_after <= 3
    await line.batches.flushed()
    assert line.codes()[1:] == ["accepted"] * 3


async def test_while_the_store_is_away_a_batch_is_sent_again_and_counts_once(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    append = on_still_harness.store.ingest.append
    failures = 2

    async def flaky(*arguments: Any) -> Any:
        nonlocal failures
        answers = await append(*arguments)
        if failures:
            failures -= 1
            raise StoreUnavailable("the connection broke after it was executed")
        return answers

    monkeypatch.setattr(on_still_harness.store.ingest, "append", flaky)
    line.say("1")
    await line.batches.flushed()
    assert line.codes() == ["accepted"]
    entries = await on_still_harness.store.ingest.read(line.live.room, "0-0", 10)
    assert len(entries) == 1


async def test_a_store_that_stays_away_is_told_to_the_batch_and_to_those_behind_it(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    line = await line_on(on_still_harness)

    async def away(*arguments: Any) -> Any:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(on_still_harness.store.ingest, "append", away)
        for number in range(300):
            line.say(str(number), user=f"u{number}")
        await line.batches.flushed()
    assert line.codes() == ["unavailable"] * 300
    line.say("again")
    await line.batches.flushed()
    assert line.codes()[300:] == ["accepted"]


@pytest.mark.parametrize("fault", [ZeroDivisionError, asyncio.CancelledError])
async def test_a_fault_of_ours_is_unavailable_to_its_batch_and_stops_nothing(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    line = await line_on(on_still_harness)

    async def broken(*arguments: Any) -> Any:
        raise fault

    poll = await poll_of(on_still_harness, line, "p")
    with monkeypatch.context() as patch:
        patch.setattr(on_still_harness.node.moderator, "judge", broken)
        line.say("1")
        line.cast("2", poll, user="other")
        await line.batches.flushed()
    line.say("3")
    await line.batches.flushed()
    assert dict(zip(line.names, line.codes(), strict=True)) == {
        "1": "unavailable",
        "2": "accepted",
        "3": "accepted",
    }


async def test_a_sender_that_fails_keeps_nobody_else_from_an_answer(
    on_still_harness: Harness,
) -> None:
    line = await line_on(on_still_harness)

    def failing(told: object) -> None:
        raise RuntimeError("its connection is broken")

    line.say("1", answer=failing)
    line.say("2", user="other")
    await line.batches.flushed()
    assert line.names == ["2"]


async def test_flushed_waits_for_what_comes_meanwhile(on_still_harness: Harness) -> None:
    line = await line_on(on_still_harness)
    line.say("1")
    flushing = asyncio.create_task(line.batches.flushed())
    await asyncio.sleep(0)
    line.say("2", user="other")
    await flushing
    assert line.names == ["1", "2"]


async def test_each_batch_is_reported_as_it_leaves_and_arrives(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    told = list[tuple[str, int]]()

    class Watched(BatchTiming):
        def wait_ms(self, tick_ms: int, now_ms: float) -> float:
            told.append(("waits", tick_ms))
            return super().wait_ms(tick_ms, now_ms)

        def left(self, messages: int, now_ms: float) -> None:
            told.append(("left", messages))
            super().left(messages, now_ms)

        def arrived(self, now_ms: float) -> None:
            told.append(("arrived", 0))
            super().arrived(now_ms)

    monkeypatch.setattr(line.batches, "_departures", Watched(line.live.room))
    tick_ms = line.live.replica.state.settings.tick
    for count in (FEW, 1):
        for number in range(count):
            line.say(uuid4().hex, user=f"u{number}")
        await line.batches.flushed()
    expected = [[("waits", tick_ms), ("left", count), ("arrived", 0)] for count in (FEW, 1)]
    assert told == [*expected[0], *expected[1]]


async def test_a_viewer_has_a_few_places_among_the_held_and_others_have_theirs(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    held = Judgement("hold", None, "", 1.0, 0.0, 0.0, 1, None, "")

    async def judge(*arguments: Any, **fields: Any) -> list[Judgement]:
        return [held] * len(arguments[0])

    monkeypatch.setattr(line.batches._moderator, "judge", judge)
    monkeypatch.setattr(type(line.live.replica), "held_of", lambda self, user: 3 * (user == "u"))
    for number in range(4):
        line.say(f"u{number}")
    line.say("v0", user="v")
    await line.batches.flushed()
    told = dict(zip(line.names, line.codes(), strict=True))
    assert told == {
        "u0": "held",
        "u1": "held",
        "u2": "rate_limited",
        "u3": "rate_limited",
        "v0": "held",
    }
    refused = dict(line.told)["u3"]
    assert isinstance(refused, RefusedError)
    assert refused.retry_after == module.HELD_RETRY_S
    line.say("u0")  # sent again, it has the answer that it had
    await line.batches.flushed()
    assert line.codes()[-1] == "held"


async def test_a_guest_whose_comments_are_all_held_has_no_more_places_than_others(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    taken = module.HELD_PER_VIEWER - 1
    monkeypatch.setattr(type(line.live.replica), "held_of", lambda self, user: taken)
    line.say("1", hold=True)
    line.say("2", hold=True)
    await line.batches.flushed()
    assert line.codes() == ["held", "rate_limited"]


async def share_named(line: Line, harness: Harness, share: float) -> None:
    """The room's sequencer has named a share."""
    hand = ByHand(harness, line.live, (await harness.store.timeline.load(line.live.room)).head)
    await hand.store(structs.replace(hand.next(), share=share))
    await until(lambda: line.live.share == share)


def weighs_by_text(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment's text is its weight; one of 0 is rejected."""

    async def judge(texts: Any, policy: Policy) -> list[Judgement]:
        return [
            Judgement("show" if float(text) else "reject", None, "", float(text), 0, 0, 1, None, "")
            for text in texts
        ]

    monkeypatch.setattr(line.batches._moderator, "judge", judge)


async def test_what_is_more_than_the_room_can_take_is_refused_by_weight_and_not_remembered(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    weighs_by_text(line, monkeypatch)
    await share_named(line, on_still_harness, 0.25)
    for number in range(100):
        line.say(str(number), text=str(1 + number % 4), user=f"u{number}")
    line.say("rejected", text="0", user="v")
    await line.batches.flushed()
    told = dict(line.told)
    assert [name for name in told if isinstance(told[name], Ack)] == [
        str(number) for number in range(100) if number % 4 == 3
    ]
    refused = [each for each in told.values() if isinstance(each, RefusedError)]
    assert refused.pop().code is ErrorCode.REJECTED
    assert {each.code for each in refused} == {ErrorCode.OVERLOADED}
    assert all((each.retry_after or 0) >= 10 for each in refused)
    assert line.batches.refused == len(refused) == 75
    assert len(await on_still_harness.store.ingest.read(line.live.room, "0-0", 200)) == 25
    await share_named(line, on_still_harness, 1.0)
    line.say("0", text="1", user="u0")
    await line.batches.flushed()
    assert line.codes()[-1] == "accepted"


async def test_one_that_was_stored_before_gets_its_answer_however_little_can_be_taken(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    weighs_by_text(line, monkeypatch)
    for name, text in (("kept", "1"), ("rejected", "0")):
        line.say(name, text=text)
    await line.batches.flushed()
    before = dict(line.told)
    await share_named(line, on_still_harness, 0.001)
    for name, text in (("kept", "1"), ("rejected", "0"), ("new", "9")):
        line.say(name, text=text)
    await line.batches.flushed()
    after = dict(line.told)
    assert after["kept"] == before["kept"]
    assert [str(each["rejected"]) for each in (before, after)] == [
        "rejected: not shown: moderation"
    ] * 2
    assert isinstance(after["new"], RefusedError)
    assert line.batches.refused == 1


async def test_a_refusal_is_put_before_a_moderator_once(on_still_harness: Harness) -> None:
    line = await line_on(on_still_harness)
    line.say("rude", text="kill yourself", user="u")
    await line.batches.flushed()
    refused = dict(line.told)["rude"]
    assert isinstance(refused, RejectedError)
    assert (refused.category, bool(refused.rule), refused.model) == ("threat", True, "")
    told: list[Ack | RefusedError] = []
    for name in ("first", "again"):
        line.batches.appeal(Appeal(name, "rude", "it was\u202e a quote"), "u", told.append)
        await line.batches.flushed()
    first, again = told
    assert isinstance(first, Ack)
    assert isinstance(again, Ack)
    assert (first.id, first.status, again.id) == ("first", "held", "again")
    assert first.comment == again.comment
    events = [
        item_of(entry.payload, CommentEvent)
        for entry in await on_still_harness.store.ingest.read(line.live.room, "0-0", 10)
    ]
    (held,) = [each.held_comment("x") for each in events if each is not None]
    assert (held.text, held.categories, held.appeal) == (
        "kill yourself",
        ["threat"],
        "it was a quote",
    )


async def test_who_was_not_refused_has_no_appeal(on_still_harness: Harness) -> None:
    line = await line_on(on_still_harness)
    line.say("rude", text="kill yourself", user="u")
    line.say("kind", text="hello", user="u")
    await line.batches.flushed()
    for user, message in (("v", "rude"), ("u", "kind"), ("u", "none")):
        with pytest.raises(RefusedError, match="was refused here"):
            line.batches.appeal(Appeal("1", message), user, lambda told: None)


async def test_neither_staff_nor_votes_are_thinned_nor_what_has_another_answer(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await line_on(on_still_harness)
    poll = await poll_of(on_still_harness, line, "p")
    weighs_by_text(line, monkeypatch)
    await share_named(line, on_still_harness, 0.001)
    muted = RefusedError(ErrorCode.MUTED, "muted", 1.0)
    line.say("m", text="1", user="m", role="moderator")
    line.say("x", text="9", user="x", instead=muted)
    line.cast("v", poll, user="v")
    line.say("c", text="9", user="c")
    await line.batches.flushed()
    codes = dict(zip(line.names, line.codes(), strict=True))
    assert codes == {"m": "accepted", "x": "muted", "v": "accepted", "c": "overloaded"}


async def test_a_room_that_is_told_too_much_takes_nothing_from_another(
    on_still_harness: Harness,
) -> None:
    flooded, other = await line_on(on_still_harness), await line_on(on_still_harness)
    await share_named(flooded, on_still_harness, 0.001)
    for line in (flooded, other):
        for number in range(20):
            line.say(str(number), user=f"u{number}")
    await asyncio.gather(flooded.batches.flushed(), other.batches.flushed())
    assert set(flooded.codes()) == {"overloaded"}
    assert set(other.codes()) == {"accepted"}
    assert (flooded.batches.refused, other.batches.refused) == (20, 0)
