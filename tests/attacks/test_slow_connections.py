"""Connections that cost nothing and never end: silent ones, half a head, half a body, an answer
that nobody reads. Asserted is what is closed, and after how many seconds of the sweep's clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from grandstand import process_limits
from grandstand.edge.transport.connection_limits import BODY_S, HEAD_S, UNREAD_S
from grandstand.edge.transport.dispatch import Dispatch

from tests.conftest import MakeServer
from tests.edge.echo import Served, serving
from tests.edge.queues import send_in_pieces
from tests.waiting import patience, until

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
UPGRADE = (
    b"GET /v1/rooms/night/live HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
ATTACKER = "127.0.0.2"

visitors: list[Visitor] = []


@pytest_asyncio.fixture(autouse=True)
async def _all_leave() -> AsyncIterator[None]:
    yield
    while visitors:
        await visitors.pop().leave()


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    """Answers once the body is whole."""
    while (message := await receive())["type"] == "http.request":
        if not message["more_body"]:
            await answer(send, b"ok")
            return


async def answers_first(scope: Any, receive: Any, send: Any) -> None:
    """Answers without a look at the body, as a call whose token is wrong."""
    await answer(send, b"ok")


async def answer(send: Any, body: bytes) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Visitor:
    """One peer and its connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def of(cls, port: int, address: str = "127.0.0.1") -> Visitor:
        pair = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        visitor = cls(*pair)
        visitors.append(visitor)
        return visitor

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def heard(self, until: bytes) -> bytes:
        async with patience():
            return await self.reader.readuntil(until)

    async def rest(self) -> bytes:
        """All to the end of the connection."""
        async with patience():
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    @property
    def is_over(self) -> bool:
        return self.reader.at_eof() or self.reader.exception() is not None

    async def leave(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def arrived(served: Served, count: int = 1) -> None:
    await until(lambda: len(served.server.server_state.connections) == count)


def is_kept(served: Served) -> bool:
    """Whether the server has connections, and closes none of them: its peers may not know yet."""
    ends: Any = served.server.server_state.connections
    wires = [getattr(end, "transport", None) or end._transport for end in ends]
    return bool(wires) and not any(wire.is_closing() for wire in wires)


def sweep(served: Served, seconds: int) -> None:
    for _ in range(seconds):
        served.keepalive.sweep()


async def read_by_server(served: Served, what: Callable[[Any], bool]) -> Any:
    """The server's end of the one connection, once ``what`` holds for it."""

    def found() -> bool:
        return any(what(each) for each in served.server.server_state.connections)

    await until(found)
    (connection,) = served.server.server_state.connections
    return connection


def owes(seconds: int) -> Callable[[Any], bool]:
    return lambda end: getattr(end, "_owed", (-1,))[0] == seconds


async def test_a_silent_connection_is_closed_after_five_seconds_and_not_before() -> None:
    async with serving(http=Dispatch) as served:
        visitor = await Visitor.of(served.port)
        await arrived(served)
        sweep(served, HEAD_S)
        assert is_kept(served)
        sweep(served, 1)
        assert await visitor.rest() == b""
        await arrived(served, 0)
        assert served.connection_limits.refused["slow"] == 1


@pytest.mark.parametrize("head", [GET, UPGRADE], ids=["get", "upgrade"])
async def test_half_a_head_is_answered_408_however_it_drips(head: bytes) -> None:
    async with serving(http=Dispatch) as served:
        visitor = await Visitor.of(served.port)
        await arrived(served)
        for number in range(HEAD_S):
            visitor.say(head[number : number + 1])
            await read_by_server(
                served, lambda end: len(getattr(end, "conn", b"") and end.conn.trailing_data[0])
                == number + 1  # noqa: B023
            )  # fmt: skip
            sweep(served, 1)
        assert is_kept(served)
        sweep(served, 1)
        said = await visitor.rest()
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"application/problem+json" in said
        await arrived(served, 0)


@pytest.mark.parametrize("request_", [POST, CHUNKED], ids=["length", "chunked"])
async def test_half_a_body_is_answered_408_however_it_drips(request_: bytes) -> None:
    read = asyncio.Queue[bytes]()

    async def reads_on(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            read.put_nowait(message["body"])

    async with serving(app=reads_on, http=Dispatch) as served:
        visitor = await Visitor.of(served.port)
        visitor.say(request_)
        await read_by_server(served, owes(BODY_S))
        for _ in range(BODY_S):
            visitor.say(b"1\r\na\r\n" if request_ is CHUNKED else b"a")
            async with patience():
                await read.get()
            sweep(served, 1)
        assert is_kept(served)
        sweep(served, 1)
        assert (await visitor.rest()).startswith(b"HTTP/1.1 408 ")
        await arrived(served, 0)


async def test_a_body_that_drips_on_after_its_answer_is_closed_without_another() -> None:
    async with serving(app=answers_first, http=Dispatch) as served:
        visitor = await Visitor.of(served.port)
        visitor.say(POST)
        await visitor.heard(b"ok")
        for _ in range(BODY_S + 1):
            visitor.say(b"a")
            sweep(served, 1)
        await visitor.rest()
        await arrived(served, 0)


async def test_half_a_second_request_is_answered_408() -> None:
    async with serving(app=reads_all, http=Dispatch) as served:
        visitor = await Visitor.of(served.port)
        visitor.say(GET)
        await visitor.heard(b"ok")
        sweep(served, 3 * HEAD_S)
        visitor.say(GET[:-1])
        await read_by_server(served, owes(HEAD_S))
        sweep(served, HEAD_S)
        assert is_kept(served)
        sweep(served, 1)
        assert (await visitor.rest()).startswith(b"HTTP/1.1 408 ")


async def test_whoever_is_in_time_is_answered_and_kept() -> None:
    async with serving(app=reads_all, http=Dispatch) as served:
        visitor = await Visitor.of(served.port)
        await arrived(served)
        for _ in range(3):
            sweep(served, HEAD_S)
            visitor.say(POST)
            await read_by_server(served, owes(BODY_S))
            sweep(served, BODY_S)
            visitor.say(b"a" * 100)
            await visitor.heard(b"ok")
            await read_by_server(served, owes(0))
        sweep(served, 10 * BODY_S)
        assert is_kept(served)
        await visitor.leave()


async def test_an_answer_may_take_as_long_as_it_takes_while_it_is_read() -> None:
    go_on = asyncio.Event()

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begin", "more_body": True})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"end"})

    for request_ in (GET, POST):
        go_on.clear()
        async with serving(app=streams, http=Dispatch) as served:
            visitor = await Visitor.of(served.port)
            visitor.say(request_)
            await visitor.heard(b"begin")
            sweep(served, 20 * BODY_S)
            go_on.set()
            await visitor.heard(b"end")
            await visitor.leave()


async def test_an_answer_that_nobody_reads_is_cut_and_one_read_slowly_is_not() -> None:
    async def much(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, bytes(16 << 20))

    async with serving(app=much, http=Dispatch) as served:
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.setblocking(False)
        loop = asyncio.get_running_loop()
        with peer:
            await loop.sock_connect(peer, ("127.0.0.1", served.port))
            await loop.sock_sendall(peer, GET)
            end = await read_by_server(served, lambda end: bool(getattr(end, "_unread_bytes", 0)))
            left = end.transport.get_write_buffer_size()
            for _ in range(3):
                sweep(served, UNREAD_S)
                while end.transport.get_write_buffer_size() >= left:
                    await loop.sock_recv(peer, 1 << 16)
                    await asyncio.sleep(0)
                left = end.transport.get_write_buffer_size()
            assert not end.transport.is_closing()
            sweep(served, 2 * UNREAD_S + 2)
            await arrived(served, 0)


async def test_a_hundred_silent_ones_of_one_address_shut_nobody_else_out() -> None:
    async with serving(app=reads_all, http=Dispatch, limits={"per_address": 20}) as served:
        silent = [await Visitor.of(served.port, ATTACKER) for _ in range(100)]
        await until(lambda: served.connection_limits.refused["address"] == 80)
        assert served.connection_limits.count(ATTACKER) == 20
        for address in ("127.0.0.1", "127.0.0.3"):
            other = await Visitor.of(served.port, address)
            other.say(GET)
            await other.heard(b"ok")
            await other.leave()
        sweep(served, HEAD_S + 1)
        await arrived(served, 0)
        assert served.connection_limits.count(ATTACKER) == 0
        again = await Visitor.of(served.port, ATTACKER)
        again.say(GET)
        await again.heard(b"ok")
        assert all(each.is_over for each in silent)


async def test_viewers_are_the_gates_to_count() -> None:
    async with serving(app=reads_all, http=Dispatch, limits={"per_address": 1}) as served:
        viewers = []
        for half in (len(UPGRADE), 20):
            viewer = await Visitor.of(served.port, ATTACKER)
            pieces = [UPGRADE] if half == len(UPGRADE) else [UPGRADE[:half], UPGRADE[half:]]
            await send_in_pieces(served, viewer.writer, pieces)
            await viewer.heard(b"\r\n\r\n")
            viewers.append(viewer)
        assert served.connection_limits.count(ATTACKER) == 0
        sweep(served, HEAD_S + 1)
        assert is_kept(served)


async def test_a_balancers_connections_are_not_limited_at_accept() -> None:
    async with serving(
        app=reads_all, http=Dispatch, limits={"per_address": 1}, forwarded_allow_ips="127.0.0.0/29"
    ) as served:
        for _ in range(5):
            await Visitor.of(served.port, ATTACKER)
        await arrived(served, 5)
        assert served.connection_limits.refused["address"] == 0


async def test_at_the_limit_of_files_the_longest_silent_one_gives_way() -> None:
    async with serving(app=reads_all, http=Dispatch, limits={"most": 10}) as served:
        silent = [await Visitor.of(served.port, f"127.0.0.{number}") for number in range(2, 12)]
        await arrived(served, 10)
        other = await Visitor.of(served.port)
        other.say(GET)
        await other.heard(b"ok")
        assert await silent[0].rest() == b""
        assert served.connection_limits.refused == {"address": 0, "files": 1, "odd": 0, "slow": 0}
        assert not any(each.is_over for each in silent[1:])


async def test_where_nobody_is_silent_a_newcomer_is_closed() -> None:
    async with serving(app=reads_all, http=Dispatch, limits={"most": 1}) as served:
        viewer = await Visitor.of(served.port)
        viewer.say(UPGRADE)
        await viewer.heard(b"\r\n\r\n")
        other = await Visitor.of(served.port)
        assert await other.rest() == b""
        assert not viewer.is_over
        assert served.connection_limits.refused["files"] == 1


def test_more_connections_than_files_leave_the_store_and_others_be(make_server: MakeServer) -> None:
    """A real server with 1,024 files; whoever can't be let in is closed."""
    process_limits.raise_file_limit()
    server = make_server(open_files=1024).start()
    files = Path(f"/proc/{server.pid}/fd")
    with contextlib.ExitStack() as held:
        for number in range(1500):
            silent = held.enter_context(socket.socket())
            silent.bind((ATTACKER, 0))
            silent.connect(("127.0.0.1", server.port))
            if number % 100 == 0:
                assert server.call("GET", "/readyz").status == 200
        assert len(list(files.iterdir())) <= 1024 - process_limits.FILES_KEPT // 2
        server.make_room("full")
        metrics = server.call("GET", "/metrics").body.decode()
    (refused,) = re.findall(r'grandstand_connections_refused_total\{why="files"\} (\d+)', metrics)
    assert int(refused) >= 1500 - 1024
    assert "Too many open files" not in server.log
    assert "error" not in server.log
