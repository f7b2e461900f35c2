"""Sends viewers away when a server stops: in slices, as fast as other servers can take them.

It must not know what a viewer is told, nor HTTP. Uvicorn would tell all of them in one loop, and
nobody would be answered meanwhile. So they are told here, before uvicorn begins to shut down.
Uvicorn then finds only those who came in at the last moment.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from grandstand.timeouts import timeout

PAUSE_S = 0.05
"""Between slices: frames, pings and calls are served then."""

SLICE_MAX = 250
"""Viewers told in one go, 10 ms of the loop. After a stall the rest is told in more slices."""


class Leaving(Protocol):
    """A connection that is sent away."""

    def shutdown(self) -> None:
        """Say bye and close; harmless if it is over already."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stop takes ``spread_s`` seconds; longer if other servers can't take the viewers so fast,
    but no longer than ``longest_s``."""

    spread_s: float
    longest_s: float


def rate(waiting: int, count: int, elapsed_s: float, span: Span, others_per_s: float) -> float:
    """Return how many viewers a second must be sent away now, of ``count`` of whom ``waiting`` are
    still here; infinite if all.

    They go at even distances, so that they reach other servers as an even stream, also together
    with those of another server that stops.
    """
    wanted = count / span.spread_s if span.spread_s else math.inf
    left_s = span.longest_s - elapsed_s
    needed = waiting / left_s if left_s > 0 else math.inf
    return max(min(wanted, others_per_s), needed)


def unhurried() -> float:
    """Return the pace of other servers that take viewers as fast as they come."""
    return math.inf


class Draining:
    """One server's stop, over its span or until it is hastened."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._hurry = asyncio.Event()

    def hasten(self) -> None:
        """Wait no longer; uvicorn tells those who are left."""
        self._hurry.set()

    async def run(
        self,
        viewers: Sequence[Leaving],
        here: Container[Leaving],
        others_per_s: Callable[[], float] = unhurried,
        now: Callable[[], float] = time.monotonic,
    ) -> int:
        """Send ``viewers`` away; return how many were told. ``others_per_s`` says how many a second
        other servers can take at this moment. ``now`` is in seconds.

        A viewer who isn't ``here`` any more has left by itself, and nobody waits for it.
        """
        waiting = list(viewers)
        count, sent, owed, begun_s = len(waiting), 0, 1.0, now()
        then_s = begun_s
        while waiting and not self._hurry.is_set():
            now_s = now()
            pace = rate(len(waiting), count, now_s - begun_s, self._span, others_per_s())
            owed = len(waiting) if pace == math.inf else owed + pace * (now_s - then_s)
            then_s = now_s
            leaving = waiting[: min(int(owed), SLICE_MAX)]
            for viewer in leaving:
                viewer.shutdown()
            sent += len(leaving)
            owed -= len(leaving)
            waiting = [viewer for viewer in waiting[len(leaving) :] if viewer in here]
            with suppress(TimeoutError):
                async with timeout(0 if owed >= SLICE_MAX else PAUSE_S):
                    await self._hurry.wait()
        return sent
