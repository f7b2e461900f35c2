"""A show as a forecast reads it: two curves by the minute, and the run-down. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a run-down, in minutes since 1970; ``end`` is when it is over and a break begins.

    Without an end it lasts until the next item.
    """

    start: float
    end: float | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Show:
    """What is known of a show.

    ``viewers`` and ``comments`` have a value for each minute from ``begin`` (minutes since 1970)
    on; NaN where nothing was counted. ``items`` may be empty.
    """

    begin: int
    viewers: Floats
    comments: Floats
    items: Sequence[Item] = ()

    @property
    def start(self) -> int:
        """Return the minute at which it starts: its first item, or else its first viewers."""
        if self.items:
            return int(min(item.start for item in self.items))
        counted = np.flatnonzero(np.isfinite(self.viewers))
        return self.begin + (int(counted[0]) if len(counted) else 0)

    @property
    def length(self) -> int:
        """Return how many minutes it lasts: to the end of its run-down, or else of its curve."""
        if self.items:
            return int(max(item.end or item.start for item in self.items)) + 1 - self.start
        return self.begin + len(self.viewers) - self.start
