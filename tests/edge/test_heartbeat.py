from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any

import msgspec
import pytest
from grandstand.domain.state import PrivateChanges
from grandstand.edge import heartbeat as module
from grandstand.edge.heartbeat import Heartbeat
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.nodes import Capacity
from grandstand.tasks import cancel_all

from tests.edge.harness import Harness
from tests.edge.test_topics import entity
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND_S", 0.01)


async def test_the_store_is_told_how_many_viewers_are_here(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_still_harness.by_hand()
    outlets = [on_still_harness.seat(room.room) for _ in range(3)]
    present, told = on_still_harness.store.rooms.present, 0

    async def flaky(*arguments: object) -> None:
        nonlocal told
        told += 1
        if told == 1:
            raise StoreUnavailable("away")
        await present(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(on_still_harness.store.rooms, "present", flaky)
    task = asyncio.create_task(Heartbeat(on_still_harness.node).run())
    store = on_still_harness.store
    for count in (3, 2):

        async def counted(count: int = count) -> bool:
            return await store.rooms.viewers(room.room, store.now_ms()) == count

        await until(counted)
        session = outlets.pop().session
        assert session is not None
        session.lost()
    await cancel_all([task])


async def test_the_store_is_told_how_many_follow_an_entity_that_the_room_knows(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, store = await on_still_harness.by_hand(), on_still_harness.store
    seats = [on_still_harness.seat(room.room, follow=["a:1", "a:2", "unknown"]) for _ in range(2)]
    report, refused = store.followers.report, 0

    async def flaky(*arguments: object) -> object:
        nonlocal refused
        refused += 1
        if refused == 2:
            raise StoreUnavailable("away")
        return await report(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store.followers, "report", flaky)
    rows = entity("a:1", 1, speed=1) | entity("a:2", 1, speed=1)
    await room.commit("x", private=PrivateChanges(entities=rows))
    task = asyncio.create_task(Heartbeat(on_still_harness.node).run())
    key = keys.followers(room.room, store.node)

    async def told(*counts: int) -> bool:
        return await store.followers.of(room.room, ["a:1", "a:2", "unknown"]) == list(counts)

    await until(partial(told, 2, 2, 0))
    redis: Any = store.topology.client(key)
    await redis.delete(key)  # the store lost it
    await until(partial(told, 2, 2, 0))
    for outlet, left in zip(seats, (1, 0), strict=True):
        assert outlet.session is not None
        outlet.session.lost()
        await until(partial(told, left, left, 0))
    await cancel_all([task])


async def test_the_store_is_told_that_nobody_follows_however_much_there_is_to_tell(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RECOUNTED", 1)
    monkeypatch.setattr("grandstand.store.followers.LIFE_S", 3600)  # it must be told
    room, store = await on_still_harness.by_hand(), on_still_harness.store
    names = ["a:1", "a:2", "a:3"]
    outlet = on_still_harness.seat(room.room, follow=names)
    rows = entity("a:1", 1, speed=1) | entity("a:2", 1, speed=1) | entity("a:3", 1, speed=1)
    await room.commit("x", private=PrivateChanges(entities=rows))
    task = asyncio.create_task(Heartbeat(on_still_harness.node).run())

    async def told(*counts: int) -> bool:
        return await store.followers.of(room.room, names) == list(counts)

    await until(partial(told, 1, 1, 1))
    on_still_harness.seat(room.room)  # of a node without viewers nobody asks for counts
    assert outlet.session is not None
    outlet.session.lost()
    await until(partial(told, 0, 0, 0))
    await cancel_all([task])


async def test_the_store_is_told_that_this_node_lets_viewers_in_until_it_stops(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    node, store = on_still_harness.node, on_still_harness.store
    room = await on_still_harness.by_hand()
    sessions = [on_still_harness.seat(room.room).session for _ in range(2)]
    task = asyncio.create_task(Heartbeat(node).run())

    async def counted(viewers: int) -> bool:
        return await store.rooms.viewers(room.room, store.now_ms()) == viewers

    await until(lambda: counted(2))
    assert await store.nodes.capacity(store.now_ms()) == Capacity(node.handshake_limit.per_s, 0)
    monkeypatch.setattr(node, "draining", True)
    for left, session in ((1, sessions[0]), (0, sessions[1])):
        assert session is not None
        session.lost()
        await until(partial(counted, left))  # in a later round
        if left:
            await store.nodes.report(store.node, 1, store.now_ms(), is_leaving=True)
    assert await store.nodes.capacity(store.now_ms()) == Capacity(0, 1)
    await cancel_all([task])


@pytest.mark.parametrize("away", ["nodes.report", "rooms.present", "audience_reports.write"])
async def test_what_lies_on_one_server_that_is_away_keeps_nothing_else_untold(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    store = on_still_harness.store
    room = await on_still_harness.by_hand()
    on_still_harness.seat(room.room)
    part, name = away.split(".")

    async def refuse(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(getattr(store, part), name, refuse)
    task = asyncio.create_task(Heartbeat(on_still_harness.node).run())

    async def told() -> set[str]:
        now_ms = store.now_ms()
        found = {"nodes.report"} if (await store.nodes.capacity(now_ms)).stay_per_s else set()
        found |= {"rooms.present"} if await store.rooms.viewers(room.room, now_ms) else set()
        reports = await store.audience_reports.of(room.room, now_ms)
        return found | ({"audience_reports.write"} if reports else set())

    parts = {"nodes.report", "rooms.present", "audience_reports.write"} - {away}

    async def are_told() -> bool:
        return await told() >= parts

    await until(are_told)
    await cancel_all([task])


async def test_the_store_is_told_where_the_viewers_are(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room)
    assert outlet.session is not None
    told = {"type": "time", "id": "1", "sent": 1, "at": room.live.now() - 7_000, "sync": 30}
    outlet.session.received(msgspec.msgpack.encode(told), False)
    task = asyncio.create_task(Heartbeat(on_still_harness.node).run())
    store = on_still_harness.store

    async def reported(behind: int) -> bool:
        reports = await store.audience_reports.of(room.room, store.now_ms())
        return [sum(each.behind.values()) for each in reports.values()] == [behind]

    await until(lambda: reported(1))
    outlet.session.lost()
    await until(lambda: reported(0))
    await cancel_all([task])


async def test_the_store_is_told_how_many_comments_were_refused(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    on_still_harness.seat(room.room)
    on_still_harness.node.room(room.live).batches.refused = 3
    task = asyncio.create_task(Heartbeat(on_still_harness.node).run())
    store = on_still_harness.store

    async def reported() -> bool:
        reports = await store.audience_reports.of(room.room, store.now_ms())
        return [each.refused for each in reports.values()] == [3]

    await until(reported)
    await cancel_all([task])


async def test_the_store_is_told_of_lurkers_with_and_without_sockets_beside_them(
    on_still_harness: Harness,
) -> None:
    mixed, lurked = await on_still_harness.by_hand(), await on_still_harness.by_hand()
    on_still_harness.seat(mixed.room)
    node, store = on_still_harness.node, on_still_harness.store
    for room in (mixed.room, lurked.room, "deleted"):
        assert node.lurkers.report(room, room, time.monotonic() * 1000) == 0
    task = asyncio.create_task(Heartbeat(node).run())

    async def reported(room: str) -> list[int]:
        reports = await store.audience_reports.of(room, store.now_ms())
        return [each.present for each in reports.values()]

    for room in (mixed.room, lurked.room):

        async def is_there(room: str = room) -> bool:
            return await reported(room) == [1]

        await until(is_there)
    assert await reported("deleted") == []
    await cancel_all([task])


async def test_a_store_that_hangs_silences_no_room(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_still_harness.by_hand()
    outlet = on_still_harness.seat(room.room)

    async def hanging(*arguments: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(on_still_harness.store.rooms, "present", hanging)
    monkeypatch.setattr("grandstand.edge.room.QUIET_S", 0.02)
    task = asyncio.create_task(Heartbeat(on_still_harness.node).run())
    await until(lambda: len(outlet.of("frame")) >= 3)
    assert all("head" in frame for frame in outlet.of("frame"))
    await cancel_all([task])
