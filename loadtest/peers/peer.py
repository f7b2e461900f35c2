"""What every peer of a comparison offers, so that a benchmark or a test takes any of them.

A peer is a server with one room. Viewers come in over its ``dialect``; what is published reaches
all of them. It must not know who measures it, nor with what.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

Dialect = Literal["websocket", "socketio", "nats"]
"""How a viewer comes in: a plain WebSocket upgrade; that, and then Engine.IO 4 and Socket.IO 5;
or NATS' lines over TCP."""


class PeerError(Exception):
    """A peer didn't start, didn't answer or refused; the message ends with what it logged."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One frame written to every viewer, as the process that did it saw it itself.

    ``cpu_ns`` is its user and system time; ``wall_ns`` is longer where it waited for a full socket
    or for the core.
    """

    cpu_ns: int
    wall_ns: int


class Running(Protocol):
    """A peer that is up."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that viewers connect to."""

    def viewers(self) -> int:
        """How many are in and get the next frame. Raises PeerError."""

    def publish(self, payload: bytes, count: int = 1, every_ms: float = 0) -> tuple[Loop, ...]:
        """Give every viewer the payload ``count`` times, and come back when the last is given out.

        Due times are ``every_ms`` apart; who is late goes on at once. The payload is UTF-8 text;
        without quotes, backslashes and control characters it has its size in every dialect.
        Returns the loops where a peer measures itself, as the floors do; else nothing. What a
        server still has in its own buffers it sends afterwards. With a single viewer one of 100
        publishes cost 90 (Nchan) to 350 us (Socket.IO) of the peer's CPU: at 5,000 viewers that is
        0.02 to 0.07 us for each. Raises PeerError.
        """

    def pids(self) -> list[int]:
        """All processes whose CPU and memory are the peer's."""


class Peer(Protocol):
    """One of the lineup; ``path`` is the URL's path and query, in NATS the subject."""

    @property
    def name(self) -> str:
        """As in tables and on command lines."""

    @property
    def dialect(self) -> Dialect:
        """What its viewers speak."""

    @property
    def path(self) -> str:
        """Where its one room is."""

    @property
    def how_to_install(self) -> str:
        """One line for who doesn't have it."""

    def available(self) -> bool:
        """Whether it can be started here."""

    def started(self, cores: Collection[int]) -> AbstractContextManager[Running]:
        """The peer up on a free port of 127.0.0.1 and on these cores alone; stopped on leaving.

        It may open as many files as this process's hard limit says. Raises PeerError.
        """


def due(count: int, every_ms: float) -> Iterator[None]:
    """Come back ``count`` times, ``every_ms`` apart, at once where that has passed."""
    first_s = time.monotonic()
    for turn in range(count):
        time.sleep(max(0.0, first_s + turn * every_ms / 1000 - time.monotonic()))
        yield
