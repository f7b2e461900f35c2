from __future__ import annotations

from typing import Any

import pytest
from grandstand.domain.envelope import Commit
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.domain.record import Row
from grandstand.domain.state import PrivateChanges, RoomState
from grandstand.store import deletions, keys
from grandstand.store.deletions import MARK_KEPT_S, REST_MS
from grandstand.store.errors import RoomEndedError, StoreUnavailable
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store
from grandstand.store.timeline import Changes
from grandstand.wire.highlights import Highlight

from tests.proxy import CuttingProxy
from tests.store.servers import all_keys


async def furnished(store: Store, room: str, comments: int = 40, polls: int = 3) -> None:
    """A room with something under every key that a room may have."""
    await store.rooms.create(room, "made")
    snapshot = await store.timeline.load(room)
    rate = CommentRate(60_000, 3)
    items = [Item(f"u{n}", "m", "c", b"hello") for n in range(3)]
    await store.ingest.append(room, items, rate, store.now_ms())
    records = []
    for number in range(polls):
        poll = PollRecord(
            id=f"p{number}",
            kind="single",
            question="?",
            options=["a", "b"],
            opens_at=0,
            closes_at=1,
            grace=0,
        )
        records.append(poll)
        await store.votes.open(room, poll)
        ballots = [Ballot(f"v{n}", "m", (0,), True) for n in range(20)]
        await store.votes.cast(room, poll, ballots)
    rows = [Row(f"b{n:02}", n, f"u{n % 3}", "U", "hello", 1.0, True) for n in range(comments)]
    head, state = snapshot.head, RoomState()
    commit = Commit(head.epoch, 1, 1, 1, [b""], PrivateChanges(entities={"athlete:1": b"row"}))
    changes = Changes(frozenset({"recent", "sanctions"}), rows, records, [], [], ["b00"])
    await store.timeline.commit(room, head, None, commit, state, changes)
    found = Highlight(4.0, ["goal"], ["b01"], 1, 2, 3, id="highlight-1")
    await store.highlights.keep(room, 0, b"memory", {0: 1.0}, [found], 0)
    await store.rooms.present("node", {room: 1}, store.now_ms())
    await store.leases.hold([room])


async def left(store: Store, room: str) -> set[str]:
    return {name for name in await all_keys(store) if f"{{{room}}}" in name or f"{{{room}:" in name}


async def swept(store: Store, room: str) -> int:
    """Sweeps to the end; in how many pieces."""
    pieces = 1
    while not await store.deletions.sweep(room, store.now_ms()):
        pieces += 1
    return pieces


async def test_all_that_a_room_had_goes_and_a_mark_is_left_for_a_day(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "ROWS", 7)
    monkeypatch.setattr(deletions, "POLLS", 1)
    await furnished(store, "r")
    await furnished(store, "other")
    before = await left(store, "other")
    assert len(await left(store, "r")) > 50
    assert await store.deletions.end("r") is True
    assert await swept(store, "r") >= 6
    assert await left(store, "r") == {keys.head("r")}
    redis: Any = store.topology.client(keys.head("r"))
    assert 0 < await redis.ttl(keys.head("r")) <= MARK_KEPT_S
    assert await store.rooms.ids() == ["other"]
    assert await left(store, "other") == before
    assert await store.deletions.end("r") is False
    assert await store.deletions.sweep("r", store.now_ms())
    with pytest.raises(RoomEndedError):
        await store.timeline.load("r")


async def test_what_cannot_be_read_is_swept_too(store: Store) -> None:
    await furnished(store, "r", polls=1)
    redis: Any = store.topology.client(keys.head("r"))
    await redis.hset(keys.polls("r"), "p0", b"\xc1")
    await redis.zadd(keys.record("r"), {b"\xc1": 3})
    await store.deletions.end("r")
    await swept(store, "r")
    assert await left(store, "r") == {keys.head("r")}


@pytest.mark.parametrize("command", ["UNLINK", "HDEL", "ZREMRANGEBYRANK", "SREM", "EVALSHA"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_sweep_that_was_broken_off_goes_on(
    store: Store,
    proxy: CuttingProxy,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    when: str,
) -> None:
    monkeypatch.setattr(deletions, "ROWS", 7)
    await furnished(store, "r")
    await store.deletions.end("r")
    (proxy.cut_before if when == "before" else proxy.cut_after)(command)
    with pytest.raises(StoreUnavailable):
        await swept(store, "r")
    await swept(store, "r")
    assert await left(store, "r") == {keys.head("r")}
    assert await store.rooms.ids() == []


async def test_a_room_is_left_alone_until_every_process_knows_of_its_end(store: Store) -> None:
    await store.rooms.create("r", "made")
    await store.deletions.end("r")
    now_ms = await store.rooms.clock_ms()
    rest_ms = await store.deletions.rest_ms("r", now_ms)
    assert rest_ms is not None
    assert 0 < rest_ms <= REST_MS
    assert await store.deletions.rest_ms("r", now_ms + REST_MS + 1) == 0


async def test_a_room_that_lives_is_not_swept(store: Store) -> None:
    await furnished(store, "r")
    before = await left(store, "r")
    assert await store.deletions.sweep("r", store.now_ms())
    assert await store.deletions.end("nowhere") is None
    assert await left(store, "r") == before
    assert await store.rooms.ids() == ["r"]


async def test_the_name_is_free_again_once_the_room_is_swept_and_nothing_old_answers(
    store: Store,
) -> None:
    await furnished(store, "r")
    old = await store.timeline.load("r")
    await store.deletions.end("r")
    with pytest.raises(StoreUnavailable):
        await store.rooms.create("r", "anew")
    await swept(store, "r")
    assert await store.rooms.create("r", "anew")
    new = await store.timeline.load("r")
    assert new.head.epoch != old.head.epoch
    assert new.head.salt != old.head.salt
    again = Item("u1", "m", "c", b"the same viewer with the same id")
    (answer,) = await store.ingest.append("r", [again], CommentRate(0, 1), store.now_ms())
    assert answer.result == "accepted"
    assert answer.comment > "b99"  # beyond every id of before
    assert await store.record.size("r") == 0
    assert await store.rooms.polls("r") == []
    # One who still sweeps the old room leaves the new one alone.
    before = await left(store, "r")
    await store.deletions.sweep("r", store.now_ms())
    assert await left(store, "r") == before
    assert await store.rooms.ids() == ["r"]
