"""Reads what connections have sent, in turns: a limited number of frames in one turn of the loop.

It must not know sockets or frames beyond ``Reader``.

Theory of operation: a connection reads the first frame of what came by itself. A connection with
more stops its transport and queues here. Each turn of the loop reads a bounded number of frames, a
few of each connection, round robin. Then sockets, timers and other viewers have their turn. So a
flood takes a bounded share of the loop, over however many connections it comes.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import structlog

FRAMES_A_TURN = 64
"""Of all queued connections together: 0.6 ms of pings, 2 to 4 ms of messages."""

FRAMES_A_CONNECTION = 8
"""Of one connection in one go."""

TURN_S = 0.01
"""A turn also ends after this time, since some messages are more expensive than most."""

EVENTS_A_TURN, EVENTS_A_REQUEST = 24, 8
"""The same for HTTP, in h11's events: eight small requests, about 5 ms with their answers."""

_log = structlog.get_logger(__name__)


class Reader(Protocol):
    """A connection that has sent more than one frame at once."""

    def read_on(self, most: int) -> int:
        """Read up to ``most`` frames; return how many were read. If fewer, it needn't be asked
        again."""

    def abort(self) -> None:
        """Drop the connection, since what it sent can't be read."""


class RoundRobin:
    """The queue of one event loop. A turn reads ``a_turn`` frames, and ``a_connection`` of one
    connection. ``call_soon`` is that loop's, ``now_s`` its clock, unless a test gives its own."""

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object] | None = None,
        a_turn: int = FRAMES_A_TURN,
        a_connection: int = FRAMES_A_CONNECTION,
        now_s: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._call_soon = call_soon
        self._now_s = now_s
        self._a_turn = a_turn
        self._a_connection = a_connection
        self._queue: OrderedDict[Reader, None] = OrderedDict()
        self._is_due = False

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, reader: Reader) -> None:
        """Let ``reader`` read from the next turn of the loop on; one that is queued stays so."""
        self._queue[reader] = None
        if not self._is_due:
            self._schedule()

    def turn(self) -> None:
        """Do one turn of the loop."""
        self._is_due = False
        left, end_s = self._a_turn, self._now_s() + TURN_S
        while self._queue and left > 0 and self._now_s() < end_s:
            reader, _ = self._queue.popitem(last=False)
            share = min(self._a_connection, left)
            try:
                count = reader.read_on(share)
            except Exception:
                _log.exception("read failed")
                reader.abort()
                count = 0
            left -= max(count, 1)
            if count == share:
                self._queue[reader] = None
        if self._queue:
            self._schedule()

    def _schedule(self) -> None:
        self._is_due = True
        call_soon = self._call_soon or asyncio.get_running_loop().call_soon
        call_soon(self.turn)
