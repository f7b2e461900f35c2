"""How excited and how busy a room is, compared with what is usual in it. Pure.

Two means of excitement fade with time, a quick one and a slow one. The difference between the last
seconds and the last minutes counts. So a loud room does not roar all the time, and another scorer
needs no other constants.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field

QUICK_MS = 5_000
SLOW_MS = 120_000
FULL = 0.2
"""Difference of the means that is a full roar, or full quiet: ten seconds of recorded chats differ
from their minutes by 0.08 (standard deviation)."""


@dataclass(slots=True)
class _Mean:
    fades_ms: int
    total: float = 0.0
    number: float = 0.0

    def add(self, elapsed_ms: int, values: Collection[float]) -> None:
        kept = math.exp(-elapsed_ms / self.fades_ms)
        self.total = self.total * kept + sum(values)
        self.number = self.number * kept + len(values)

    @property
    def value(self) -> float:
        return self.total / self.number if self.number > 0 else 0.0


@dataclass(slots=True)
class Moment:
    """Excitement and rate of the room's comments in the last seconds and minutes."""

    _last_ms: int | None = None
    _quick: _Mean = field(default_factory=lambda: _Mean(QUICK_MS))
    _slow: _Mean = field(default_factory=lambda: _Mean(SLOW_MS))

    def hear(self, now_ms: int, excitements: Collection[float]) -> None:
        """Add the comments of a tick."""
        elapsed_ms = 0 if self._last_ms is None else max(0, now_ms - self._last_ms)
        self._last_ms = now_ms
        self._quick.add(elapsed_ms, excitements)
        self._slow.add(elapsed_ms, excitements)

    @property
    def rate(self) -> float:
        """Return how many comments a second came lately, not counting the last one."""
        return max(0.0, self._quick.number - 1) * 1_000 / QUICK_MS

    @property
    def roar(self) -> float:
        """Return 1 for a roar, -1 for a hush, 0 for the usual."""
        return min(1.0, max(-1.0, (self._quick.value - self._slow.value) / FULL))
