"""Small servers that speak as those of others do, and a stand in front of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from loadtest.seats.dialects import Dialect
from loadtest.seats.pace import Pace
from loadtest.seats.socket_pool import Listener, SocketPool
from tests import waiting

PATIENCE_S = 20.0


@asynccontextmanager
async def pool(
    dialect: Dialect, port: int, *, listener: Listener | None = None, comes_back: bool = True
) -> AsyncIterator[SocketPool]:
    """Seats at a server here, taken in on the test's own loop."""
    loop = asyncio.get_running_loop()
    made = SocketPool(
        dialect,
        ("127.0.0.1", port),
        Pace(per_s=5000, at_once=50),
        comes_back,
        listener,
        sample_every=10,
    )
    loop.add_reader(made.fileno(), made.turn)
    try:
        yield made
    finally:
        loop.remove_reader(made.fileno())
        made.close()


async def until(made: SocketPool, condition: Callable[[], object]) -> None:
    """Opens what is due until ``condition`` holds."""

    def holds() -> object:
        made.open_due()
        return condition()

    await waiting.until(holds)


@asynccontextmanager
async def websocket_show(
    talk: Callable[[ServerConnection], object],
) -> AsyncIterator[tuple[int, set[ServerConnection]]]:
    """A WebSocket server: ``talk`` is a coroutine function; gives its port and who is in."""
    here: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        try:
            opened = talk(connection)
            if asyncio.iscoroutine(opened):
                await opened
            here.add(connection)
            await connection.wait_closed()
        except ConnectionClosed:
            pass  # the seat has left
        finally:
            here.discard(connection)

    async with serve(handle, "127.0.0.1", 0, compression=None, close_timeout=0.1) as server:
        yield server.sockets[0].getsockname()[1], here


class NatsShow:
    """As a NATS server: INFO first, then what CONNECT, SUB and PING ask for."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        writer.write(b'INFO {"server_id":"x","max_payload":1048576}\r\n')
        try:
            while line := await reader.readline():
                self.lines.append(line.strip())
                if line.startswith(b"PING"):
                    writer.write(b"PONG\r\n")
                    self.writers.append(writer)
        except ConnectionError:
            pass  # the seat has left without a word
        finally:
            writer.close()

    def publish(self, data: bytes) -> None:
        """Bytes to everybody."""
        for writer in self.writers:
            writer.write(data)
