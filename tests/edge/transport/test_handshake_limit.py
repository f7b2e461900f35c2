from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from grandstand.edge.transport.connection_limits import ConnectionLimits
from grandstand.edge.transport.dispatch import Dispatch
from grandstand.edge.transport.handshake import Refusal
from grandstand.edge.transport.handshake_limit import LONGEST_S, HandshakeLimit
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.edge.transport.websocket import ViewerSocket
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.edge.echo import EchoAdmission, no_app, serving
from tests.edge.harness import harness
from tests.edge.queues import send_in_pieces

HEAD = (
    b"GET /v1/rooms/night/live HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


@asynccontextmanager
async def admitting(admission: EchoAdmission) -> AsyncIterator[int]:
    """Our way in on a free port, which it yields."""
    viewer = functools.partial(
        ViewerSocket, admission=admission, keepalive=Keepalive(), turns=RoundRobin()
    )
    config = Config(no_app, ws=viewer, lifespan="off", log_config=None)  # type: ignore[arg-type]
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Dispatch(config, state, {}, limits=ConnectionLimits(Keepalive())), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]
        for connection in list(state.connections):
            assert isinstance(connection, ViewerSocket)
            connection.abort()


def letting_in(per_s: int, on_refusal: Callable[[], object] = lambda: None) -> EchoAdmission:
    """An admission whose clock stands still."""
    return EchoAdmission(handshake_limit=HandshakeLimit(per_s, on_refusal, now=lambda: 0.0))


async def status(port: int, head: bytes, source: str) -> int:
    """What a request from an address is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    writer.write(head)
    line = await reader.readuntil(b"\r\n")
    writer.close()
    return int(line.split()[1])


async def test_so_many_at_once_come_in_and_the_next_is_told_when_to_come_again() -> None:
    refused: list[None] = []
    admission = letting_in(2, lambda: refused.append(None))
    async with admitting(admission) as port, AsyncExitStack() as stack:
        url = f"ws://127.0.0.1:{port}/v1/rooms/night/live"
        for _ in range(2):
            await stack.enter_async_context(connect(url, proxy=None))
        with pytest.raises(InvalidStatus) as turned_away:
            await connect(url, proxy=None)
        response = turned_away.value.response
        body = json.loads(response.body)
        assert (response.status_code, body["status"], body["code"]) == (503, 503, "overloaded")
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["Retry-After"] == "1"
        assert len(admission.handshakes) == 2
        assert len(refused) == 1


async def test_a_request_in_pieces_is_turned_away_too() -> None:
    async with serving(letting_in(1), http=Dispatch) as served:
        answers = []
        for pieces in ([HEAD], [HEAD[:30], HEAD[30:]]):
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            await send_in_pieces(served, writer, pieces)
            answers.append(await reader.readuntil(b"\r\n"))
            writer.close()
        assert answers == [
            b"HTTP/1.1 101 Switching Protocols\r\n",
            b"HTTP/1.1 503 Service Unavailable\r\n",
        ]


async def test_those_refused_are_told_to_come_one_after_the_other_and_nobody_too_late() -> None:
    async with admitting(letting_in(1)) as port:
        seconds = []
        for _ in range(1 + 2 * LONGEST_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD)
            answer = await reader.readuntil(b"\r\n\r\n")
            if b"503" in answer:
                told = answer.partition(b"Retry-After: ")[2]
                seconds.append(int(told.partition(b"\r\n")[0]))
            writer.close()
    assert len(seconds) == 2 * LONGEST_S
    assert seconds == 2 * [*range(1, LONGEST_S + 1)]


async def test_what_leads_to_nothing_takes_nothing_from_other_addresses() -> None:
    admission = letting_in(4)
    admission.answer = Refusal(404, b"{}")
    async with admitting(admission) as port:
        wrong_version = HEAD.replace(b"Version: 13", b"Version: 12")
        asked = [wrong_version, wrong_version, HEAD, HEAD, HEAD]
        prober = [await status(port, head, "127.0.0.2") for head in asked]
        assert prober == [400, 400, 404, 404, 503]
        admission.answer = None
        others = [await status(port, HEAD, f"127.0.1.{number}") for number in range(7)]
    assert others == [101] * 6 + [503]


async def test_behind_a_trusted_proxy_an_address_is_the_viewer_s() -> None:
    async with admitting(letting_in(2)) as port:
        by_proxy = HEAD.replace(b"\r\n\r\n", b"\r\nx-forwarded-FOR: 192.0.2.%d\r\n\r\n")
        flood = [await status(port, by_proxy % 1, "127.0.0.1") for _ in range(3)]
        assert flood == [101, 101, 503]
        assert await status(port, by_proxy % 2, "127.0.0.1") == 101
    async with admitting(letting_in(2)) as port:
        liar = [await status(port, by_proxy % number, "127.0.0.2") for number in range(3)]
        assert liar == [101, 101, 503]


async def test_a_refused_hello_takes_nothing_from_other_addresses(tmp_path: Path) -> None:
    handshake_limit = HandshakeLimit(2, now=lambda: 0.0)
    async with harness(tmp_path, handshake_limit=handshake_limit) as here:
        live = await here.room()
        for room, token in ((live.room, "no token"), ("nowhere", here.token(rooms=("nowhere",)))):
            async with here.connected(room) as prober:
                await prober.send({"type": "hello", "token": token})
                assert await prober.closed() in (3000, 4004)
    assert handshake_limit.refusal("127.0.0.1").startswith(b"HTTP/1.1 503 ")
    others = [handshake_limit.refusal(f"127.0.1.{number}") for number in range(4)]
    assert [bool(answer) for answer in others] == [False, False, False, True]
