"""What the rules are given: an entity's values at a moment, and what is to start. Pure.

Values come from a feed and may be anything. What can't be used is named and left out, so that one
broken value costs no other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

MAX_TEXT = 60
AHEAD_MS = 60_000
"""A start is told so long before it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One value; None says that there is no such value any more (a disqualification).

    ``unit`` is "" where the schema's holds. ``rank`` is the feed's own, from 1. ``best`` is what
    the entity had reached before, as a number, or the feed's marks for this value, as ``NR|PB``.
    """

    value: float | str | None
    unit: str = ""
    rank: int | None = None
    best: float | str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """What a feed says of an entity (``athlete:123``, its kind before the colon), at ``at``, ms of
    programme time. An entity's update for a moment that had one already is a correction of it."""

    entity: str
    name: str
    at: int
    values: Mapping[str, Figure]

    @property
    def due(self) -> int:
        """Return when it counts, ms."""
        return self.at


@dataclass(frozen=True, slots=True)
class Start:
    """An entry of the schedule: at ``at`` these entities, all of one kind, begin to compete for
    ``label``. ``bests`` is what each has reached before; ``names`` are theirs."""

    at: int
    label: str
    names: Mapping[str, str]
    bests: Mapping[str, float]

    @property
    def due(self) -> int:
        """Return when it is told, ms: a minute before."""
        return self.at - AHEAD_MS


Item: TypeAlias = Update | Start


def figure_of(given: object) -> Figure:
    """Return a value as a feed gives it: a number, a text, None, or {``value``, ``unit``?,
    ``rank``?, ``best``?}. Raises ValueError for what is no value, as NaN."""
    if not isinstance(given, Mapping):
        return Figure(_value_of(given))
    rank, unit, best = given.get("rank"), given.get("unit"), given.get("best")
    return Figure(
        _value_of(given.get("value")),
        unit if isinstance(unit, str) else "",
        rank if isinstance(rank, int) and rank > 0 else None,
        _value_of(best) if isinstance(best, int | float | str) else None,
    )


def _value_of(given: object) -> float | str | None:
    match given:
        case bool():
            raise ValueError("is true or false, not a number or a text")
        case None:
            return None
        case int() | float() if math.isfinite(given):
            return given
        case str() if given.strip():
            return given.strip()[:MAX_TEXT]
        case _:
            raise ValueError("is not a finite number, nor a text")
