"""Seats in front of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from grandstand.wire.codes import AfterClose, CloseCode
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from loadtest.seats.dialects import Grandstand, WebSocket
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import SocketPool
from tests.loadtest.shows import pool, until, websocket_show
from tests.server import ServerProcess

SEATS = 60


class Heard:
    """What a stand tells."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.shows: list[tuple[str, ...]] = []
        self.messages: list[dict[str, Any]] = []

    def saw(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        self.shows.append(ids)

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        self.messages.append(message)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    made = ServerProcess(tmp_path_factory.mktemp("seats"))
    try:
        yield made.start()
    finally:
        made.end()


def seated(made: SocketPool, server: ServerProcess) -> list[Seat]:
    return [made.take(number, server.token(f"seat-{number}")) for number in range(SEATS)]


@pytest.mark.parametrize("deflate", [False, True])
async def test_seats_count_every_frame_and_see_what_was_sent(
    server: ServerProcess, deflate: bool
) -> None:
    room = server.make_room(f"counted-{deflate}".lower())
    heard = Heard()
    talk = Grandstand(f"127.0.0.1:{server.port}", room, deflate=deflate)
    async with pool(talk, server.port, listener=heard) as made:
        seats = seated(made, server)
        await until(made, lambda: made.counts.seated == SEATS)
        assert len(made.counts.connect_ms) == len(made.counts.welcome_ms) == SEATS
        offsets = {seat.offset for seat in seats}
        for number in range(5):
            cue = {"name": "moment", "data": {"text": "x" * 400, "number": number}}
            await server.produce("POST", f"/v1/rooms/{room}/cues", cue)
        await until(made, lambda: {seat.offset for seat in seats} == {max(offsets) + 5})
        cues = [cue for frame in heard.frames for cue in frame.get("cues", ())]
        assert sorted({cue["data"]["number"] for cue in cues}) == [0, 1, 2, 3, 4]
        assert made.counts.frames >= 5 * SEATS
        assert made.counts.gaps == 0
        assert not made.counts.closes
        assert not made.counts.faults


async def test_a_comment_of_one_seat_is_acknowledged_and_seen_by_each_that_looks(
    server: ServerProcess,
) -> None:
    room = server.make_room("spoken")
    heard = Heard()
    talk = Grandstand(f"127.0.0.1:{server.port}", room)
    async with pool(talk, server.port, listener=heard) as made:
        seats = seated(made, server)
        await until(made, lambda: made.counts.seated == SEATS)
        made.say(seats[1], talk.say({"type": "comment", "id": "mine", "text": "what a goal"}))
        looking = sum(seat.sampled for seat in seats)
        await until(made, lambda: len(heard.shows) >= looking)
        acks = [message for message in heard.messages if message["type"] == "ack"]
        assert [ack["id"] for ack in acks] == ["mine"]
        assert set(heard.shows) == {(acks[0]["comment"],)}
        assert looking == SEATS / 10


async def test_seats_that_were_cut_come_back_with_their_place_and_miss_nothing(
    server: ServerProcess,
) -> None:
    room = server.make_room("cut")
    async with pool(Grandstand(f"127.0.0.1:{server.port}", room), server.port) as made:
        seats = seated(made, server)
        await until(made, lambda: made.counts.seated == SEATS)
        began = seats[0].offset
        await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "before"})
        await until(made, lambda: {seat.offset for seat in seats} == {began + 1})
        made.cut()
        assert made.counts.seated == 0
        await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "meanwhile"})
        await until(made, lambda: made.counts.seated == SEATS)
        await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "after"})
        await until(made, lambda: {seat.offset for seat in seats} == {began + 3})
        assert made.counts.comebacks == SEATS
        assert (made.counts.restarts, made.counts.gaps) == (0, 0)
        assert not made.counts.closes


async def test_the_servers_end_is_counted_by_its_code_and_seats_find_the_next_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = ServerProcess(tmp_path_factory.mktemp("ending")).start()
    try:
        room = server.make_room("ended")
        async with pool(Grandstand(f"127.0.0.1:{server.port}", room), server.port) as made:
            seated(made, server)
            await until(made, lambda: made.counts.seated == SEATS)
            server.stop()
            await until(made, lambda: made.counts.closes[1012] == SEATS)
            server.start()
            await until(made, lambda: made.counts.seated == SEATS)
    finally:
        server.end()


