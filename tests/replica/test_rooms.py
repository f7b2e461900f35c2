from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain import envelope
from grandstand.domain.envelope import Commit
from grandstand.replica import room as replica_room
from grandstand.replica import rooms as module
from grandstand.replica.room import LiveRoom
from grandstand.replica.rooms import LiveRooms
from grandstand.store import keys
from grandstand.store.errors import RoomEndedError, StoreUnavailable, UnknownRoomError
from grandstand.store.store import Store, open_store
from grandstand.tasks import cancel_all

from tests.edge.harness import Harness, harness
from tests.valkey_cluster import ValkeyCluster
from tests.waiting import until

Meanwhile: TypeAlias = Callable[[Callable[[], Awaitable[object]], str], Awaitable[LiveRoom]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("replica"), sequenced=False) as made:
        yield made


async def made(node: Harness) -> str:
    room = f"r{uuid4().hex[:8]}"
    await node.store.rooms.create(room, uuid4().hex)
    return room


async def test_a_room_is_loaded_once_however_many_ask(
    node: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, loads = await made(node), 0
    load = node.store.timeline.load

    async def counting(room: str) -> Any:
        nonlocal loads
        loads += 1
        return await load(room)

    monkeypatch.setattr(node.store.timeline, "load", counting)
    assert node.rooms.peek(room) is None
    lives = await asyncio.gather(*(node.rooms.get(room) for _ in range(5)))
    assert all(live is node.rooms.peek(room) for live in lives)
    assert await node.rooms.get(room) is lives[0]
    assert node.rooms.peek(lives[0].room) is lives[0]
    assert loads == 1


@pytest.fixture
def meanwhile(node: Harness, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has something happen to a room after its state was read and before it is followed."""

    async def load(happen: Callable[[], Awaitable[object]], room: str) -> LiveRoom:
        async def slow(store: Store, room: str) -> Any:
            found = await replica_room.load(store, room)
            waiting = node.rooms._early[room]
            await happen()
            await until(lambda: waiting)
            return found

        node.rooms._rooms.pop(room)
        with monkeypatch.context() as patch:
            patch.setattr(module, "load", slow)
            return await node.rooms.get(room)

    return load


async def test_what_comes_while_a_room_is_loaded_is_not_lost(
    node: Harness, monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile
) -> None:
    hand = await node.by_hand()
    async with compares_when_told(node, monkeypatch):
        live = await meanwhile(lambda: hand.store(hand.next()), hand.room)
        assert live.replica.seq == hand.head.seq == 1
    assert not node.rooms._early


async def test_few_bytes_are_kept_of_a_room_that_is_being_loaded_and_the_rest_is_read(
    node: Harness, monkeypatch: pytest.MonkeyPatch, meanwhile: Meanwhile
) -> None:
    monkeypatch.setattr(module, "EARLY_BYTES", 5000)
    hand = await node.by_hand()

    async def happen() -> None:
        waiting = node.rooms._early[hand.room]
        for _ in range(3):
            await hand.store(hand.next(texts=["x" * 3000]))
        await until(lambda: waiting and seq_of(waiting[-1]) == 3)
        assert len(waiting) == 1

    async with compares_when_told(node, monkeypatch):
        live = await meanwhile(happen, hand.room)
        await until(lambda: live.replica.seq == 3)


def seq_of(payload: bytes) -> int:
    commit = envelope.decode(payload)
    assert isinstance(commit, Commit)
    return commit.seq


async def test_a_room_that_is_deleted_while_it_is_loaded_is_unknown(
    node: Harness, meanwhile: Meanwhile
) -> None:
    hand = await node.by_hand()
    with pytest.raises(UnknownRoomError):
        await meanwhile(lambda: node.store.deletions.end(hand.room), hand.room)
    assert node.rooms.peek(hand.room) is None


async def test_who_gives_up_waiting_takes_the_room_from_nobody(node: Harness) -> None:
    room = await made(node)
    first, second = (asyncio.create_task(node.rooms.get(room)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).room == room


async def test_an_unknown_room_is_asked_for_once_a_second(
    node: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, asked = f"r{uuid4().hex[:8]}", 0
    heads = node.store.timeline.heads

    async def counting(rooms: list[str]) -> Any:
        nonlocal asked
        asked += rooms == [room]
        return await heads(rooms)

    monkeypatch.setattr(node.store.timeline, "heads", counting)
    for _ in range(3):
        with pytest.raises(UnknownRoomError):
            await node.rooms.get(room)
    assert asked == 1
    await node.store.rooms.create(room, uuid4().hex)
    node.rooms.created(room)
    assert (await node.rooms.get(room)).room == room


async def test_nobody_listens_to_rooms_that_strangers_make_up(node: Harness) -> None:
    await made(node)

    async def channels() -> set[bytes]:
        redises: list[Any] = [each.redis for each in await node.store.topology.nodes()]
        found = [await redis.execute_command("PUBSUB", "SHARDCHANNELS") for redis in redises]
        return set().union(*found)

    before = await channels()
    for _ in range(20):
        with pytest.raises(UnknownRoomError):
            await node.rooms.get(f"r{uuid4().hex[:8]}")
    assert await channels() == before


@pytest.mark.parametrize("room", ["", "UPPER", "a{b}", "a:b", "x" * 65])
async def test_what_is_no_room_id_is_never_asked_for(
    node: Harness, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    monkeypatch.setattr(node.store.timeline, "load", None)
    with pytest.raises(UnknownRoomError):
        await node.rooms.get(room)
    assert room not in node.rooms._unknown


async def test_a_store_that_is_away_leaves_no_trace(
    node: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await made(node)

    async def away(*arguments: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(node.store.timeline, "load", away)
        with pytest.raises(StoreUnavailable):
            await node.rooms.get(room)
    assert node.rooms.peek(room) is None
    assert (await node.rooms.get(room)).room == room


async def test_what_the_bus_has_lost_is_found_by_comparing_heads(node: Harness) -> None:
    hand = await node.by_hand()
    node.rooms._bus.forget(hand.room)
    commit = await hand.store(hand.next())
    await until(lambda: hand.live.replica.seq == commit.seq)


@asynccontextmanager
async def compares_when_told(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """For the duration of the block nothing is compared unless the bus asks for it."""
    rooms = node.rooms
    with monkeypatch.context() as patch:
        patch.setattr(module, "COMPARE_S", 3600.0)
        rooms._compare_now.set()
        await until(lambda: not rooms._compare_now.is_set())
        yield
    rooms._compare_now.set()


async def test_commits_come_by_the_bus_before_heads_are_compared(
    node: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with compares_when_told(node, monkeypatch):
        hand = await node.by_hand()
        for _ in range(3):
            await hand.commit("x")
        assert hand.live.replica.seq == 3


async def test_what_cannot_be_read_on_the_bus_stops_nothing(node: Harness) -> None:
    hand = await node.by_hand()
    node.rooms._heard(hand.room, b"\xc1")
    node.rooms._heard("nobody-follows-it", b"\xc1")
    await hand.commit("x")


async def test_a_renewed_epoch_is_noticed_at_once(
    node: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with compares_when_told(node, monkeypatch):
        hand = await node.by_hand()
        await hand.commit("x")
        await node.store.timeline.renew_epoch(hand.room, hand.head, "run", 1, 1)
        old = hand.head.epoch
        await until(lambda: hand.live.replica.epoch != old)


async def test_a_store_that_knows_less_than_was_shown_begins_a_new_epoch(node: Harness) -> None:
    hand = await node.by_hand()
    for _ in range(3):
        await hand.commit("x")
    old = hand.live.replica.epoch
    redis: Any = node.store.topology.client(keys.head(hand.room))
    await redis.hset(keys.head(hand.room), mapping={"seq": "1", "offset": "1"})
    await until(lambda: hand.live.replica.epoch != old)
    replica = hand.live.replica
    assert (replica.seq, replica.offset) == (3, 3)
    assert replica.after(2) is None
    hand.head = (await node.store.timeline.load(hand.room)).head
    commit = await hand.commit("y")
    assert (commit.seq, commit.offset) == (4, 4)


@pytest.mark.parametrize("fault", [RoomEndedError, UnknownRoomError, ValueError])
async def test_a_room_that_cannot_be_compared_stops_no_comparison(
    node: Harness, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    hand = await node.by_hand()
    await hand.commit("x")
    failed = asyncio.Event()

    async def broken(room: str) -> Any:
        failed.set()
        raise fault(room)

    redis: Any = node.store.topology.client(keys.head(hand.room))
    with monkeypatch.context() as patch:
        patch.setattr(node.store.timeline, "load", broken)
        await redis.hset(keys.head(hand.room), mapping={"seq": "0", "offset": "0"})
        await failed.wait()
    old = hand.live.replica.epoch
    await until(lambda: hand.live.replica.epoch != old)


async def test_whether_the_store_answers_is_known(
    node: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*arguments: object) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(node.store.timeline, "heads", away)
        node.rooms._compare_now.set()
        await until(lambda: not node.rooms.store_is_up)
    node.rooms._compare_now.set()
    await until(lambda: node.rooms.store_is_up)


async def test_while_one_node_of_a_cluster_is_away_the_others_are_reached(
    cluster: ValkeyCluster,
) -> None:
    store = await open_store(cluster.url)
    rooms = LiveRooms(store)
    running = asyncio.create_task(rooms.run())
    try:
        for node in (cluster.replica_of(keys.AWAKE), cluster.primary_of(keys.AWAKE)):
            node.kill()  # so nobody takes over
        await until(lambda: not rooms.store_is_up)
        rooms.reaches_store = False
        await until(lambda: rooms.reaches_store)
        assert not rooms.store_is_up
        cluster.mend()
        await until(lambda: rooms.store_is_up)
    finally:
        await cancel_all([running])
        await rooms.close()
        await store.close()
