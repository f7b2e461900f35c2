from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from grandstand.edge.transport.dispatch import Dispatch
from grandstand.edge.transport.event_stream import CLOSING_S, SILENT_MS, EventStream
from grandstand.replica.publication import Form
from grandstand.wire.event_stream import chunk
from starlette.types import Receive, Scope, Send

from tests.edge.echo import Served, serving
from tests.waiting import patience, until


@dataclass
class Reader:
    """A session that remembers what it was told."""

    told: list[str] = field(default_factory=list)
    stream: EventStream | None = None

    @property
    def outlet(self) -> EventStream:
        assert self.stream is not None
        return self.stream

    def opened(self, stream: EventStream) -> None:
        self.stream = stream
        self.told.append("opened")

    def behind(self) -> None:
        self.told.append("behind")

    def caught_up(self) -> None:
        self.told.append("caught_up")

    def ending(self) -> None:
        self.told.append("ending")

    def lost(self) -> None:
        self.told.append("lost")

    def drain(self) -> None:
        self.told.append("drain")
        self.outlet.close()


@dataclass
class App:
    """Answers every request with a stream."""

    sessions: list[Reader] = field(default_factory=list)
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.append(task)
        connection = scope["state"]["connection"]
        connection.write_at_once()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        session = Reader()
        assert connection.become(session, "192.0.2.1", scope["http_version"] == "1.1")
        self.sessions.append(session)

    @property
    def session(self) -> Reader:
        (session,) = self.sessions
        return session


def connections(served: Served) -> list[object]:
    return [*served.server.server_state.connections]


@asynccontextmanager
async def streaming(
    version: str = "1.1",
) -> AsyncIterator[tuple[Served, App, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A server with one subscriber, who has read the head of the answer."""
    app = App()
    async with serving(app=app, http=Dispatch) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(f"GET /program HTTP/{version}\r\nHost: a\r\n\r\n".encode())
        async with patience():
            await reader.readuntil(b"\r\n\r\n")
        try:
            yield served, app, reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def test_what_is_written_comes_in_chunks_and_an_end_says_that_it_was_not_cut() -> None:
    async with streaming() as (_, app, reader, _writer), patience():
        stream = app.session.outlet
        assert stream.form is Form.EVENTS_CHUNKED
        stream.write(chunk(b"one"))
        stream.write(b"")  # a frame without events
        stream.write(chunk(b"two"))
        stream.close()
        stream.write(chunk(b"three"))
        assert await reader.read() == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
        await until(lambda: app.session.told == ["opened", "ending", "lost"])


async def test_http_1_0_has_no_chunks() -> None:
    async with streaming("1.0") as (_, app, reader, _writer), patience():
        stream = app.session.outlet
        assert stream.form is Form.EVENTS
        stream.write(b"one")
        stream.close()
        assert await reader.read() == b"one"


async def test_no_task_is_left_and_the_connection_is_the_admissions_to_count() -> None:
    async with streaming() as (served, app, _, _writer):
        await until(lambda: all(task.done() for task in app.tasks))
        assert served.connection_limits.count("127.0.0.1") == 0
        assert connections(served) == [app.session.outlet]
        assert not served.server.server_state.tasks


async def test_who_has_left_is_noticed() -> None:
    async with streaming() as (_, app, _reader, writer):
        writer.close()
        await until(lambda: app.session.told == ["opened", "ending", "lost"])


async def test_who_sends_more_is_cut() -> None:
    async with streaming() as (served, app, _reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await until(lambda: app.session.told == ["opened", "ending", "lost"])
        assert not served.server.server_state.connections


async def test_who_reads_nothing_is_told_of_and_catches_up_in_order() -> None:
    async with streaming() as (_, app, reader, _writer), patience():
        stream, written = app.session.outlet, b""
        while not stream.paused:
            data = chunk(bytes([65 + len(written) % 26]) * 5_000)
            stream.write(data)
            written += data
        stream.write(b"1\r\nz\r\n")  # what comes while it is full isn't before what waits
        assert app.session.told == ["opened", "behind"]
        assert await reader.readexactly(len(written)) == written
        assert await reader.readexactly(6) == b"1\r\nz\r\n"
        await until(lambda: app.session.told == ["opened", "behind", "caught_up"])
        stream.write(chunk(b"on"))
        assert await reader.readuntil(b"on\r\n") == b"2\r\non\r\n"


async def test_who_does_not_read_the_end_is_cut() -> None:
    async with streaming() as (served, app, _reader, _writer):
        stream = app.session.outlet
        while not stream.paused:
            stream.write(chunk(b"x" * 5_000))
        stream.close()
        for _ in range(CLOSING_S):
            served.keepalive.sweep()
        assert connections(served) == [stream]
        served.keepalive.sweep()
        await until(lambda: app.session.told[-1] == "lost")


async def test_the_kernel_ends_connections_that_acknowledge_nothing() -> None:
    async with streaming() as (_, app, _reader, _writer):
        kernel = app.session.outlet.kernel
        assert kernel is not None
        assert kernel.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == SILENT_MS


async def test_a_stopping_server_ends_it() -> None:
    async with streaming() as (served, app, reader, _writer), patience():
        await served.server.shutdown()
        assert await reader.read() == b"0\r\n\r\n"
        assert app.session.told == ["opened", "drain", "ending", "lost"]


async def test_a_session_that_fails_loses_its_connection_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: Reader) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Reader, "drain", broken)
    async with streaming() as (_, app, reader, _writer), patience():
        app.session.outlet.shutdown()
        with suppress(ConnectionError):
            assert await reader.read() == b""
        await until(lambda: app.session.told[-1] == "lost")
