"""How fast the other processes can take the viewers of one that stops."""

from __future__ import annotations

import asyncio
import math

import structlog

from grandstand.store.errors import StoreUnavailable
from grandstand.store.nodes import Capacity
from grandstand.store.store import Store

SHARE = 2 / 3
"""The part of what the others let in that is used: others come in, too, and a balancer doesn't
spread viewers evenly."""

ROUND_S = 0.25
"""Several processes that stop together know of each other after this time."""

log = structlog.get_logger(__name__)


def per_second(capacity: Capacity) -> float:
    """Return how many viewers a second one of the leaving processes may send to those that stay.

    Infinite if none stays: then its viewers have nowhere to go, however slowly they are sent.
    """
    if not capacity.stay_per_s:
        return math.inf
    return SHARE * capacity.stay_per_s / max(1, capacity.leaving)


class DrainPace:
    """Follows how many viewers a second the others can take, in ``per_s``.

    Until that is known it is what one other process like this one could.
    """

    def __init__(self, store: Store, admits_per_s: int) -> None:
        """``admits_per_s`` is what this process lets in: the others stop counting on it."""
        self.per_s = SHARE * admits_per_s
        self._store = store
        self._admits_per_s = admits_per_s

    async def look(self) -> None:
        """Tell the others that this process leaves, and read who stays. Logs why it can't."""
        store = self._store
        try:
            now_ms = store.now_ms()
            await store.nodes.report(store.node, self._admits_per_s, now_ms, is_leaving=True)
            self.per_s = per_second(await store.nodes.capacity(now_ms))
        except StoreUnavailable as away:
            log.info("drain_pace_unknown", reason=away.reason)

    async def run(self) -> None:
        """Do so again and again until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(ROUND_S)
