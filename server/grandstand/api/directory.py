"""The list of rooms and their descriptions, cached for a second, since anyone may ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from grandstand.store.rooms import Description
from grandstand.store.store import Store

FRESH_S = 1.0
"""How long the list keeps what it read of rooms."""


class Directory:
    """The rooms and their descriptions, as read up to a second ago."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: list[str] = []
        self._listed_s = float("-inf")
        self._known: dict[str, tuple[float, Description | None]] = {}
        self._asking = asyncio.Lock()

    async def ids(self) -> list[str]:
        """Return the ids of all rooms, sorted."""
        async with self._asking:
            now_s = asyncio.get_running_loop().time()
            if now_s - self._listed_s >= FRESH_S:
                self._ids = await self._store.rooms.ids()
                self._listed_s = now_s
                self._known = {
                    room: known for room, known in self._known.items() if known[0] > now_s - FRESH_S
                }
            return self._ids

    async def describe(self, rooms: Sequence[str]) -> dict[str, Description]:
        """Return those of the rooms that exist; the store is asked only for what isn't cached."""
        async with self._asking:
            now_s = asyncio.get_running_loop().time()
            stale = [
                room
                for room in rooms
                if room not in self._known or self._known[room][0] <= now_s - FRESH_S
            ]
            read = await self._store.rooms.describe(stale, self._store.now_ms()) if stale else {}
            self._known |= {room: (now_s, read.get(room)) for room in stale}
            return {room: known for room in rooms if (known := self._known[room][1]) is not None}

    def changed(self) -> None:
        """Forget what was cached, so that whoever changes a room sees it at once."""
        self._listed_s = float("-inf")
        self._known.clear()
