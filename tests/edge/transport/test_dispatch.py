from __future__ import annotations

import asyncio
from typing import Any

import pytest
from grandstand.edge.transport.dispatch import Dispatch, asks_for_websocket
from grandstand.wire import websocket_frames

from tests.edge.echo import Served, serving
from tests.edge.queues import send_in_pieces
from tests.waiting import PATIENCE_S, until

REQUEST_LINE = b"GET /v1/rooms/night/live?a=b HTTP/1.1\r\n"
HEAD = (
    REQUEST_LINE + b"Host: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
HELLO_MASKED_WITH_ZERO = b"\x81\x85\x00\x00\x00\x00hello"


async def answer_ok(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


async def connected(served: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", served.port)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("data", "asks"),
    [
        (HEAD, True),
        (HEAD + HELLO_MASKED_WITH_ZERO, True),
        (HEAD.replace(b"Upgrade: websocket", b"uPGRADE:WebSocket \t"), True),
        (REQUEST_LINE + b"Upgrade: websocket\r\n\r\n", True),
        (HEAD[:-1], False),
        (HEAD.replace(b"GET", b"POST"), False),
        (HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"), False),
        (HEAD.replace(b"Upgrade: websocket", b"Upgrade: h2c"), False),
        (HEAD.replace(b"Upgrade: websocket", b"X-Upgrade: websocket"), False),
        (b"GET /\r\nUpgrade: websocket\r\n\r\n", False),
        (REQUEST_LINE + b"\r\n\r\nUpgrade: websocket\r\n", False),
        (b"", False),
    ],
)
def test_only_a_whole_head_that_asks_for_a_websocket_is_taken_for_a_viewer(
    data: bytes, asks: bool
) -> None:
    assert asks_for_websocket(data) is asks


@pytest.mark.parametrize("pieces", [1, 2, len(HEAD)])
async def test_a_viewer_comes_in_however_its_request_is_split(pieces: int) -> None:
    async with serving(http=Dispatch) as served:
        reader, writer = await connected(served)
        size = -(-len(HEAD) // pieces)
        cuts = range(0, len(HEAD), size)
        await send_in_pieces(served, writer, [HEAD[cut : cut + size] for cut in cuts])
        writer.write(HELLO_MASKED_WITH_ZERO)
        await asyncio.wait_for(
            reader.readuntil(websocket_frames.plain(b"hello", text=True)), PATIENCE_S
        )
        assert len(served.server.server_state.connections) == 1
        await hang_up(writer)
        await asyncio.wait_for(served.session.is_over.wait(), PATIENCE_S)
        assert served.server.server_state.connections == set()


async def test_a_frame_sent_along_with_the_request_is_not_lost() -> None:
    async with serving(http=Dispatch) as served:
        reader, writer = await connected(served)
        writer.write(HEAD + HELLO_MASKED_WITH_ZERO)
        await asyncio.wait_for(
            reader.readuntil(websocket_frames.plain(b"hello", text=True)), PATIENCE_S
        )
        await hang_up(writer)


async def test_http_goes_to_the_application_and_its_connection_is_kept() -> None:
    async with serving(app=answer_ok, http=Dispatch) as served:
        reader, writer = await connected(served)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), PATIENCE_S)
            assert answer.startswith(b"HTTP/1.1 200 ")
        await hang_up(writer)


async def test_a_websocket_may_follow_on_a_kept_connection() -> None:
    async with serving(app=answer_ok, http=Dispatch) as served:
        reader, writer = await connected(served)
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\nok"), PATIENCE_S)
        writer.write(HEAD)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        assert answer.startswith(b"HTTP/1.1 101 ")
        await hang_up(writer)


async def test_silent_connections_are_counted_and_a_shutdown_ends_them() -> None:
    async with serving(http=Dispatch) as served:
        (leaving, leaver), (staying, stayer) = [await connected(served) for _ in range(2)]
        connections = served.server.server_state.connections
        await until(lambda: len(connections) == 2)
        await hang_up(leaver)
        await until(lambda: len(connections) == 1)
        await asyncio.wait_for(served.server.shutdown(), PATIENCE_S)
        assert await staying.read() == b""
        assert await leaving.read() == b""
        await hang_up(stayer)
