"""A cluster as its clients meet it: slots that move, replicas and primaries that go away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from importlib import resources
from urllib.parse import urlsplit

import pytest
from grandstand.domain.envelope import Commit, Latest, encode
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.domain.state import PrivateChanges
from grandstand.store import keys
from grandstand.store.connection import connect
from grandstand.store.errors import ConflictError, StoreUnavailable
from grandstand.store.ingest import CommentRate, Entry, Item
from grandstand.store.lua import Script, load
from grandstand.store.store import Store, open_store, retry_until
from grandstand.store.timeline import Changes, Head
from grandstand.store.topology import cluster_nodes
from grandstand.store.topology.slots import slot_of, tag_of
from grandstand.store.votes import shard_of
from grandstand.tasks import cancel_all
from redis.exceptions import ClusterCrossSlotError, ResponseError

from tests.proxy import CuttingProxy
from tests.valkey_cluster import ValkeyCluster
from tests.waiting import PATIENCE_S, patience, until

ADD = Script("add", "return redis.call('INCRBY', KEYS[1], ARGV[1])")
READ = Script("read", "return redis.call('GET', KEYS[1])")
FREE = CommentRate(0, 1)
SCRIPTS = sorted(
    file.name.removesuffix(".lua")
    for file in resources.files("grandstand.store").joinpath("scripts").iterdir()
    if file.name not in ("enter.lua", "trim.lua")  # parts of others
)


@pytest.fixture
async def store(cluster: ValkeyCluster) -> AsyncIterator[Store]:
    store = await open_store(cluster.url)
    yield store
    await store.close()


def here(number: int = 0) -> str:
    """A key in the slot of the key ``{r}``."""
    return f"gs:{{r}}:x{number}"


def elsewhere(cluster: ValkeyCluster) -> str:
    """A key that another primary has than the one of ``here``."""
    mine = cluster.primary_of(here())
    names = (keys.room_key(f"other{number}", "x") for number in range(1000))
    return next(name for name in names if cluster.primary_of(name) is not mine)


async def add(store: Store, key: str, by: int = 1) -> int:
    (total,) = await store.ingest._writer.all([(ADD, [key], [by])])
    return int(total)


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_script_with_keys_in_two_slots_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ClusterCrossSlotError):
        await store.ingest._writer.all([(load(name), ["gs:{a}:x", "gs:{b}:x"], [])])


async def test_a_script_publishes_in_its_own_slot_alone(store: Store) -> None:
    await store.rooms.create("r", "made")
    (fault,) = await store.ingest._writer.run(
        [(load("end"), [keys.head("r")], [keys.bus("elsewhere"), b""])]
    )
    assert isinstance(fault, ResponseError)


async def test_calls_to_several_nodes_are_answered_in_their_order(
    store: Store, cluster: ValkeyCluster
) -> None:
    there = elsewhere(cluster)
    calls = [(ADD, [here()], [1]), (ADD, [there], [10]), (ADD, [here()], [2]), (READ, [there], [])]
    assert await store.ingest._writer.all(calls) == [1, 10, 3, b"10"]


async def test_a_slot_that_has_moved_is_followed(store: Store, cluster: ValkeyCluster) -> None:
    await add(store, here())
    cluster.move_slot(here(), cluster.other_primary(here()))
    assert await add(store, here()) == 2
    assert await store.rooms._reader.ask("GET", here()) == b"2"
    assert await store.rooms._reader.ask_all([("GET", here())] * 2, at_once=True) == [b"2", b"2"]


async def test_a_slot_on_its_way_is_asked_for_at_its_new_node(
    store: Store, cluster: ValkeyCluster
) -> None:
    await add(store, here())
    source, target = cluster.primary_of(here()), cluster.other_primary(here())
    slot = slot_of(here())
    target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.ask("CLUSTER", "MYID"))
    source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.ask("CLUSTER", "MYID"))
    try:
        reader = store.rooms._reader
        assert await reader.ask("SET", here(1), "new")  # it isn't at the source, so it is sent on
        assert await reader.ask("GET", here()) is not None  # this one is still there
        assert await add(store, here(2)) == 1
    finally:
        rest = source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100)
        source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *rest)
        for node in (target, source):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.ask("CLUSTER", "MYID"))


async def test_nothing_is_confirmed_without_a_replica(store: Store, cluster: ValkeyCluster) -> None:
    await add(store, here())
    replica = cluster.replica_of(here())
    replica.pause()
    try:
        with pytest.raises(StoreUnavailable, match="no replica"):
            await add(store, here())
        with pytest.raises(StoreUnavailable, match="no replica"):  # one that writes nothing itself
            await store.ingest._writer.all([(READ, [here()], [])])
        assert await add(store, elsewhere(cluster)) == 1
    finally:
        replica.go_on()
    assert await store.ingest._writer.all([(READ, [here()], [])]) == [b"2"]


async def test_a_node_that_is_away_is_the_fault_of_its_own_calls_alone(
    store: Store, cluster: ValkeyCluster
) -> None:
    there = elsewhere(cluster)
    await add(store, here())
    cluster.primary_of(here()).kill()
    away, done = await store.ingest._writer.run([(ADD, [here()], [1]), (ADD, [there], [1])])
    assert isinstance(away, StoreUnavailable)
    assert done == 1
    cluster.mend()
    assert await retry_until(lambda: add(store, here()), PATIENCE_S) == 2


async def test_rooms_on_a_node_that_is_away_stay_as_they_were_and_the_others_go_on(
    store: Store, cluster: ValkeyCluster
) -> None:
    away, other = "r", tag_of(elsewhere(cluster)).decode()
    for room in (away, other):
        await store.rooms.create(room, "made")
    assert await store.leases.hold([away, other]) == {away, other}
    cluster.primary_of(keys.head(away)).kill()
    assert await store.leases.hold([away, other], [away, other]) == {away, other}
    assert await store.leases.hold([away, other]) == {other}
    assert (await store.timeline.heads([away, other])).keys() == {other}
    assert await store.awake_rooms.backlogged([away, other]) == []
    with pytest.raises(StoreUnavailable):
        await store.leases.hold([away])
    with pytest.raises(StoreUnavailable):
        await store.timeline.heads([away])


async def test_a_replica_takes_over_what_was_acknowledged(
    store: Store, cluster: ValkeyCluster
) -> None:
    await store.rooms.create("r", "made")
    item = Item("ada", "1", "c", b"hello")
    (first,) = await store.ingest.append("r", [item], FREE, store.now_ms())
    run = await store.rooms.history("r")
    killed = cluster.primary_of(keys.head("r"))
    killed.kill()
    await until(lambda: cluster.primary_of(keys.head("r")) is not killed)
    cluster.mend()
    again = await retry_until(
        lambda: store.ingest.append("r", [item], FREE, store.now_ms()), PATIENCE_S
    )
    assert again == [first]
    assert len(await store.ingest.read("r", "0-0", 10)) == 1
    assert await store.rooms.history("r") != run, "history may be cut"


async def test_a_primary_that_went_without_a_word_is_left_once_it_is_replaced(
    cluster: ValkeyCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_nodes, "connect", partial(connect, reply_timeout_s=0.5))
    primary, replica = cluster.primary_of(here()), cluster.replica_of(here())
    there = elsewhere(cluster)
    async with CuttingProxy(f"redis://{primary.address}") as network:
        port = urlsplit(network.url).port
        primary.ask("CONFIG", "SET", "cluster-announce-client-port", port)
        store = await open_store(f"redis+cluster://{primary.address}")
        try:
            assert await add(store, here()) == 1
            network.black_hole()
            primary.kill()
            away, done = await store.ingest._writer.run([(ADD, [here()], [1]), (ADD, [there], [1])])
            assert isinstance(away, StoreUnavailable)
            assert done == 1
            await until(lambda: replica.has_role("master"))
            cluster.mend()
            assert await retry_until(lambda: add(store, here()), PATIENCE_S) == 2
        finally:
            await store.close()


async def test_what_only_a_lost_primary_had_is_not_committed_at_its_successor(
    store: Store, cluster: ValkeyCluster
) -> None:
    await store.rooms.create("r", "made")
    kept, lost = (Item("ada", name, "c", name.encode()) for name in ("kept", "lost"))
    await store.ingest.append("r", [kept], FREE, store.now_ms())
    snapshot = await store.timeline.load("r")
    primary, replica = cluster.primary_of(keys.head("r")), cluster.replica_of(keys.head("r"))
    replica.pause()
    primary.ask("CLIENT", "KILL", "TYPE", "REPLICA")
    with pytest.raises(StoreUnavailable, match="no replica"):
        await store.ingest.append("r", [lost], FREE, store.now_ms())
    first, last = await store.ingest.read("r", "0-0", 10)
    primary.kill()
    replica.go_on()
    await until(lambda: cluster.primary_of(keys.head("r")) is replica)
    cluster.mend()

    async def commit(read: Entry) -> Head:
        head, state = snapshot.head, snapshot.state
        commit = Commit(head.epoch, 1, 1, 0, [b""], PrivateChanges())
        changes = Changes(frozenset(), (), (), (), (), ())
        return await store.timeline.commit("r", head, read, commit, state, changes)

    with pytest.raises(ConflictError, match="isn't there any more"):
        await retry_until(lambda: commit(last), PATIENCE_S)
    assert await store.ingest.read("r", "0-0", 10) == [first]
    # Its sender has no answer, and sends it again.
    await store.ingest.append("r", [lost], FREE, store.now_ms())
    assert [each.payload for each in await store.ingest.read("r", "0-0", 10)] == [b"kept", b"lost"]
    assert (await commit(first)).cursor == first.cursor


async def test_votes_that_another_server_took_over_while_they_were_read_are_read_anew(
    store: Store, cluster: ValkeyCluster
) -> None:
    poll = PollRecord(
        id="p", kind="single", question="?", options=["a", "b"], opens_at=0, closes_at=1, grace=0
    )
    await store.votes.open("r", poll)
    await store.votes.cast("r", poll, [Ballot("ada", "1", (1,), True)])
    shard = shard_of("ada", poll.shards)
    key = keys.votes("r", poll.id, shard)
    reading = store.recounts.votes("r", poll, shard)
    assert await anext(reading) == [(b"ada", ((1,), 1))]
    cluster.move_slot(key, cluster.other_primary(key))
    with pytest.raises(StoreUnavailable, match="another server"):
        await anext(reading)
    assert [each async for each in store.recounts.votes("r", poll, shard)] == [
        [(b"ada", ((1,), 1))]
    ]


@pytest.mark.parametrize("how", ["moved", "killed"])
async def test_a_channel_is_heard_wherever_it_goes(
    store: Store, cluster: ValkeyCluster, how: str
) -> None:
    heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
    connected = asyncio.Event()
    bus = store.bus(lambda room, payload: heard.put_nowait((room, payload)), connected.set)
    running = asyncio.create_task(bus.run())
    for room in ("r", "s", "t"):  # on three nodes, as it happens
        await bus.subscribe(room)
    await until(lambda: bus.hears)
    connected.clear()
    before = cluster.primary_of(keys.bus("r"))
    if how == "moved":
        cluster.move_slot(keys.bus("r"), cluster.other_primary(keys.bus("r")))
    else:
        before.kill()
        await until(lambda: cluster.primary_of(keys.bus("r")) is not before)
        cluster.mend()
    async with patience():
        await connected.wait()

    async def is_heard(room: str) -> bool:
        with suppress(StoreUnavailable):
            await store.timeline.publish(room, Latest("e", room.encode(), 0))
        return not heard.empty()

    for room in ("r", "s", "t"):
        await until(partial(is_heard, room))
        while not heard.empty():
            assert heard.get_nowait() == (room, encode(Latest("e", room.encode(), 0)))
    await cancel_all([running])
