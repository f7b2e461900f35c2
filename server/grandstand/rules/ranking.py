"""Which comments a tick shows: the alike become one, the best of them fit the budget.

Merging first, then ranking: a hundred times "goal!" is one line with ``count`` 100, not a hundred
lines that crowd out the rest. The chosen go out in the order in which they came in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Candidate(Protocol):
    """A comment that could be shown."""

    @property
    def likeness(self) -> int:
        """Equal for comments that say the same."""

    @property
    def weight(self) -> float:
        """How much it is worth showing, 0 to 10."""


C = TypeVar("C", bound=Candidate)


@dataclass(slots=True)
class Group(Generic[C]):
    """Comments that say the same: the one that is shown, and those merged into it."""

    shown: C
    merged: list[C] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many comments it stands for."""
        return 1 + len(self.merged)

    @property
    def rank(self) -> float:
        """Weight, and a little for being said by many: each doubling is worth one point."""
        return self.shown.weight + math.log2(self.count)


def merge(candidates: Iterable[C]) -> list[Group[C]]:
    """Groups of alike comments, in the order of their first; the weightiest stands for its group.

    Of equal weights the earliest stands for the group, so that a copy never replaces its original.
    """
    groups: dict[int, Group[C]] = {}
    for candidate in candidates:
        group = groups.get(candidate.likeness)
        if group is None:
            groups[candidate.likeness] = Group(candidate)
        elif candidate.weight > group.shown.weight:
            group.merged.append(group.shown)
            group.shown = candidate
        else:
            group.merged.append(candidate)
    return list(groups.values())


def choose(groups: Sequence[Group[C]], places: int) -> tuple[list[Group[C]], list[Group[C]]]:
    """The ``places`` best groups and the rest, both in the order given; ties go to the earlier."""
    if len(groups) <= places:
        return list(groups), []
    by_rank = sorted(range(len(groups)), key=lambda index: (-groups[index].rank, index))
    best = set(by_rank[:places])
    return (
        [group for index, group in enumerate(groups) if index in best],
        [group for index, group in enumerate(groups) if index not in best],
    )


@dataclass(slots=True)
class Budget:
    """Places on the screen over time: ``per_second`` of them, unused ones kept for one second."""

    saved: float = 0.0
    last_ms: int | None = None

    def places(self, now_ms: int, per_second: int) -> int:
        """How many comments may be shown at ``now_ms``; to be followed by ``spend``."""
        if self.last_ms is None:
            self.saved = float(per_second)
        else:
            elapsed_s = max(0, now_ms - self.last_ms) / 1000
            self.saved = min(float(per_second), self.saved + elapsed_s * per_second)
        self.last_ms = now_ms
        return int(self.saved)

    def spend(self, shown: int) -> None:
        """Takes the places that were used."""
        self.saved = max(0.0, self.saved - shown)
