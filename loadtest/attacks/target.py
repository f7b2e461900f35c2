"""The server that is attacked: a real ``grandstand serve`` with a room, and ways to reach it.

Attacks keep raw sockets and not ``grandstand.client``: they must do what no client does.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from grandstand.tokens import Tokens

from loadtest.bench.grandstand import ROOM, Grandstand, grandstand
from loadtest.seats.dialects import Grandstand as Dialect

ATTACKER = "127.0.0.2"
"""Whence attacks come, unless they come from many addresses."""

TOKEN_S = 3600

REST_LOOK_S = 0.25
REST_WITHIN_S = 120.0


def many_rooms(count: int) -> tuple[str, ...]:
    """So many rooms, the one that is attacked among them."""
    return (ROOM, *(f"empty{number}" for number in range(1, count)))


class RefusedError(Exception):
    """The server didn't let a connection in; the message is what it answered."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server that is up, and its room."""

    server: Grandstand
    room: str = ROOM

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.server.address

    def token(self, sub: str, role: Any = "viewer") -> str:
        """A token of the room."""
        return Tokens(self.server.secret).issue(sub, sub, role, [self.room], TOKEN_S)

    async def connected(self, source: str = ATTACKER) -> socket.socket:
        """A connection from one of our addresses on which nothing was said yet."""
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(connection, self.address)
        return connection

    async def upgraded(self, source: str = ATTACKER) -> socket.socket:
        """A WebSocket before its ``hello``. Raises RefusedError."""
        connection = await self.connected(source)
        loop = asyncio.get_running_loop()
        dialect = Dialect(f"{self.address[0]}:{self.address[1]}", self.room)
        await loop.sock_sendall(connection, dialect.opening)
        answer = await loop.sock_recv(connection, 4096)
        if not answer.startswith(b"HTTP/1.1 101 "):
            connection.close()
            raise RefusedError(answer.decode("latin-1"))
        return connection

    async def entered(self, sub: str, source: str = ATTACKER) -> socket.socket:
        """A viewer with a token, who has been sent the first of its ``welcome``."""
        connection = await self.upgraded(source)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(
            connection, Dialect.say({"type": "hello", "token": self.token(sub)})
        )
        await loop.sock_recv(connection, 1 << 16)
        return connection


async def send_all(connection: socket.socket, data: bytes) -> None:
    """Send, and read away what is answered; the end of the connection ends it."""
    loop = asyncio.get_running_loop()

    async def read_away() -> None:
        while await loop.sock_recv(connection, 1 << 16):
            pass

    reading = asyncio.ensure_future(read_away())
    sending = asyncio.ensure_future(loop.sock_sendall(connection, data))
    try:
        await asyncio.wait([reading, sending], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (reading, sending):
            task.cancel()
        await asyncio.gather(reading, sending, return_exceptions=True)


@contextmanager
def target(
    settings: Mapping[str, Any],
    environment: Mapping[str, str],
    options: Sequence[str],
    rooms: Sequence[str] = (ROOM,),
) -> Iterator[Target]:
    """Start one with an empty store and its ordinary limits; it ends with the block. Where there
    are several rooms, they have come to rest."""
    cores = os.sched_getaffinity(0)
    with grandstand(
        cores, settings, environment, rooms=rooms, ordinary=True, options=options
    ) as server:
        if len(rooms) > 1:
            until_at_rest(server)
        yield Target(server)


def until_at_rest(server: Grandstand) -> None:
    """Wait until the server, whose rooms were just made, sequences none of them any more.

    Raises OSError if that doesn't happen.
    """
    until_s = time.monotonic() + REST_WITHIN_S
    has_begun = False  # a new room isn't held at once
    while (held := server.metric("grandstand_leases_held")) or not has_begun:
        has_begun = has_begun or held > 0
        if time.monotonic() > until_s:
            raise OSError(f"{held:.0f} rooms aren't at rest after {REST_WITHIN_S} s")
        time.sleep(REST_LOOK_S)