async def test_a_room_that_is_not_there_closes_for_good(server: ServerProcess) -> None:
    async with pool(Grandstand(f"127.0.0.1:{server.port}", "nowhere"), server.port) as made:
        seated(made, server)
        await until(made, lambda: made.counts.closes[4004] == SEATS)
        assert made.waiting == 0


@pytest.mark.parametrize("code", [each for each in CloseCode if each != CloseCode.NO_CLOSE_FRAME])
async def test_a_seat_comes_back_after_the_codes_after_which_a_viewer_may(code: CloseCode) -> None:
    async with (
        websocket_show(lambda connection: connection.close(code)) as (port, _),
        pool(WebSocket(f"127.0.0.1:{port}", "/"), port) as made,
    ):
        made.take(1)
        await until(made, lambda: made.counts.closes[code])
        if code.client is AfterClose.RECONNECT:
            await until(made, lambda: made.counts.closes[code] >= 2)
        else:
            assert not made.waiting


@pytest.mark.parametrize(
    ("status", "comes_back"),
    [(status, True) for status in (200, 408, 429, 500, 502, 503)]
    + [(status, False) for status in (301, 400, 401, 403, 404)],
)
async def test_a_seat_comes_back_after_the_statuses_after_which_a_viewer_may(
    status: int, comes_back: bool
) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return Response(status, "No", Headers({"Content-Length": "0"}), b"")

    async with (
        serve(ServerConnection.wait_closed, "127.0.0.1", 0, process_request=refuse) as server,
        pool(Grandstand("127.0.0.1:1", "r"), server.sockets[0].getsockname()[1]) as made,
    ):
        made.take(1, "its only token")
        await until(made, lambda: made.counts.refusals[status])
        if comes_back:
            await until(made, lambda: made.counts.refusals[status] >= 2)
        else:
            assert not made.waiting


async def test_a_seat_does_not_come_back_before_it_may() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        headers = Headers({"Content-Length": "0", "retry-after": "3600"})
        return Response(503, "No", headers, b"")

    async with (
        serve(ServerConnection.wait_closed, "127.0.0.1", 0, process_request=refuse) as server,
        pool(Grandstand("127.0.0.1:1", "r"), server.sockets[0].getsockname()[1]) as made,
    ):
        seat = made.take(1)
        await until(made, lambda: made.counts.refusals[503] == 1)
        assert made.waiting == 1
        now_s = made.clock()
        assert seat.backoff.return_s(now_s, 0) - now_s > 3500


async def test_a_bye_that_asks_not_to_come_back_is_final_for_a_seat() -> None:
    async def turn_away(connection: ServerConnection) -> None:
        bye = {"type": "bye", "code": 1012, "reason": "no", "reconnect": False, "after": 0}
        await connection.send(msgspec.msgpack.encode(bye))
        await connection.close(1012)

    async with (
        websocket_show(turn_away) as (port, _),
        pool(Grandstand(f"127.0.0.1:{port}", "r"), port) as made,
    ):
        made.take(1)
        await until(made, lambda: made.counts.closes[1012] == 1)
        assert made.waiting == 0


async def test_a_path_that_is_none_is_refused_by_its_status(server: ServerProcess) -> None:
    async with pool(Grandstand(f"127.0.0.1:{server.port}", "no/room"), server.port) as made:
        seated(made, server)
        await until(made, lambda: made.counts.refusals[404] == SEATS)
        assert (made.waiting, made.pace.on_their_way) == (0, 0)


async def test_nobody_at_the_address_is_a_fault_and_is_tried_again(
    unused_tcp_port: int,
) -> None:
    async with pool(Grandstand("127.0.0.1:1", "room"), unused_tcp_port) as made:
        made.take(1)
        await until(made, lambda: made.counts.faults["connect: Connection refused"] >= 2)
        assert made.pace.on_their_way == 0
