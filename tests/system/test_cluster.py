"""Rooms on a cluster, with two servers: a slot moves, a primary is killed, and viewers stay."""

from __future__ import annotations

import asyncio

import pytest
from grandstand.store import keys

from tests.conftest import MakeServer
from tests.server import ServerProcess
from tests.system.crowd import crowd
from tests.valkey_cluster import ValkeyCluster
from tests.waiting import until, wait_until

CLIENTS = 40


@pytest.fixture
def servers(cluster: ValkeyCluster, make_server: MakeServer, room: str) -> list[ServerProcess]:
    """Two servers that share the cluster, with the room."""
    servers = [make_server(redis_url=cluster.url).start() for _ in range(2)]
    servers[0].make_room(room)
    return servers


async def test_a_room_goes_on_without_a_gap_while_its_slot_moves(
    cluster: ValkeyCluster, servers: list[ServerProcess], room: str
) -> None:
    head = keys.head(room)

    async def move() -> None:
        await asyncio.to_thread(cluster.move_slot, head, cluster.other_primary(head))

    async with crowd(servers, room, CLIENTS) as everybody:
        first = everybody.viewers[0].welcome
        assert first["durability"] == "replicated"
        for _ in range(2):
            await everybody.round(move)
        await everybody.finds_everything_once()
        poll = await servers[1].produce(
            "POST",
            f"/v1/rooms/{room}/polls",
            {
                "kind": "single",
                "question": "?",
                "options": ["a", "b"],
                "duration": 3600,
                "grace": 0,
            },
        )
        for viewer in everybody.viewers:
            await viewer.knows(poll["id"])
            assert (await viewer.vote(poll["id"], 1))["status"] == "accepted"
        await servers[0].produce("POST", f"/v1/rooms/{room}/polls/{poll['id']}/close")
        for viewer in everybody.viewers:
            await viewer.sees(lambda picture: picture.polls[poll["id"]]["final"])
            assert viewer.picture.polls[poll["id"]]["tally"] == [0, CLIENTS]
            assert viewer.connections == 1
            assert viewer.closes == []
            assert viewer.epoch == first["epoch"]


async def test_a_primary_is_killed_and_nothing_acknowledged_is_lost_and_no_viewer_goes(
    cluster: ValkeyCluster, servers: list[ServerProcess], room: str
) -> None:
    head = keys.head(room)

    def kill() -> None:
        killed = cluster.primary_of(head)
        killed.kill()
        wait_until(lambda: cluster.primary_of(head) is not killed)
        cluster.mend()  # the new primary has a replica again

    async with crowd(servers, room, CLIENTS) as everybody:
        await everybody.round(lambda: asyncio.to_thread(kill))
        await everybody.finds_everything_once()
        for viewer in everybody.viewers:
            assert viewer.connections == 1
            assert viewer.closes == []
        last = max(viewer.offset for viewer in everybody.viewers)
        await until(lambda: all(viewer.offset >= last for viewer in everybody.viewers))
