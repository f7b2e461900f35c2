from __future__ import annotations

from typing import Any

import pytest
from grandstand.store import ingest, keys
from grandstand.store.errors import RoomEndedError, RoomGoneError, StoreUnavailable
from grandstand.store.ingest import PERIOD_MS, Appended, CommentRate, Item, append_call
from grandstand.store.store import Store

from tests.proxy import CuttingProxy
from tests.store.servers import all_keys, forget_everything

FREE = CommentRate(0, 1)
HOUR = 3_600_000


@pytest.fixture(autouse=True)
async def made(store: Store) -> None:
    await store.rooms.create("r", "made")


def comment(name: str, user: str = "ada") -> Item:
    return Item(user, name, "c", f"{user} says {name}".encode())


async def append(store: Store, *items: Item, rate: CommentRate = FREE) -> list[Appended]:
    return await store.ingest.append("r", items, rate, store.now_ms())


async def test_what_is_appended_is_read_in_its_order(store: Store) -> None:
    answers = await append(store, comment("1"), Item("", "2", "x", b"\xff\x00"), comment("3"))
    assert answers == [Appended("accepted", "a1"), Appended("accepted"), Appended("accepted", "a2")]
    entries = await store.ingest.read("r", "0-0", 2)
    assert [(each.comment, each.payload) for each in entries] == [
        ("a1", b"ada says 1"),
        ("", b"\xff\x00"),
    ]
    (last,) = await store.ingest.read("r", entries[-1].cursor, 10)
    assert last.payload == b"ada says 3"
    assert await store.ingest.read("r", last.cursor, 10) == []


@pytest.mark.parametrize("kind", ["c", "h", "r", "x"])
async def test_a_message_gets_the_same_answer_again_and_has_one_effect(
    store: Store, kind: ingest.Kind
) -> None:
    first = Item("ada", "1", kind, b"spam")
    other = Item("ada", "1", "c", b"another text")
    answers = await append(store, first, other)
    assert answers[0] == answers[1]
    assert await append(store, other, first) == answers
    assert len(await store.ingest.read("r", "0-0", 10)) == (kind != "r")


async def test_ids_are_of_one_viewer_each(store: Store) -> None:
    answers = await append(store, comment("1", "ada"), comment("1", "bo"), comment("da1", "a"))
    assert [each.comment for each in answers] == ["a1", "a2", "a3"]


async def test_a_question_has_no_effect_and_is_not_remembered(store: Store) -> None:
    question = Item("ada", "1", "q", b"")
    once = CommentRate(HOUR, 1)
    assert await append(store, question, question, rate=once) == [Appended("unknown")] * 2
    assert (
        await append(store, comment("1"), question, rate=once) == [Appended("accepted", "a1")] * 2
    )
    assert len(await store.ingest.read("r", "0-0", 10)) == 1


async def test_a_rejection_is_remembered_with_its_reason_and_takes_of_the_rate(
    store: Store,
) -> None:
    rejected = Item("ada", "1", "r", "spam: böse".encode())
    once = CommentRate(HOUR, 1)
    assert await append(store, rejected, rate=once) == [Appended("rejected", reason="spam: böse")]
    (limited,) = await append(store, comment("2"), rate=once)
    assert limited.result == "limited"


async def test_a_viewer_is_limited_over_batches_and_others_are_not(store: Store) -> None:
    rate = CommentRate(HOUR, 2)
    answers = await append(store, *(comment(str(n)) for n in range(3)), rate=rate)
    assert [each.result for each in answers] == ["accepted", "accepted", "limited"]
    assert HOUR - 60_000 < answers[2].wait_ms <= HOUR
    assert (await append(store, comment("2"), rate=rate))[0].result == "limited"
    assert (await append(store, comment("2", "bo"), rate=rate))[0].result == "accepted"
    assert (await append(store, comment("2"), rate=FREE))[0].result == "accepted"


async def test_control_is_never_limited_nor_overloaded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BACKLOG_CAP", 1)
    controls = [Item("", str(n), "x", b"") for n in range(5)]
    answers = await append(store, *controls, rate=CommentRate(HOUR, 1))
    assert answers == [Appended("accepted")] * 5


async def test_beyond_the_backlog_comments_are_refused_and_not_remembered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BACKLOG_CAP", 2)
    batch = [comment("1"), comment("2"), comment("3")]
    answers = await append(store, *batch, Item("ada", "4", "r", b"spam"))
    assert [each.result for each in answers] == ["accepted", "accepted", "overloaded", "rejected"]
    monkeypatch.setattr(ingest, "BACKLOG_CAP", 3)
    assert await append(store, *batch) == [*answers[:2], Appended("accepted", "a3")]


