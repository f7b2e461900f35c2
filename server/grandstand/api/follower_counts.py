"""How many follow which entities, cached for two seconds, since anybody may ask again and again.

It must not know calls. A page of entities is asked for and cached as one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store

FRESH_S = 2.0
"""How long counts are cached: a node reports them once a second."""

MOST = 2000
"""Pages that are cached at most: of 50 counts each, 2 MB."""


Key = tuple[str, tuple[str, ...]]
"""A room, and entities."""


class FollowerCounts:
    """The followers of entities, as read up to two seconds ago."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[Key, tuple[float, asyncio.Task[list[int]]]] = OrderedDict()

    async def of(self, room: str, entities: tuple[str, ...]) -> Sequence[int]:
        """Return how many follow each of the entities. Raises StoreUnavailable."""
        if not entities:
            return []
        key, now_s = (room, entities), asyncio.get_running_loop().time()
        self._forget(now_s - FRESH_S)
        if key not in self._known:
            reading = asyncio.create_task(self._store.followers.of(room, entities))
            self._known[key] = (now_s, reading)
        try:
            # One caller who goes mustn't end what others wait for.
            return await asyncio.shield(self._known[key][1])
        except StoreUnavailable:
            self._known.pop(key, None)
            raise

    def _forget(self, until_s: float) -> None:
        """Forget what was read before, and the oldest of too many."""
        known = self._known
        while known and (len(known) >= MOST or next(iter(known.values()))[0] <= until_s):
            known.popitem(last=False)
