"""A viewer from outside keeps the contract's side of a client."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from grandstand.client.viewer import MOST_S, backoff_s
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import MakeServer
from tests.demo.conftest import MakeCrowd
from tests.server import ServerProcess
from tests.viewer import until, viewing


@given(st.integers(0, 1000), st.integers())
def test_the_wait_before_coming_back_is_jittered_in_full_and_bounded(
    attempt: int, seed: int
) -> None:
    assert 0 <= backoff_s(attempt, Random(seed)) <= min(MOST_S, 0.5 * 2 ** min(attempt, 10))


async def test_what_it_says_is_shown_and_timed(
    shared_server: ServerProcess, room: str, crowd_at: MakeCrowd
) -> None:
    shared_server.make_room(room)
    async with (
        viewing(shared_server.url, room) as watching,
        crowd_at(shared_server, room, 1) as crowd,
    ):
        await crowd.viewer("ann", "Ann").say("said before it was let in")
        assert (await watching.seen("said before it was let in"))["name"] == "Ann"
        await until(lambda: crowd.figures.acked)
        await until(lambda: len(crowd.present) == 1)


async def test_it_comes_back_with_its_place_and_sends_again_what_was_not_answered(
    make_server: MakeServer, room: str, crowd_at: MakeCrowd
) -> None:
    server = make_server().start()
    server.make_room(room)
    async with crowd_at(server, room, 1) as crowd:
        viewer = crowd.viewer("ann", "Ann")
        await until(lambda: viewer.socket)
        await asyncio.to_thread(server.kill)
        await viewer.say("into the void")
        await asyncio.to_thread(server.start)
        async with viewing(server.url, room) as watching:
            await watching.seen("into the void")
        await viewer.say("still there")
        async with viewing(server.url, room) as watching:
            await watching.seen("still there")


async def test_it_stays_away_when_it_is_banned(
    shared_server: ServerProcess, room: str, crowd_at: MakeCrowd
) -> None:
    shared_server.make_room(room)
    async with (
        viewing(shared_server.url, room) as watching,
        crowd_at(shared_server, room, 1) as crowd,
    ):
        await crowd.viewer("ann", "Ann").say("hello")
        user = (await watching.seen("hello"))["user"]
        await shared_server.produce("POST", f"/v1/rooms/{room}/viewers/{user}/ban", {})
        await until(lambda: not crowd.present)
        await asyncio.sleep(1)
        assert not crowd.present


@pytest.mark.parametrize("missing", ["no-such-room", "NOT A ROOM"])
async def test_a_room_that_is_not_there_is_left_for_good(
    shared_server: ServerProcess, missing: str, crowd_at: MakeCrowd
) -> None:
    async with crowd_at(shared_server, missing, 1) as crowd:
        first = crowd.viewer("ann", "Ann")
        await until(lambda: crowd.viewer("ann", "Ann") is not first)
