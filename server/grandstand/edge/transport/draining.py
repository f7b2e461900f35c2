"""How viewers are sent away when a server stops: in slices, over a stated time.

It must not know what a viewer is told, nor HTTP. Uvicorn would tell all of them in one loop, and
nobody would be answered meanwhile; so they are told here, before uvicorn begins to shut down, and
it finds only those who came in at the last moment.
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
"""Viewers told in one go, 10 ms of the loop; after a stall the rest catches up in more of them."""


class Leaving(Protocol):
    """Somebody who is sent away."""

    def shutdown(self) -> None:
        """Say bye and close; harmless when it is over already."""


def due(count: int, elapsed_s: float, spread_s: float) -> int:
    """How many of ``count`` shall have been sent away: the first at once, all after ``spread_s``.

    They go at even distances, so that what comes back elsewhere is an even stream, together with
    that of any other server that stops.
    """
    if elapsed_s >= spread_s:
        return count
    return min(count, max(1, ceil(count * elapsed_s / spread_s)))


class Draining:
    """One server's going away, over ``spread_s`` seconds or until somebody is in a hurry."""

    def __init__(self, spread_s: float) -> None:
        self._spread_s = spread_s
        self._hurry = asyncio.Event()

    def hasten(self) -> None:
        """Waits for nobody any more; uvicorn tells who is left."""
        self._hurry.set()

    async def run(
        self,
        viewers: Sequence[Leaving],
        here: Container[Leaving],
        now: Callable[[], float] = time.monotonic,
    ) -> int:
        """Sends ``viewers`` away; how many were told. ``now`` is in seconds.

        Who isn't ``here`` any more has left by itself, and nobody waits for it.
        """
        waiting = list(viewers)
        count, told, begun_s = len(waiting), 0, now()
        while waiting and not self._hurry.is_set():
            wanted = due(count, now() - begun_s, self._spread_s) - (count - len(waiting))
            leaving = waiting[: max(min(wanted, SLICE_MAX), 0)]
            for viewer in leaving:
                viewer.shutdown()
            told += len(leaving)
            waiting = [viewer for viewer in waiting[len(leaving) :] if viewer in here]
            with suppress(TimeoutError):
                async with timeout(0 if wanted > SLICE_MAX else PAUSE_S):
                    await self._hurry.wait()
        return told
