"""Merging of the comments of a tick that say the same, and how many are shown. Pure.

Comments are merged first: a hundred times "goal!" is one line with ``count`` 100, not a hundred
lines. ``domain.selection`` decides which lines are shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Rankable(Protocol):
    """A comment that could be shown."""

    @property
    def id(self) -> str:
        """Return its id in the room."""

    @property
    def user(self) -> str:
        """Return its author."""

    @property
    def dedupe_key(self) -> int:
        """Return what is equal for comments that say the same."""

    @property
    def skeleton(self) -> str:
        """Return its normal form; asked only for those that are about to be shown."""

    @property
    def weight(self) -> float:
        """Return how much it is worth by itself, 0 to 10."""

    @property
    def excitement(self) -> float:
        """Return its excitement, 0 to 1."""


C = TypeVar("C", bound=Rankable)


@dataclass(slots=True)
class Group(Generic[C]):
    """Comments that say the same: the one that is shown, and those merged into it.

    ``worth`` is the present worth of the shown one. ``waiting`` more comments said it since it was
    shown last; they were merged into that showing, and this one counts them.
    """

    shown: C
    worth: float
    merged: list[C] = field(default_factory=list)
    waiting: int = 0

    @property
    def members(self) -> list[C]:
        """Return all of them, the shown one first."""
        return [self.shown, *self.merged]

    @property
    def count(self) -> int:
        """Return how many comments it stands for."""
        return 1 + len(self.merged) + self.waiting

    @property
    def rank(self) -> float:
        """Return the worth, and a point for each doubling of the count."""
        return self.worth + math.log2(self.count)

    @property
    def weight(self) -> float:
        """Return the rank in the contract's form of weights: 0 to 10 in tenths."""
        return round(min(10.0, max(0.0, self.rank)), 1)


def merge(candidates: Iterable[C], worth: Callable[[C], float]) -> list[Group[C]]:
    """Return groups of alike comments, in the order of their first; the worthiest stands for its
    group.

    Of equal worth the earliest stands for the group, so that a copy never replaces its original.
    """
    groups: dict[int, Group[C]] = {}
    for candidate in candidates:
        group = groups.get(candidate.dedupe_key)
        value = worth(candidate)
        if group is None:
            groups[candidate.dedupe_key] = Group(candidate, value)
        elif value > group.worth:
            group.merged.append(group.shown)
            group.shown, group.worth = candidate, value
        else:
            group.merged.append(candidate)
    return list(groups.values())


@dataclass(slots=True)
class Budget:
    """Places on the screen over time: ``per_second`` of them, unused ones are kept for one
    second."""

    saved: float = 0.0
    last_ms: int | None = None

    def places(self, now_ms: int, per_second: int) -> int:
        """Return how many comments may be shown at ``now_ms``; call ``spend`` after it."""
        if self.last_ms is None:
            self.saved = float(per_second)
        else:
            elapsed_s = max(0, now_ms - self.last_ms) / 1000
            self.saved = min(float(per_second), self.saved + elapsed_s * per_second)
        self.last_ms = now_ms
        return int(self.saved)

    def spend(self, shown: int) -> None:
        """Take the places that were used."""
        self.saved = max(0.0, self.saved - shown)
