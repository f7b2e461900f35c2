"""How fast seats are taken. Pure."""

from __future__ import annotations

from dataclasses import dataclass

MOST_LATE_S = 0.1
"""Of time that was slept through, so much is caught up; else a pause would end in a burst."""


@dataclass(slots=True)
class Pace:
    """So many a second, so many on their way at once, for all stands of a process.

    Times in s of any one clock.
    """

    per_s: float = 1000.0
    at_once: int = 256
    on_their_way: int = 0
    _next_s: float = 0.0

    def starts(self, now_s: float) -> bool:
        """Whether one more may start now; then it is on its way until ``arrived``."""
        if self.on_their_way >= self.at_once or now_s < self._next_s:
            return False
        self._next_s = max(self._next_s, now_s - MOST_LATE_S) + 1 / self.per_s
        self.on_their_way += 1
        return True

    def arrived(self) -> None:
        """One is in, or lost."""
        self.on_their_way -= 1
