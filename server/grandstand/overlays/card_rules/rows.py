"""What the rules read out of entities' rows: what is new, what was so before, what is to start.
Pure; bounded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from grandstand.domain.entities import Entity, Plain, kind_of
from grandstand.domain.schemas import KindSchema
from grandstand.overlays.card_rules.standings import MAX_ENTRIES
from grandstand.overlays.card_rules.update import Figure, Start, Update

MAX_STARTS = 1000
"""Contests of a schedule that are known at a time; further ones are left out."""


def updates_of(entity_id: str, entity: Entity, since: int) -> list[Update]:
    """Return the values of an entity that are of later than ``since`` (programme ms), by moment.

    What is only to start is no value yet.
    """
    by_moment: dict[int, dict[str, Figure]] = {}
    for label, value in entity.values.items():
        is_to_start = value.value is None and value.starts is not None
        if value.at > since and not is_to_start and _is_usable(value.value):
            figure = Figure(value.value, value.unit, value.rank, value.best)
            by_moment.setdefault(value.at, {})[label] = figure
    return [Update(entity_id, entity.name, at, by_moment[at]) for at in sorted(by_moment)]


def replaced_of(entity_id: str, entity: Entity, since: int) -> list[Update]:
    """Return the values of later than ``since`` (programme ms) that an entity has no more, as far
    as its row still tells."""
    present = {(value.at, label) for label, value in entity.values.items()}
    return [
        Update(entity_id, entity.name, each.at, {each.name: Figure(each.value, each.unit)})
        for each in reversed(entity.changes)
        if each.at > since and (each.at, each.name) not in present and _is_usable(each.value)
    ]


def past_of(entity_id: str, entity: Entity, until: int) -> list[Update]:
    """Return what an entity had at ``until`` (programme ms), as far as its row still tells."""
    known: dict[str, tuple[int, Figure]] = {}
    for change in reversed(entity.changes):
        if change.at <= until:
            known[change.name] = change.at, Figure(change.value, change.unit)
    for label, value in entity.values.items():
        if value.at <= until:
            known[label] = value.at, Figure(value.value, value.unit, value.rank)
    return [
        Update(entity_id, entity.name, at, {label: figure})
        for label, (at, figure) in known.items()
        if figure.value is not None and _is_usable(figure.value)
    ]


def _is_usable(value: Plain) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


@dataclass(slots=True)
class _Contest:
    names: dict[str, str] = field(default_factory=dict)
    bests: dict[str, float] = field(default_factory=dict)


class Schedule:
    """Who starts when, as the rows of entities say (``Measured.starts``)."""

    def __init__(self, schemas: Mapping[str, KindSchema]) -> None:
        self._schemas = schemas
        self._places: dict[tuple[str, str], tuple[int, str]] = {}
        self._contests: dict[tuple[int, str], _Contest] = {}
        self._changed: dict[tuple[int, str], None] = {}

    def take(self, entity_id: str, entity: Entity, now: int) -> None:
        """Note what an entity is to start in, of all that lies ahead of ``now`` (programme ms)."""
        schema = self._schemas.get(kind_of(entity_id))
        for label, value in entity.values.items() if schema else ():
            known = schema.get(label) if schema else None
            if known is None or value.starts is None or value.value is not None:
                continue
            place = (value.starts, label)
            if self._places.get((entity_id, label)) == place or value.starts < now:
                continue
            if self._enter(place, entity_id, entity.name, known.number(value.best)):
                self._leave(entity_id, label)
                self._places[entity_id, label] = place

    def _enter(self, place: tuple[int, str], entity_id: str, name: str, best: float | None) -> bool:
        contest = self._contests.get(place)
        if contest is None:
            if len(self._contests) >= MAX_STARTS:
                return False
            contest = self._contests[place] = _Contest()
        if len(contest.names) >= MAX_ENTRIES:
            return False
        contest.names[entity_id] = name
        if best is not None:
            contest.bests[entity_id] = best
        self._changed[place] = None
        return True

    def _leave(self, entity_id: str, label: str) -> None:
        """Take an entity out of where it was to start before."""
        place = self._places.pop((entity_id, label), None)
        if place is not None and place in self._contests:
            self._contests[place].names.pop(entity_id, None)
            self._contests[place].bests.pop(entity_id, None)
            self._changed[place] = None

    def news(self, now: int) -> Iterator[Start]:
        """Yield the contests that have changed, and forget those that have begun at ``now``."""
        for place in self._changed:
            contest = self._contests[place]
            yield Start(place[0], place[1], dict(contest.names), dict(contest.bests))
        self._changed.clear()
        if self._contests and min(self._contests)[0] < now:
            self._contests = {
                place: each for place, each in self._contests.items() if place[0] >= now
            }
            self._places = {
                who: place for who, place in self._places.items() if place in self._contests
            }
