"""Each dialect in front of a small server that speaks it."""

import asyncio

import pytest
from grandstand.wire.event_stream import END, chunk, comment
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.http11 import Request, Response

from loadtest.seats.client_frames import StreamError
from loadtest.seats.dialects import Grandstand, Kind, Nats, Program, SocketIO, WebSocket, dialect
from tests.loadtest.shows import NatsShow, pool, until, websocket_show
from tests.waiting import PATIENCE_S

SEATS = 25


async def test_a_plain_websocket_is_in_at_the_101_and_counts_every_message() -> None:
    def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        paths.add(connection.request.path)

    paths: set[str] = set()
    async with (
        websocket_show(talk) as (port, here),
        pool(WebSocket(f"127.0.0.1:{port}", "/sub/gala"), port) as made,
    ):
        for number in range(SEATS):
            made.take(number)
        await until(made, lambda: made.counts.seated == len(here) == SEATS)
        for text in ("one", "two", "x" * 5000):
            broadcast(here, text)
        await until(made, lambda: made.counts.frames == 3 * SEATS)
        pings = [await connection.ping() for connection in here]
        await asyncio.wait_for(asyncio.gather(*pings), PATIENCE_S)
    assert paths == {"/sub/gala"}
    assert not made.counts.faults


async def test_socket_io_is_in_when_the_namespace_is_joined_and_answers_its_pings() -> None:
    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.path == "/socket.io/?EIO=4&transport=websocket"
        await connection.send('0{"sid":"s","upgrades":[],"pingInterval":25000}')
        assert await connection.recv() == "40"
        await connection.send('40{"sid":"t"}')
        await connection.send("2")
        assert await connection.recv() == "3"
        answered.append(connection)

    answered: list[ServerConnection] = []
    async with (
        websocket_show(talk) as (port, here),
        pool(SocketIO(f"127.0.0.1:{port}"), port, comes_back=False) as made,
    ):
        for number in range(SEATS):
            made.take(number)
        await until(made, lambda: len(here) == len(answered) == SEATS)
        assert made.counts.seated == SEATS
        broadcast(here, '42["bullet",{"text":"hi"}]')
        await until(made, lambda: made.counts.frames == SEATS)
        broadcast(here, "41")
        await until(made, lambda: made.counts.closes[1005] == SEATS)
        assert made.counts.frames == SEATS


async def test_a_feed_is_in_at_its_head_and_counts_chunks_but_beats_however_they_are_cut() -> None:
    readers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        assert asked.startswith(b"GET /v1/rooms/gala/program HTTP/1.1\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        readers.append(writer)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, pool(Program("host", "gala"), port, comes_back=False) as made:
        for number in range(SEATS):
            made.take(number)
        await until(made, lambda: made.counts.seated == len(readers) == SEATS)
        event, beat = chunk(b"event: cue\ndata: 1\n\n"), chunk(comment())
        for piece in (event, beat + event[:3], event[3:-1], event[-1:] + beat):
            for writer in readers:
                writer.write(piece)
            await until(made, lambda: made.counts.frames >= SEATS)
        await until(made, lambda: made.counts.frames == 2 * SEATS)
        for writer in readers:
            writer.write(END)
            writer.close()
        await until(made, lambda: made.counts.closes[1000] == SEATS)
    assert not made.counts.faults


def test_a_feed_that_is_refused_is_a_refusal() -> None:
    found = Program("host", "gala").cut(b"HTTP/1.1 429 No\r\n\r\n", 0, False)
    assert found is not None
    assert (found.kind, found.code) == (Kind.REFUSED, 429)


async def test_nats_is_in_at_the_pong_and_counts_messages_however_they_are_cut() -> None:
    show = NatsShow()
    server = await asyncio.start_server(show.handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        pool(Nats("show"), port) as made,
    ):
        for number in range(SEATS):
            made.take(number)
        await until(made, lambda: made.counts.seated == SEATS)
        whole = b"MSG show 1 7\r\na\r\nMSG \r\n" * 2
        for piece in (whole, whole[:9], whole[9:30], whole[30:], b"+OK\r\n", b"PING\r\n"):
            show.publish(piece)
        await until(made, lambda: show.lines.count(b"PONG") == SEATS)
        assert made.counts.frames == 4 * SEATS
        show.publish(b"-ERR 'slow consumer'\r\n")
        await until(made, lambda: made.counts.faults["stream: -ERR 'slow consumer'"] == SEATS)
    assert show.lines.count(b"SUB show 1") == SEATS


@pytest.mark.parametrize(("status", "after"), [(503, "7"), (404, None)])
def test_an_answer_that_is_not_101_is_a_refusal(status: int, after: str | None) -> None:
    head = f"HTTP/1.1 {status} No\r\n" + (f"Retry-After: {after}\r\n" if after else "")
    found = Grandstand("host", "room").cut(f"{head}\r\n{{}}".encode(), 0, False)
    assert found is not None
    assert (found.kind, found.code, found.retry_after_s) == (
        Kind.REFUSED,
        status,
        float(after or 0),
    )


@pytest.mark.parametrize("data", [b"SSH-2.0-x\r\n\r\n", b"x" * 20_000])
def test_what_is_no_http_is_not_waited_for(data: bytes) -> None:
    with pytest.raises(StreamError):
        WebSocket("host", "/").cut(data, 0, False)


@pytest.mark.parametrize("deflate", [False, True])
def test_websockets_understands_the_request(deflate: bool) -> None:
    from websockets.server import ServerProtocol

    server = ServerProtocol()
    server.receive_data(Grandstand("host:80", "gala", deflate=deflate).opening)
    (request,) = server.events_received()
    assert isinstance(request, Request)
    answer = server.accept(request)
    assert isinstance(answer, Response)
    assert answer.status_code == 101
    assert request.path == "/v1/rooms/gala/live"
    assert ("Sec-WebSocket-Extensions" in request.headers) is deflate


def test_dialects_go_by_their_names() -> None:
    made = [type(dialect(name, "h:1", "r")) for name in ("grandstand", "websocket", "socketio")]
    assert made == [Grandstand, WebSocket, SocketIO]
    assert b"GET /sub/r HTTP" in dialect("websocket", "h:1", "r").opening
    assert b"GET /x HTTP" in dialect("websocket", "h:1", "r", path="/x").opening
    assert isinstance(dialect("nats", "h:1", "r"), Nats)
    assert isinstance(dialect("program", "h:1", "r"), Program)
    with pytest.raises(ValueError, match="gopher"):
        dialect("gopher", "h:1", "r")
