"""Slots for attempts: effects that hang take none from others of their room.

The first attempt of an effect always has a slot: a room has only so many effects. Further ones of
the same effect, up to ``PER_EFFECT`` together, take from ``SHARED`` slots that the effects share.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PER_EFFECT = 4
SHARED = 100
PER_PROCESS = 1000
"""Attempts at a time: of one effect, of a room beyond the first of each effect, of a process."""


class Slots:
    """The slots of one room's effects."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._shared = 0
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def of(self, effect: str) -> AsyncIterator[None]:
        """Wait for a slot and hold it for the duration of the block."""
        if self._is_free(effect):  # then nobody waits for it
            self._take(effect)
        else:
            await self._turn_of(effect)
        try:
            yield
        finally:
            self._give_back(effect)

    def _is_free(self, effect: str) -> bool:
        taken = self._taken[effect]
        return taken == 0 or (taken < PER_EFFECT and self._shared < SHARED)

    def _take(self, effect: str) -> None:
        self._shared += self._taken[effect] > 0
        self._taken[effect] += 1

    async def _turn_of(self, effect: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(effect, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it had just been given the slot
                self._give_back(effect)
            raise

    def _give_back(self, effect: str) -> None:
        self._taken[effect] -= 1
        self._shared -= self._taken[effect] > 0
        if not self._taken[effect]:
            del self._taken[effect]
        # One slot is free. The first of an effect is its own; of further ones all have their turn.
        own = () if self._taken[effect] else (effect,)
        for name in (*own, *self._waiting):
            if self._hand_on(name):
                return

    def _hand_on(self, effect: str) -> bool:
        """Give the next who waits for this effect its slot, if it may have one."""
        queue = self._waiting.get(effect, deque())
        while queue and self._is_free(effect):
            turn = queue.popleft()
            if not turn.done():
                self._take(effect)
                turn.set_result(None)
                del self._waiting[effect]
                if queue:
                    self._waiting[effect] = queue
                return True
        if not queue:
            self._waiting.pop(effect, None)
        return False
