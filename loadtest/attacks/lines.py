"""Strangers at some addresses who would fill the waiting room, while others come in.

They ask for twice as many sockets a second as the server opens. Some say a good ``hello`` and wait,
until the line is full, and stay once they are in. Others say what is no ``hello``, and never answer
the close, in a house with few seats.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping
from contextlib import closing
from functools import partial

from grandstand.edge.waiting_room import OPENINGS
from grandstand.timeouts import timeout

from loadtest.attacks.attack import Attack
from loadtest.attacks.target import RefusedError, Target
from loadtest.attacks.witness import VIEWERS
from loadtest.seats.client_frames import BINARY, masked
from loadtest.seats.dialects import Grandstand as Dialect
from loadtest.seats.dialects import Kind

PER_S = 20
LINE = 80
STRANGERS = tuple(f"127.0.0.{number}" for number in range(2, 10))
FILLED_AFTER_S = LINE / PER_S + 2
HONEST = 20
SECONDS = 3.0
SEATS = VIEWERS + 4
LONGEST_S = 5.0
"""An honest viewer gives up, and the attack has succeeded."""

WAITING = "grandstand_viewers_waiting"


async def fill(target: Target, rude: bool) -> Mapping[str, int]:
    """Return what honest viewers, who come one after the other, waited at most; and how long the
    line was.

    Raises RefusedError if one is turned away, TimeoutError if one waits for ``LONGEST_S``.
    """
    waited_ms: list[float] = []
    held: list[socket.socket] = []
    hello = masked(BINARY, b"no hello") if rude else Dialect.say({"type": "hello"})
    async with asyncio.TaskGroup() as group:
        crowding = [group.create_task(_crowd(target, each, hello, held)) for each in STRANGERS]
        await asyncio.sleep(FILLED_AFTER_S)
        line = await asyncio.to_thread(target.server.metric, WAITING)
        for number in range(HONEST):
            waited_ms.append(1000 * await _come_in(target, number))
            await asyncio.sleep(SECONDS / HONEST)
        for task in crowding:
            task.cancel()
    for connection in held:
        connection.close()
    return {"honest in": len(waited_ms), "ms at most": round(max(waited_ms)), "in line": int(line)}


async def _crowd(target: Target, source: str, hello: bytes, held: list[socket.socket]) -> None:
    """Come again and again from one address, as fast as its share allows; leave never."""
    loop, every_s = asyncio.get_running_loop(), len(STRANGERS) / (2 * OPENINGS * PER_S)
    async with asyncio.TaskGroup() as group:
        due_s = loop.time()
        while True:
            group.create_task(_hold(target, source, hello, held))
            due_s += every_s
            await asyncio.sleep(max(0.0, due_s - loop.time()))


async def _hold(target: Target, source: str, hello: bytes, held: list[socket.socket]) -> None:
    try:
        connection = await target.upgraded(source)
        held.append(connection)
        await asyncio.get_running_loop().sock_sendall(connection, hello)
    except (OSError, RefusedError):
        return  # what strangers get is nobody's concern


async def _come_in(target: Target, number: int) -> float:
    """Come from an address of one's own, wait for the welcome, and leave; return the seconds."""
    loop, begun_s = asyncio.get_running_loop(), time.monotonic()
    async with timeout(LONGEST_S):
        with closing(await target.upgraded(f"127.0.1.{number + 1}")) as connection:
            dialect = Dialect(f"{target.address[0]}:{target.address[1]}", target.room)
            await loop.sock_sendall(
                connection, dialect.hello(target.token(f"honest{number}"), None)
            )
            data = b""
            while more := await loop.sock_recv(connection, 1 << 16):
                data, at = data + more, 0
                while (message := dialect.cut(data, at, upgraded=True)) is not None:
                    if message.kind is Kind.ENTERED:
                        return time.monotonic() - begun_s
                    at = message.end
                data = data[at:]
    raise RefusedError("sent away from the line")


ATTACKS = tuple(
    Attack(
        name,
        partial(fill, rude=rude),
        environment={
            "GRANDSTAND_HANDSHAKES_PER_S": str(PER_S),
            "GRANDSTAND_WAITING_MAX": str(LINE),
            "GRANDSTAND_VIEWERS_MAX": str(seats),
        },
    )
    for name, rude, seats in (("line", False, 0), ("line-rude", True, SEATS))
)
