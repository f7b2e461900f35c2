"""The entities of one room as this process knows them, and the search for their names.

Theory of operation: the rows are read from the store in slices while commits go on. A row that came
by a commit is as new as any that is read, so it stays. A row that is read may be newer than the
replica; then the commits that changed it still come, and end with the same row. So the table is
that of the replica once both are there, without a lock and without a copy.

A row stays packed until somebody asks for it: unpacked it would take ten times as much.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping

from grandstand.domain.entities import Entity, entity_of, kind_of
from grandstand.replica.entity_names import EntityNames


class EntityTable:
    """The entities of one room, by their ids."""

    def __init__(self) -> None:
        self.is_whole = asyncio.Event()
        """Set once all rows were read."""

        self._rows: dict[str, bytes] = {}
        self._committed: set[str] = set()
        self._names = EntityNames()
        self._kinds: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, entity: str) -> bool:
        return entity in self._rows

    def get(self, entity: str) -> Entity | None:
        """Return an entity; None if there is none, or if it can't be read."""
        return entity_of(self._rows.get(entity))

    def commit(self, rows: Mapping[str, bytes]) -> None:
        """Take rows that a commit has changed."""
        if not self.is_whole.is_set():
            self._committed |= rows.keys()
        self._put(rows)

    def read(self, rows: Mapping[str, bytes]) -> Collection[str]:
        """Take rows that were read from the store; return those that are new here."""
        new = {name: row for name, row in rows.items() if name not in self._committed}
        self._put(new)
        return new.keys()

    def _put(self, rows: Mapping[str, bytes]) -> None:
        for name, row in rows.items():
            self._rows[name] = row
            entity = entity_of(row)
            # What was removed isn't found.
            called = entity.name if entity is not None and entity.values else ""
            self._kinds[kind_of(name)] += (called != "") - (name in self._names)
            self._names.put(name, called)

    def kinds(self, most: int) -> list[str]:
        """Return at most so many kinds of the entities that are found, sorted; of more those that
        have the most entities."""
        return sorted(kind for kind, count in self._kinds.most_common(most) if kind and count)

    def search(self, words: str, after: str, most: int) -> list[tuple[str, str]]:
        """Return at most so many entities that have these words, or their beginnings, in their
        names, each behind the ``after`` of what follows it; without words all entities."""
        return self._names.search(words, after, most)
