"""Requests that a balancer and we could read differently: each is answered 400, alone, and what
hides behind it is never served.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from grandstand.edge.transport.dispatch import Dispatch

from tests.edge.echo import serving
from tests.edge.queues import send_in_pieces
from tests.server import ServerProcess
from tests.waiting import patience

POST = b"POST /first HTTP/1.1\r\nHost: a\r\n"
UPGRADE = (
    b"GET /v1/rooms/night/live HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n"
)
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
ODD = {
    "both lengths": b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    % (len(HIDDEN) + 5),
    "two lengths": b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
    "bare LF": b"X: y\nY: z\r\n\r\n",
    "empty line of LF": b"X: y\n\n",
    "folded": b"X: y\r\n Content-Length: 40\r\n\r\n",
    "bare CR": b"X: y\rContent-Length: 40\r\n\r\n",
    "space before the colon": b"Content-Length : 40\r\n\r\n",
    "trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\n",
}


@pytest.mark.parametrize("head", [POST, UPGRADE], ids=["post", "upgrade"])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("cut", [None, 20])
async def test_an_odd_request_is_answered_400_and_the_hidden_one_is_not(
    head: bytes, odd: str, cut: int | None
) -> None:
    served_paths = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            if not message["more_body"]:
                served_paths.append(scope["path"])
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body", "body": b""})
                return

    async with serving(app=app, http=Dispatch) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        data = head + ODD[odd] + HIDDEN
        pieces = [data] if cut is None else [data[:cut], data[cut:]]
        await send_in_pieces(served, writer, pieces)
        async with patience():
            answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"application/problem+json" in answer
        assert served_paths == []
        assert served.admission.sessions == []


@pytest.fixture(scope="module")
def server(shared_server: ServerProcess) -> ServerProcess:
    return shared_server


@pytest.mark.parametrize("path", ["/", "/v1/rooms", "/nowhere", "/healthz", "/openapi.json"])
def test_every_answer_forbids_browsers_to_guess_its_type(server: ServerProcess, path: str) -> None:
    answer = server.call("GET", path)
    assert [
        value for name, value in answer.headers.items() if name.lower() == "x-content-type-options"
    ] == ["nosniff"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (POST + b"X: y\nZ\r\n\r\n", 400),
        (UPGRADE.replace(b"night/live", b"night/dead") + b"\r\n", 404),
        (UPGRADE.replace(b"13", b"12") + b"\r\n", 400),
        (UPGRADE + b"Sec-WebSocket-Protocol: other\r\n\r\n", 400),
        (UPGRADE + b"Origin: https://evil.example\r\n\r\n", 403),
    ],
)
async def test_refusals_too_forbid_it(server: ServerProcess, request_: bytes, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request_)
    async with patience():
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.lower().count(b"\r\nx-content-type-options: nosniff\r\n") == 1
