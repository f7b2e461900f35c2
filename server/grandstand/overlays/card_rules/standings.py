"""Who stands where: the present values of all entities, by label. Pure; bounded.

Theory of operation: a ``Table`` holds what the entities of one kind have under one label. It never
changes; a change makes another one. So a rule compares the table before an instant with that after
it, and a copy of all standings costs a copy of one dict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from grandstand.domain.schemas import ValueSchema

K = TypeVar("K")
V = TypeVar("V")

MAX_ENTRIES = 500
"""Entities in a table; of further ones nothing is compared. The largest field known is 311."""

MAX_TABLES = 1000
MAX_NAMES = 5000
"""Beyond these the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entity's value in a table, since when, and the rank that the feed gave it."""

    value: float
    at: int
    rank: int | None = None


class Table:
    """The entries of one label."""

    def __init__(self, schema: ValueSchema, entries: dict[str, Entry]) -> None:
        self.entries = entries
        self._schema = schema

    def changed(self, changes: Mapping[str, Entry | None]) -> Table:
        """Return the table with other entries; None removes one."""
        entries = {**self.entries}
        for entity, entry in changes.items():
            if entry is None:
                entries.pop(entity, None)
            elif entity in entries or len(entries) < MAX_ENTRIES:
                entries[entity] = entry
        return Table(self._schema, entries)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The entities, the best first; nobody where nothing is better. Of equal ones the one that
        the feed ranks higher, then who was there first."""
        sign = {"lower": 1, "higher": -1, "": 0}[self._schema.better]
        if not sign:
            return ()
        unranked = len(self.entries) + 1

        def key(entity: str) -> tuple[float, int, int, str]:
            entry = self.entries[entity]
            return (sign * entry.value, entry.rank or unranked, entry.at, entity)

        return tuple(sorted(self.entries, key=key))

    @cached_property
    def is_ranked(self) -> bool:
        """Whether the feed gives places."""
        return any(entry.rank is not None for entry in self.entries.values())

    @property
    def leader(self) -> str | None:
        """Return who is best."""
        return self.order[0] if self.order else None

    def rank(self, entity: str) -> int | None:
        """Return an entity's rank: the feed's, else 1 and as many more as are better."""
        entry = self.entries.get(entity)
        if entry is None or not self.order:
            return None
        if entry.rank is not None:
            return entry.rank
        others = self.entries.values()
        return 1 + sum(self._schema.is_better(other.value, entry.value) for other in others)


@dataclass(slots=True)
class Standings:
    """All tables, by kind and label, and the names of the entities."""

    tables: dict[tuple[str, str], Table] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Standings:
        """Return one that changes by itself."""
        return Standings(dict(self.tables), dict(self.names))

    def table(self, kind: str, label: str, schema: ValueSchema) -> Table:
        """Return a table; an empty one if it isn't known."""
        return self.tables.get((kind, label)) or Table(schema, {})

    def put(self, kind: str, label: str, table: Table) -> None:
        """Keep a table; the one that was longest unchanged goes if there are too many."""
        self.tables.pop((kind, label), None)
        self.tables[kind, label] = table
        _forget_oldest(self.tables, MAX_TABLES)

    def know(self, kind: str, label: str, schema: ValueSchema, entity: str, entry: Entry) -> None:
        """Take an entry into a table that nobody has looked at yet; beyond the most it is left
        out."""
        table = self.tables.get((kind, label))
        if table is None and len(self.tables) < MAX_TABLES:
            table = self.tables[kind, label] = Table(schema, {})
        if table is not None and len(table.entries) < MAX_ENTRIES:
            table.entries[entity] = entry

    def rename(self, entity: str, name: str) -> None:
        """Keep an entity's present name."""
        self.names.pop(entity, None)
        self.names[entity] = name
        _forget_oldest(self.names, MAX_NAMES)


def _forget_oldest(kept: dict[K, V], most: int) -> None:
    if len(kept) > most:
        del kept[next(iter(kept))]
