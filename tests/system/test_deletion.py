"""A producer deletes a room: everybody hears of it, and nothing of it is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from grandstand.store import keys
from grandstand.store.store import Store, open_store

from tests.server import ServerProcess
from tests.store.servers import all_keys
from tests.valkey import valkey
from tests.viewer import viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    """A store of the operator's own."""
    async with valkey(tmp_path_factory.mktemp("deletion")) as url:
        store = await open_store(url)
        yield store
        await store.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def servers(
    store: Store, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[ServerProcess]]:
    """Two that share the store; the last test ends the first of them."""
    made = [ServerProcess(tmp_path_factory.mktemp("server"), redis_url=store.url) for _ in range(2)]
    try:
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in made))
        yield made
    finally:
        for server in made:
            server.end()


async def is_swept(store: Store, room: str) -> bool:
    head = await store.rooms._reader.ask("HGET", keys.head(room), "swept")
    return head is not None


async def deleted(server: ServerProcess, room: str) -> int:
    path = f"/v1/rooms/{room}?confirm={room}"
    return (await server.ask("DELETE", path, token=server.producer_token)).status


async def test_all_viewers_on_all_nodes_are_sent_away_and_nothing_is_left(
    servers: list[ServerProcess], store: Store, room: str
) -> None:
    one, two = servers
    await asyncio.to_thread(one.make_room, room)
    body = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 600}
    poll = (await one.produce("POST", f"/v1/rooms/{room}/polls", body))["id"]
    async with (
        viewing(one.url, room, one.token("ann"), comes_back=False) as ann,
        viewing(two.url, room, two.token("bo"), comes_back=False) as bo,
    ):
        first = ann.epoch
        for viewer in (ann, bo):
            await viewer.knows(poll)
            assert (await viewer.insist({"type": "comment", "text": "hello"}))["type"] == "ack"
            assert (await viewer.vote(poll, 0))["type"] == "ack"
        assert await deleted(one, room) == 204
        for viewer in (ann, bo):
            bye = await viewer.hears("bye")
            assert (bye["code"], bye["reconnect"]) == (4004, False)
    assert await deleted(two, room) == 204
    for server in servers:
        assert (await server.ask("GET", f"/v1/rooms/{room}")).status == 404
        listed = (await server.ask("GET", "/v1/rooms")).json["rooms"]
        assert room not in {each["room"] for each in listed}

    await until(lambda: is_swept(store, room))
    left = {key for key in await all_keys(store) if room in key}
    rates = {key for key in left if key.startswith(keys.rate(room, ""))}
    lease = {keys.lease(room), keys.holder(room)}  # that of who swept it; it runs out
    assert left - rates - lease == {keys.head(room)}
    assert "room_deleted" in one.log
    assert "'producer'" in one.log

    await asyncio.to_thread(two.make_room, room)
    async with (
        viewing(one.url, room, one.token("ann"), comes_back=False) as ann,
        viewing(two.url, room, two.token("bo"), comes_back=False) as bo,
    ):
        assert ann.epoch != first
        assert ann.welcome["recent"] == ann.welcome["polls"] == []
        await ann.insist({"type": "comment", "text": "hello again"})
        await bo.seen("hello again")


async def test_a_room_may_be_made_anew_in_one_breath_with_its_deletion(
    servers: list[ServerProcess], room: str
) -> None:
    one, two = servers
    await asyncio.to_thread(one.make_room, room)
    async with viewing(two.url, room, two.token("ann"), comes_back=False) as ann:
        await ann.insist({"type": "comment", "text": "old"})
        assert await deleted(one, room) == 204
        await ann.hears("bye")
    await asyncio.to_thread(one.make_room, room, title="Anew")
    async with viewing(two.url, room, two.token("ann"), comes_back=False) as ann:
        assert ann.welcome["recent"] == []
        await ann.insist({"type": "comment", "text": "new"})
        await ann.seen("new")


async def test_a_server_that_is_killed_over_the_chore_leaves_it_to_the_next(
    servers: list[ServerProcess], store: Store, room: str
) -> None:
    one, two = servers
    await asyncio.to_thread(one.make_room, room)
    async with viewing(one.url, room, one.token("ann"), comes_back=False) as ann:
        await ann.insist({"type": "comment", "text": "hello"})
        await ann.seen("hello")
        assert await deleted(one, room) == 204
    one.kill()
    await until(lambda: is_swept(store, room))
    assert room not in await store.rooms.ids()
    assert (await two.ask("GET", f"/v1/rooms/{room}")).status == 404
