"""A viewer from outside keeps the contract's side of a client."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from grandstand.client.figures import Figures
from grandstand.client.viewer import MOST_S, Attendee, backoff_s
from grandstand.wire.codes import CloseCode
from grandstand.wire.messages import Frame, Poll
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection

from tests.conftest import MakeServer
from tests.demo.conftest import MakeCrowd
from tests.loadtest.shows import websocket_show
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until


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


class Unmoved:
    """Somebody whom a viewer tells what it sees, and who does nothing."""

    def saw_frame(self, epoch: str, offset: int, frame: Frame) -> None:
        pass

    def saw_poll(self, viewer: Attendee, poll: Poll) -> None:
        pass

    def later(self, due_s: float, viewer: Attendee, message_id: str) -> None:
        pass


@pytest.mark.parametrize("code", CloseCode)
async def test_after_each_close_code_it_does_what_the_table_says(code: CloseCode) -> None:
    async def turn_away(connection: ServerConnection) -> None:
        await connection.recv()
        if code is CloseCode.NO_CLOSE_FRAME:
            connection.transport.abort()
        else:
            await connection.close(code, "a reason")

    async def token() -> str:
        tokens.append(f"token {len(tokens)}")
        return tokens[-1]

    tokens: list[str] = []
    async with websocket_show(turn_away) as (port, _):
        viewer = Attendee(f"ws://127.0.0.1:{port}", token, Unmoved(), Figures(), Random(1), 0.0)
        staying = asyncio.create_task(viewer.stay())
        await until(lambda: staying.done() or len(tokens) == 2)
        assert viewer.left == (f"{int(code)} a reason" if code.is_final else "")
        staying.cancel()
        await asyncio.wait([staying])
    assert len(tokens) == (1 if code.is_final else 2)
