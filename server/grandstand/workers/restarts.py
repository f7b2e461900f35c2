"""When a worker that ended is started again. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 0.25
LONGEST_S = 10.0
STEADY_S = 60.0
"""A worker that has lived this long counts as healthy: its next end counts as its first."""


@dataclass(slots=True)
class Restarts:
    """The ends of one worker: each pause is twice the one before, up to ``LONGEST_S``."""

    _next_s: float = FIRST_S

    def pause_s(self, lived_s: float) -> float:
        """Return how long to wait, in s, after it has lived for ``lived_s``."""
        pause_s = FIRST_S if lived_s >= STEADY_S else self._next_s
        self._next_s = min(2 * pause_s, LONGEST_S)
        return pause_s
