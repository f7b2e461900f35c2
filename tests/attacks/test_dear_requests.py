"""Requests that are small and dear: a body in chunks of one byte, thousands of lines in a head, or
of parameters in a query, many requests in one piece. None of them needs a token.

A read of 60 KB took the loop 45 to 180 ms, and four connections made everybody wait for 1.4 s.
Asserted is how much is read between two turns of everybody else, and that all of it is answered.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
import pytest
from grandstand.edge.transport.dispatch import Dispatch
from grandstand.edge.transport.http import MAX_HEAD_LINES, MAX_REQUEST_LINE_BYTES
from grandstand.edge.transport.round_robin import EVENTS_A_TURN

from tests.edge.echo import serving
from tests.edge.queues import send_in_pieces
from tests.waiting import patience

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
LAST_GET = GET + b"Connection: close\r\n\r\n"
CHUNKED = (
    b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1\r\na\r\n" * 8000
    + b"0\r\n\r\n"
)
PIPELINED = (GET + b"\r\n") * 500 + LAST_GET


async def tells_the_size(scope: Any, receive: Any, send: Any) -> None:
    """Answers with how many bytes the body had."""
    size = 0
    while (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        if not message["more_body"]:
            told = f"{size};".encode()
            headers = [(b"content-length", str(len(told)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": told})
            return


async def answered(port: int, data: bytes) -> bytes:
    """All that is answered until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with patience():
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("data", "answers", "size"),
    [(CHUNKED, 1, 8000), (PIPELINED, 501, 0)],
    ids=["chunks", "pipelined"],
)
async def test_what_a_read_brings_is_read_in_turns_with_everybody_else(
    data: bytes, answers: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, most = 0, 0
    next_event = h11.Connection.next_event

    def counting(self: h11.Connection) -> Any:
        nonlocal read
        if self.our_role is h11.SERVER:
            read += 1
        return next_event(self)

    async def everybody_else() -> None:
        nonlocal read, most
        while True:
            most, read = max(most, read), 0
            await asyncio.sleep(0)

    monkeypatch.setattr(h11.Connection, "next_event", counting)
    async with serving(app=tells_the_size, http=Dispatch) as served:
        waiting = asyncio.create_task(everybody_else())
        try:
            told = await asyncio.gather(*[answered(served.port, data) for _ in range(4)])
        finally:
            waiting.cancel()
    for each in told:
        assert each.count(b"HTTP/1.1 200") == answers
        assert each.count(f"\r\n\r\n{size};".encode()) == answers
    assert 0 < most <= EVENTS_A_TURN


@pytest.mark.parametrize(
    "data",
    [
        GET + b"a: b\r\n" * MAX_HEAD_LINES + b"\r\n",
        b"GET /?" + b"a&" * (MAX_REQUEST_LINE_BYTES // 2) + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        CHUNKED[: -len(b"\r\n")] + b"a: b\r\n" * MAX_HEAD_LINES + b"\r\n",
    ],
    ids=["head", "query", "trailers"],
)
@pytest.mark.parametrize("cut", [None, 5])
async def test_a_head_that_is_dear_to_read_is_refused(data: bytes, cut: int | None) -> None:
    async with serving(app=tells_the_size, http=Dispatch) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        pieces = [data] if cut is None else [data[:-cut], data[-cut:]]
        await send_in_pieces(served, writer, pieces)
        async with patience():
            told = await reader.read()
        writer.close()
    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.count(b"HTTP/1.1 ") == 1


async def test_a_head_of_ordinary_size_is_served() -> None:
    lines = b"".join(b"header-%d: value\r\n" % number for number in range(MAX_HEAD_LINES - 5))
    long = b"GET /?" + b"a" * (MAX_REQUEST_LINE_BYTES - 100) + b" HTTP/1.1\r\nHost: a\r\n"
    async with serving(app=tells_the_size, http=Dispatch) as served:
        for head in (GET, long):
            told = await answered(served.port, head + lines + b"Connection: close\r\n\r\n")
            assert told.startswith(b"HTTP/1.1 200 ")


async def test_what_is_no_request_is_counted_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    odd_upgrade = GET + b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n"
    async with serving(app=tells_the_size, http=Dispatch) as served:
        for data, status in ((b"\x16\x03\x01\r\n\r\n", 400), (odd_upgrade, 200)):
            assert (await answered(served.port, data)).startswith(b"HTTP/1.1 %d " % status)
        assert served.connection_limits.refused["odd"] == 1
    assert not caplog.records