async def test_the_moderators_shelf_is_bounded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "HELD_CAP", 2)
    await store.rooms._reader.ask("HSET", keys.held("r"), "a0", "")
    held = [Item("ada", str(n), "h", b"") for n in range(2)]
    answers = await append(store, *held, comment("9"))
    assert [each.result for each in answers] == ["held", "overloaded", "accepted"]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_batch_that_was_cut_off_and_sent_again_has_one_effect(
    store: Store, proxy: CuttingProxy, moment: str
) -> None:
    await append(store, comment("0", "bo"))
    batch = [comment("1"), comment("2"), comment("1")]
    if moment == "before":
        proxy.cut_before("EVALSHA")
    else:
        proxy.cut_after("EVALSHA")
    with pytest.raises(StoreUnavailable):
        await append(store, *batch)
    answers = await append(store, *batch)
    assert [each.comment for each in answers] == ["a2", "a3", "a2"]
    assert len(await store.ingest.read("r", "0-0", 10)) == 3


@pytest.mark.parametrize("ahead", [-1, 0, 1])
async def test_an_id_of_the_period_before_is_known_also_to_a_caller_whose_clock_is_off(
    store: Store, ahead: int
) -> None:
    (answer,) = await append(store, comment("1"))
    ask = store.rooms._reader.ask
    current = int(await store.rooms.clock_ms()) // PERIOD_MS
    (written,) = await ask("KEYS", keys.ids("r", 0)[:-1] + "*")
    assert written == keys.ids("r", current).encode()
    assert PERIOD_MS < await ask("PTTL", written) <= 2 * PERIOD_MS
    await ask("RENAME", written, keys.ids("r", current - 1))
    told_ms = store.now_ms() + ahead * PERIOD_MS
    assert await store.ingest.append("r", [comment("1")], FREE, told_ms) == [answer]
    await ask("RENAME", keys.ids("r", current - 1), keys.ids("r", current - 2))
    (forgotten,) = await store.ingest.append("r", [comment("1")], FREE, told_ms)
    assert forgotten == Appended("accepted", "a2")


@pytest.mark.parametrize("ahead", [-2, 2])
async def test_a_caller_whose_clock_is_far_off_changes_nothing(store: Store, ahead: int) -> None:
    with pytest.raises(StoreUnavailable, match="CLOCK"):
        await store.ingest.append("r", [comment("1")], FREE, store.now_ms() + ahead * PERIOD_MS)
    assert await store.ingest.read("r", "0-0", 10) == []


def test_all_keys_of_a_batch_lie_in_one_slot() -> None:
    _, touched, _ = append_call("r", [comment("1"), comment("2")], FREE, 0)
    assert all(str(key).startswith("gs:{r}:") for key in touched)
    assert touched[-2:] == [keys.rate("r", "ada")] * 2


async def test_nothing_is_taken_for_a_room_that_the_store_has_lost(store: Store) -> None:
    await append(store, comment("1"))
    await forget_everything(store)
    for item in (comment("1"), comment("2"), Item("ada", "1", "q", b""), Item("", "3", "x", b"")):
        with pytest.raises(RoomGoneError):
            await append(store, item)
    assert await all_keys(store) == set()


async def test_nothing_is_taken_for_a_room_that_was_deleted(store: Store) -> None:
    await append(store, comment("1"))
    await store.deletions.end("r")
    for item in (comment("1"), comment("2"), Item("", "3", "x", b"")):
        with pytest.raises(RoomEndedError):
            await append(store, item)
    assert len(await store.ingest.read("r", "0-0", 10)) == 1


async def test_what_is_appended_lies_behind_the_cursor_whatever_became_of_stream_and_clock(
    store: Store,
) -> None:
    """A stream that was evicted forgets its last id, and the store's clock may be set back."""
    redis: Any = store.topology.client(keys.head("r"))
    cursor = f"{int(store.now_ms()) + HOUR}-5"
    await redis.hset(keys.head("r"), "cursor", cursor)
    answers = await append(store, comment("1"), comment("2"))
    answers += await append(store, comment("3"))
    entries = await store.ingest.read("r", cursor, 10)
    assert [each.comment for each in entries] == [each.comment for each in answers]
    assert await redis.xlen(keys.ingest("r")) == 3
