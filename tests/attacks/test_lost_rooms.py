"""A store that forgets under a running server: nothing is acknowledged that nobody reads.

It was flushed, its head was evicted, or a poll's shards were. Grandstand makes the room anew in a
new epoch and says so; what enters meanwhile waits or is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from grandstand.store import keys
from grandstand.store.connection import connect
from redis.asyncio import Redis

from tests.server import ServerProcess
from tests.system.record import whole_record
from tests.viewer import viewing

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.single]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path_factory.mktemp("lost"))
    try:
        yield made.start()
    finally:
        made.end()


@pytest_asyncio.fixture(loop_scope="module")
async def redis(server: ServerProcess) -> AsyncIterator[Redis]:
    """A hand in the server's store."""
    client = connect(f"unix://{server.data_dir / 'valkey.sock'}")
    yield client
    await client.aclose()


async def losses(server: ServerProcess, what: str) -> float:
    told = (await server.ask("GET", "/metrics")).body.decode().splitlines()
    name = f'grandstand_store_losses_total{{what="{what}"}} '
    (line,) = [line for line in told if line.startswith(name)]
    return float(line.removeprefix(name))


async def test_a_flushed_store_takes_no_comment_until_the_room_is_made_anew(
    server: ServerProcess, redis: Redis, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room, title="Gala")
    async with (
        viewing(server.url, room, server.token("ann"), comes_back=False) as ann,
        viewing(server.url, room, server.token("bo"), comes_back=False) as bo,
        viewing(server.url, room, server.token("troll"), comes_back=False) as troll,
    ):
        lost, first, users = await losses(server, "room"), ann.epoch, (ann.user, bo.user)
        await server.produce("POST", f"/v1/rooms/{room}/viewers/{troll.user}/ban", {})
        await troll.hears("bye")
        await ann.insist({"type": "comment", "text": "before"})
        await bo.seen("before")
        await redis.flushall()
        answers = [
            await ann.insist({"type": "comment", "text": f"afterwards {number}"})
            for number in range(20)
        ]
        assert {answer["type"] for answer in answers} == {"ack"}
        for number in range(20):
            await bo.seen(f"afterwards {number}")
        for viewer in (ann, bo):
            assert viewer.epoch != first
            assert viewer.connections == 1
        said = {row["text"] for row in await whole_record(server, room)}
        assert {f"afterwards {number}" for number in range(20)} <= said
        assert (ann.user, bo.user) == users
        told = (await server.ask("GET", f"/v1/rooms/{room}")).json
        assert told["settings"]["title"] == "Gala"
        assert await losses(server, "room") > lost
        with pytest.raises(ConnectionError):
            async with viewing(server.url, room, server.token("troll"), comes_back=False):
                pass
        again = await server.produce("PUT", f"/v1/rooms/{room}", {"title": "Anew"})
        assert again["settings"]["title"] == "Anew"
    assert "room_lost" in server.log


async def test_an_evicted_head_costs_no_acknowledged_comment(
    server: ServerProcess, redis: Redis, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    async with viewing(server.url, room, server.token("ann"), comes_back=False) as ann:
        for turn in range(3):
            for number in range(5):
                await ann.insist({"type": "comment", "text": f"turn {turn}, number {number}"})
            await redis.delete(keys.head(room))
        await ann.insist({"type": "comment", "text": "at last"})
        await ann.seen("at last")
        rows = await whole_record(server, room)
        assert len({row["id"] for row in rows}) == len(rows) == 16


async def test_a_producer_can_make_the_room_again_at_once(
    server: ServerProcess, redis: Redis, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    async with viewing(server.url, room, server.token("ann"), comes_back=False) as ann:
        await ann.insist({"type": "comment", "text": "before"})
        await redis.flushall()
        await asyncio.to_thread(server.make_room, room, title="Anew")
        await ann.insist({"type": "comment", "text": "afterwards"})
        await ann.seen("afterwards")


async def test_votes_for_shards_that_are_gone_are_not_acknowledged(
    server: ServerProcess, redis: Redis, room: str
) -> None:
    await asyncio.to_thread(server.make_room, room)
    body = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 600, "grace": 0}
    poll = (await server.produce("POST", f"/v1/rooms/{room}/polls", body))["id"]
    async with viewing(server.url, room, server.token("ann"), comes_back=False) as ann:
        await ann.knows(poll)
        shards = [key for key in await redis.keys("*") if b":tally" in key or b":votes" in key]
        assert len(shards) == 8
        await redis.delete(*shards)
        answer = await ann.vote(poll, 0)
        assert answer["code"] == "unavailable"
        assert answer["retry_after"] > 0
        assert not [key for key in await redis.keys("*") if b":votes" in key]
        told = await server.produce("POST", f"/v1/rooms/{room}/polls/{poll}/close", {})
        assert told["tally"] == [0, 0]
        await ann.sees(lambda picture: picture.polls[poll]["final"])
    assert await losses(server, "votes") == 1
