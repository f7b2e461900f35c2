"""The names of a room's entities, which no translator may change.

Theory of operation: they are read once, when they are first asked for; commits bring those that
come later. A name that was corrected stays beside the present one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from grandstand.domain.entities import name_of
from grandstand.leader.room import LeaderRoom
from grandstand.translation.glossary import NAMES_MAX, Glossary, spoken

MADE_S = 5.0
"""Between two glossaries: one of 20,000 names takes 40 ms, and a feed may bring names each tick."""


class EventNames:
    """The names of one room's entities; of more than ``NAMES_MAX`` the newest."""

    def __init__(self, room: LeaderRoom) -> None:
        self._room = room
        self._names: dict[str, None] = {}
        self._has_all = False
        self._glossary: Glossary | None = None
        self._is_new = False
        self._made_at_s = 0.0

    async def learn(self) -> None:
        """Read the names of all entities, unless they are known. Raises StoreUnavailable."""
        if self._has_all:
            return
        rows, cursor = await self._room.store.entities.slice(self._room.id, 0)
        self.take(rows.values())
        while cursor:
            rows, cursor = await self._room.store.entities.slice(self._room.id, cursor)
            self.take(rows.values())
        self._has_all = True

    def missed(self) -> None:
        """Note that commits went by unseen, which may have had names."""
        self._has_all = False

    def take(self, rows: Iterable[bytes]) -> None:
        """Take rows of entities."""
        for row in rows:
            for name in spoken(name_of(row)):
                if name not in self._names:
                    self._names[name] = None
                    self._is_new = True
        while len(self._names) > NAMES_MAX:
            del self._names[next(iter(self._names))]

    def glossary(self) -> Glossary | None:
        """Return the names as a translator takes them; None if there are none."""
        now_s = asyncio.get_running_loop().time()
        if self._is_new and (self._glossary is None or now_s - self._made_at_s >= MADE_S):
            self._glossary, self._is_new, self._made_at_s = Glossary(self._names), False, now_s
        return self._glossary
