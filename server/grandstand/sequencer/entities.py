"""What the updates of one tick change of a room's entities. Pure.

There may be 100,000 of them, so a sequencer keeps none: before a tick it reads the rows that the
tick's events name. Nobody but this room's commits changes them, and a commit conflicts if another
sequencer has made one meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grandstand.domain.entities import (
    MAX_ENTITIES,
    MAX_UPDATES,
    Entity,
    EntityUpdate,
    Told,
    entity_of,
    row_of,
    told,
    updated,
)
from grandstand.domain.events import CardFound, CommentEvent, ControlEvent, RundownGo, StatsGiven
from grandstand.domain.outcome import Fate


def named(events: Iterable[CommentEvent | ControlEvent]) -> list[str]:
    """Return the entities that the events change, each once."""
    found: dict[str, None] = {}
    for event in events:
        found |= dict.fromkeys(update.entity for update in updates(event))
        if isinstance(event, CardFound) and event.followers is not None:
            found[event.entity] = None
    return list(found)


def updates(event: CommentEvent | ControlEvent) -> Sequence[EntityUpdate]:
    """Return the updates of entities that an event has."""
    given = event.does if isinstance(event, RundownGo) else event
    return given.entities if isinstance(given, StatsGiven) else ()


def fitting(counts: Iterable[int]) -> int:
    """Return how many of the events one tick takes that have so many updates each: at least one,
    since one that a server of an older version has sent may have more by itself."""
    whole = taken = 0
    for count in counts:
        whole += count
        if taken and whole > MAX_UPDATES:
            break
        taken += 1
    return taken


class EntityDraft:
    """The entities of one tick: as they were, and as they become."""

    def __init__(self, rows: Mapping[str, bytes] | None = None, count: int = 0) -> None:
        """``rows`` are those of the entities that the tick's events name, as far as the room has
        them; ``count`` is how many it has in all."""
        self._rows = rows or {}
        self._count = count
        self._changed: dict[str, Entity] = {}

    def give(self, updates: Sequence[EntityUpdate]) -> list[Fate]:
        """Take updates in; return what happens to each."""
        return [self._give(update) for update in updates]

    def _give(self, update: EntityUpdate) -> Fate:
        name = update.entity
        before = self._changed.get(name) or entity_of(self._rows.get(name))
        if before is None and name not in self._rows and self._count >= MAX_ENTITIES:
            return "full"
        after, fate = updated(before, update)
        if fate == "taken":
            self._count += before is None and name not in self._rows
            self._changed[name] = after
        return fate

    def tell(self, name: str, card: Told) -> Fate:
        """Take a card by rule in; return what happens to it: it is late for one that isn't
        there."""
        before = self._changed.get(name) or entity_of(self._rows.get(name))
        if before is None:
            return "late"
        after, fate = told(before, card)
        if fate == "taken":
            self._changed[name] = after
        return fate

    def rows(self) -> dict[str, bytes]:
        """Return the rows that the tick changes."""
        return {name: row_of(entity) for name, entity in self._changed.items()}
