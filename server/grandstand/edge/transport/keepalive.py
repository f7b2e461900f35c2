"""Timing for sockets: pings, and deadlines to a second, all by one sweep a second.

It must not know what a socket is beyond ``Pinged``, nor why somebody set a deadline.

Theory of operation: time is a count of sweeps. A socket stays in one of 25 slots for life. A sweep
pings the slot whose turn it is, and checks the slot that was pinged 10 sweeps before. So a viewer
costs one set entry and no timer. Deadlines are kept in a dictionary by the sweep at which they are
due. A stalled loop doesn't make up for sweeps that it missed: deadlines then come late, and never
before the bytes that would have met them were read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

SWEEP_S = 1
PING_EVERY_SWEEPS = 25  # both from the wire contract: a ping every 25 s,
PONG_WITHIN_SWEEPS = 10  # and 10 s for its pong

_log = structlog.get_logger(__name__)


class Pinged(Protocol):
    """What the sweep asks of a socket."""

    def ping(self) -> None:
        """Send a ping and forget the pongs of before."""

    def judge_pong(self) -> None:
        """Close if no pong came since the last ``ping``."""


class Deadline:
    """A call to be made later, unless it is cancelled first."""

    __slots__ = ("_call", "_due_with")

    def __init__(self, call: Callable[[], None], due_with: set[Deadline]) -> None:
        self._call: Callable[[], None] | None = call
        self._due_with = due_with
        due_with.add(self)

    def cancel(self) -> None:
        """Never call it; harmless when it was called or cancelled already."""
        self._call = None
        self._due_with.discard(self)

    def expire(self) -> None:
        """Make the call: the time has come."""
        call, self._call = self._call, None
        if call is not None:
            call()


class Keepalive:
    """The slots and deadlines of one event loop; ``sweep`` is the clock, ``run`` drives it."""

    def __init__(self) -> None:
        self.failures = 0
        """Sockets or deadlines that raised while they were swept."""
        self._sweeps = 0
        self._slots: list[set[Pinged]] = [set() for _ in range(PING_EVERY_SWEEPS)]
        self._due: dict[int, set[Deadline]] = {}

    def join(self, socket: Pinged) -> int:
        """Ping ``socket`` from now on; return its slot, which ``leave`` needs.

        It is the emptiest slot, so that many arrivals at once don't make many pings at once.
        """
        sizes = [*map(len, self._slots)]
        slot = sizes.index(min(sizes))
        self._slots[slot].add(socket)
        return slot

    def leave(self, socket: Pinged, slot: int) -> None:
        """Ping ``socket`` no more; harmless if it left already."""
        self._slots[slot].discard(socket)

    def after(self, delay_s: int, call: Callable[[], None]) -> Deadline:
        """Call ``call`` once, between ``delay_s`` and ``delay_s`` plus one seconds from now."""
        due = self._sweeps + delay_s // SWEEP_S + 1
        return Deadline(call, self._due.setdefault(due, set()))

    def sweep(self) -> None:
        """Do the work of one second."""
        self._sweeps += 1
        for deadline in tuple(self._due.pop(self._sweeps, ())):
            self._guarded(deadline.expire)
        for socket in tuple(self._slots[(self._sweeps - PONG_WITHIN_SWEEPS) % PING_EVERY_SWEEPS]):
            self._guarded(socket.judge_pong)
        for socket in tuple(self._slots[self._sweeps % PING_EVERY_SWEEPS]):
            self._guarded(socket.ping)

    async def run(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Sweep every second until cancelled; ``now`` and ``sleep`` are in seconds."""
        due_s = now()
        while True:
            due_s += SWEEP_S
            if due_s < now():
                due_s = now() + SWEEP_S
            await sleep(due_s - now())
            self.sweep()

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:
            self.failures += 1
            _log.exception("socket failed in the sweep")
