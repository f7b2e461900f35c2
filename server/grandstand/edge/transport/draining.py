"""Sends viewers away when a server stops: in slices, over a stated time.

It must not know what a viewer is told, nor HTTP. Uvicorn would tell all of them in one loop, and
nobody would be answered meanwhile. So they are told here, before uvicorn begins to shut down.
Uvicorn then finds only those who came in at the last moment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from math import ceil
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


def due(count: int, elapsed_s: float, spread_s: float) -> int:
    """Return how many of ``count`` must have been sent away: the first at once, all after
    ``spread_s``.

    They go at even distances, so that they reach other servers as an even stream, also together
    with those of another server that stops.
    """
    if elapsed_s >= spread_s:
        return count
    return min(count, max(1, ceil(count * elapsed_s / spread_s)))


class Draining:
    """One server's stop, over ``spread_s`` seconds or until it is hastened."""

    def __init__(self, spread_s: float) -> None:
        self._spread_s = spread_s
        self._hurry = asyncio.Event()

    def hasten(self) -> None:
        """Wait no longer; uvicorn tells those who are left."""
        self._hurry.set()

    async def run(
        self,
        viewers: Sequence[Leaving],
        here: Container[Leaving],
        now: Callable[[], float] = time.monotonic,
    ) -> int:
        """Send ``viewers`` away; return how many were told. ``now`` is in seconds.

        A viewer who isn't ``here`` any more has left by itself, and nobody waits for it.
        """
        waiting = list(viewers)
        count, sent, begun_s = len(waiting), 0, now()
        while waiting and not self._hurry.is_set():
            wanted = due(count, now() - begun_s, self._spread_s) - (count - len(waiting))
            leaving = waiting[: max(min(wanted, SLICE_MAX), 0)]
            for viewer in leaving:
                viewer.shutdown()
            sent += len(leaving)
            waiting = [viewer for viewer in waiting[len(leaving) :] if viewer in here]
            with suppress(TimeoutError):
                async with timeout(0 if wanted > SLICE_MAX else PAUSE_S):
                    await self._hurry.wait()
        return sent
