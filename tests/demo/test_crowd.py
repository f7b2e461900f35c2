"""A crowd fills a room: it talks, votes once each, and tells how it went."""

from __future__ import annotations

import asyncio

import structlog
from grandstand.demo.phrases import Phrases

from tests.demo.conftest import MakeCrowd
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until

SIZE = 20


async def test_everybody_comes_talks_and_is_counted(
    shared_server: ServerProcess, room: str, crowd_at: MakeCrowd
) -> None:
    shared_server.make_room(room)
    with structlog.testing.capture_logs() as logged:
        async with (
            viewing(shared_server.url, room) as watching,
            crowd_at(shared_server, room, SIZE) as crowd,
        ):
            talking = asyncio.create_task(crowd.improvise(SIZE, Phrases.load()))
            await watching.sees(lambda seen: len(seen.shown) >= 10)
            assert len(crowd.present) == SIZE
            await until(lambda: any(entry.get("p99_ms") for entry in logged))
            talking.cancel()
    told = [entry for entry in logged if entry["event"] == "crowd"]
    assert told[-1]["viewers"] == SIZE
    assert all(entry["gaps"] == 0 for entry in told)


async def test_every_viewer_votes_once_in_every_poll(
    shared_server: ServerProcess, room: str, crowd_at: MakeCrowd
) -> None:
    shared_server.make_room(room)
    base = {"question": "Encore?", "options": [{"text": each} for each in "abc"], "duration": 60}
    async with crowd_at(shared_server, room, SIZE) as crowd:
        talking = asyncio.create_task(crowd.improvise(SIZE, Phrases.load()))
        await until(lambda: len(crowd.present) == SIZE)
        single = await shared_server.produce(
            "POST", f"/v1/rooms/{room}/polls", {"kind": "single", **base}
        )
        multiple = await shared_server.produce(
            "POST", f"/v1/rooms/{room}/polls", {"kind": "multiple", "max_choices": 2, **base}
        )
        for poll in (single, multiple):
            path = f"/v1/rooms/{room}/polls/{poll['id']}"
            voters = 0

            async def all_voted(path: str = path) -> bool:
                nonlocal voters
                voters = (await shared_server.produce("GET", path))["voters"]
                return bool(voters >= SIZE)

            await until(all_voted)
            assert voters == SIZE
        talking.cancel()


async def test_nobody_is_left_when_the_crowd_goes(
    shared_server: ServerProcess, room: str, crowd_at: MakeCrowd
) -> None:
    shared_server.make_room(room)
    before = asyncio.all_tasks()
    async with crowd_at(shared_server, room, SIZE) as crowd:
        talking = asyncio.create_task(crowd.improvise(SIZE, Phrases.load()))
        await until(lambda: len(crowd.present) == SIZE)
        talking.cancel()
    assert asyncio.all_tasks() - before <= {talking}
