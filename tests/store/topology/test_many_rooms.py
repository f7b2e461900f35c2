"""What is asked of several rooms at once, where each room is on another node of a cluster."""

from __future__ import annotations

from string import ascii_lowercase

import pytest
from grandstand.domain.audience_report import AudienceReport
from grandstand.store import keys
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store

from tests.valkey_cluster import PRIMARIES, ValkeyCluster


@pytest.fixture
def rooms(cluster: ValkeyCluster) -> list[str]:
    """A room for each node, in alphabetical order."""
    on_nodes = {cluster.primary_of(keys.head(name)).port: name for name in ascii_lowercase}
    assert len(on_nodes) == PRIMARIES
    return sorted(on_nodes.values())


@pytest.fixture
async def store(cluster_store: Store, rooms: list[str]) -> Store:
    for room in rooms:
        await cluster_store.rooms.create(room, "made")
    return cluster_store


async def test_rooms_are_listed_and_described(store: Store, rooms: list[str]) -> None:
    now_ms = store.now_ms()
    await store.rooms.present("n", {room: at + 1 for at, room in enumerate(rooms)}, now_ms)
    assert await store.rooms.ids() == rooms
    described = await store.rooms.describe([*rooms, "nowhere"], now_ms)
    assert [described[room].viewers for room in rooms] == [1, 2, 3]
    assert set(described) == set(rooms)


async def test_each_room_has_its_own_reports(store: Store, rooms: list[str]) -> None:
    reports = {room: AudienceReport({at: 1}) for at, room in enumerate(rooms)}
    await store.audience_reports.write("n", reports, store.now_ms())
    for room in rooms:
        assert await store.audience_reports.of(room, store.now_ms()) == {"n": reports[room]}


async def test_leases_and_heads_of_all_are_known(store: Store, rooms: list[str]) -> None:
    assert await store.leases.hold(rooms) == set(rooms)
    await store.leases.give_back(rooms)
    heads = await store.timeline.heads([*rooms, "nowhere"])
    assert heads.pop("nowhere") is None
    assert {room: head is not None for room, head in heads.items()} == dict.fromkeys(rooms, True)


async def test_rooms_wake_and_rest(store: Store, rooms: list[str]) -> None:
    for room in rooms[:2]:
        item = Item("ada", "1", "c", b"hello")
        await store.ingest.append(room, [item], CommentRate(0, 1), store.now_ms())
    awake = store.awake_rooms
    assert await awake.backlogged(rooms) == rooms[:2]
    await awake.wake(rooms, 0)
    assert await awake.due(1) == set(rooms)
    await awake.rest({rooms[0]: None, rooms[1]: 5})
    assert await awake.due(1) == {rooms[2]}
