"""A viewer from outside keeps the contract's side of a client."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from grandstand.client.figures import Figures
from grandstand.client.viewer import Attendee
from grandstand.wire.codes import AfterClose, CloseCode
from grandstand.wire.messages import Frame, Poll
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from tests.conftest import MakeServer
from tests.demo.conftest import MakeCrowd
from tests.loadtest.shows import websocket_show
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until


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
        await until(lambda: viewer.is_live)
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
        ann = crowd.viewer("ann", "Ann")
        await ann.say("hello")
        user = (await watching.seen("hello"))["user"]
        await shared_server.produce("POST", f"/v1/rooms/{room}/viewers/{user}/ban", {})
        await until(lambda: ann.left)
        assert ann.left.startswith(str(int(CloseCode.BANNED)))
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


@pytest.mark.parametrize("code", CloseCode)
async def test_after_each_close_code_it_does_what_the_table_says(code: CloseCode) -> None:
    async def turn_away(connection: ServerConnection) -> None:
        hellos.append(await connection.recv())
        if code is CloseCode.NO_CLOSE_FRAME:
            connection.transport.abort()
        else:
            await connection.close(code, "a reason")

    async def token() -> str:
        tokens.append(f"token {len(tokens)}")
        return tokens[-1]

    hellos: list[object] = []
    tokens: list[str] = []
    async with websocket_show(turn_away) as (port, _):
        viewer = Attendee(f"ws://127.0.0.1:{port}", token, Unmoved(), Figures(), Random(1), 0.0)
        staying = asyncio.create_task(viewer.stay())
        await until(lambda: staying.done() or len(hellos) == 2)
        assert viewer.left == (f"{int(code)} a reason" if code.is_final else "")
        staying.cancel()
        await asyncio.wait([staying])
    assert len(hellos) == (1 if code.is_final else 2)
    assert len(tokens) == (2 if code.client is AfterClose.NEW_TOKEN else 1)


@pytest.mark.parametrize(
    ("status", "comes_back"),
    [(status, True) for status in (200, 401, 408, 429, 500, 502, 503)]
    + [(status, False) for status in (301, 400, 403, 404)],
)
async def test_after_each_status_it_does_what_the_table_says(status: int, comes_back: bool) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        asked.append(request.path)
        return Response(status, "No", Headers({"Content-Length": "0"}), b"")

    async def token() -> str:
        tokens.append(f"token {len(tokens)}")
        return tokens[-1]

    async def never(connection: ServerConnection) -> None:
        raise AssertionError("nobody is let in")

    asked: list[str] = []
    tokens: list[str] = []
    async with serve(never, "127.0.0.1", 0, process_request=refuse) as server:
        address = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/live"
        viewer = Attendee(address, token, Unmoved(), Figures(), Random(1), 0.0)
        staying = asyncio.create_task(viewer.stay())
        await until(lambda: staying.done() or len(asked) == 2)
        assert viewer.left == ("" if comes_back else f"HTTP {status}")
        staying.cancel()
        await asyncio.wait([staying])
    assert len(asked) == (2 if comes_back else 1)
    assert len(tokens) == (2 if status == 401 else 1)


async def test_nobody_at_the_address_is_no_reason_to_stay_away(unused_tcp_port: int) -> None:
    async def token() -> str:
        return "token"

    figures = Figures()
    address = f"ws://127.0.0.1:{unused_tcp_port}"
    viewer = Attendee(address, token, Unmoved(), figures, Random(1), 0.0)
    staying = asyncio.create_task(viewer.stay())
    await until(lambda: figures.returns == 2)
    staying.cancel()
    await asyncio.wait([staying])
    assert viewer.left == ""


async def test_what_a_watcher_raises_ends_it_and_is_told(
    shared_server: ServerProcess, room: str
) -> None:
    class Fails(Unmoved):
        def saw_poll(self, viewer: Attendee, poll: Poll) -> None:
            raise KeyError(poll.id)

    async def token() -> str:
        return shared_server.token("ann", rooms=(room,))

    shared_server.make_room(room)
    poll = {"kind": "single", "question": "Encore?", "options": ["yes", "no"], "duration": 60}
    made = await shared_server.produce("POST", f"/v1/rooms/{room}/polls", poll)
    address = f"ws{shared_server.url.removeprefix('http')}/v1/rooms/{room}/live"
    viewer = Attendee(address, token, Fails(), Figures(), Random(1), 0.0)
    with pytest.raises(KeyError, match=made["id"]):
        await viewer.stay()
