from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from grandstand.edge.admission import LONGEST_S, Admission
from grandstand.edge.entrance import Entrance
from grandstand.edge.keepalive import Keepalive
from grandstand.edge.round_robin import RoundRobin
from grandstand.edge.socket import ViewerSocket
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry
from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.edge.echo import EchoGate, no_app

HEAD = (
    b"GET /v1/rooms/night/live HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n"
    b"Upgrade: websocket\r\n"
    b"Connection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)


@asynccontextmanager
async def admitting(per_s: int, gate: EchoGate, metrics: Metrics) -> AsyncIterator[int]:
    """Our way in on a free port, which it yields; its clock stands still."""
    viewer = functools.partial(ViewerSocket, gate=gate, keepalive=Keepalive(), turns=RoundRobin())
    admission = Admission(per_s, metrics, viewer, now=lambda: 0.0)
    config = Config(no_app, ws=admission, lifespan="off", log_config=None)  # type: ignore[arg-type]
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Entrance(config, state, {}), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]
        for connection in list(state.connections):
            assert isinstance(connection, ViewerSocket)
            connection.abort()


def refused(metrics: Metrics) -> float:
    return metrics.registry.get_sample_value(
        "grandstand_handshakes_refused_total", {"code": "overloaded"}
    ) or float("nan")


async def test_so_many_at_once_come_in_and_the_next_is_told_when_to_come_again() -> None:
    gate, metrics = EchoGate(), Metrics(CollectorRegistry())
    async with admitting(2, gate, metrics) as port, AsyncExitStack() as stack:
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
        assert len(gate.handshakes) == 2
        assert refused(metrics) == 1


async def test_a_request_in_pieces_is_turned_away_too() -> None:
    gate, metrics = EchoGate(), Metrics(CollectorRegistry())
    async with admitting(1, gate, metrics) as port:
        answers = []
        for pieces in ([HEAD], [HEAD[:30], HEAD[30:]]):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.01)
            answers.append(await asyncio.wait_for(reader.readuntil(b"\r\n"), 5))
            writer.close()
        assert answers == [
            b"HTTP/1.1 101 Switching Protocols\r\n",
            b"HTTP/1.1 503 Service Unavailable\r\n",
        ]


async def test_those_refused_are_told_to_come_one_after_the_other_and_nobody_too_late() -> None:
    metrics = Metrics(CollectorRegistry())
    async with admitting(1, EchoGate(), metrics) as port:
        seconds = []
        for _ in range(1 + 2 * LONGEST_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            if b"503" in answer:
                told = answer.partition(b"Retry-After: ")[2]
                seconds.append(int(told.partition(b"\r\n")[0]))
            writer.close()
    assert len(seconds) == 2 * LONGEST_S
    assert seconds == 2 * [*range(1, LONGEST_S + 1)]
