"""When a rise is a highlight: a threshold that learns from the show's own past. Pure; bounded.

Theory of operation: a rise that leaves the ground and comes back is an excursion, with one peak.
The threshold is the height that as many of the show's past peaks reach as there may be highlights.
Until the show has a past of its own it is mostly ``FIRST``. An excursion gives one highlight at
most, when it passes the threshold.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

from msgspec import Struct

FIRST = math.log(3.0)
"""A threshold without a past: three times the usual (models/highlights/README.md)."""

FLOOR = math.log(1.5)
"""Less than one and a half times the usual is never a highlight."""

PRIOR_HIGHLIGHTS = 2.0
"""The past of a show counts half when it is as long as so many highlights take."""

MEMORY_S = 8 * 3600
MAX_PEAKS = 4096
FALL = 0.5
"""An excursion begins at this part of the threshold, and ends at this part of its peak."""

LONGEST_S = 240
GAP_S = (60.0, 300.0)
"""Between highlights there is a sixth of their mean distance, within these bounds."""


class Alarms(Struct):
    """Decides second by second; ``per_hour`` is how many highlights are wanted.

    ``first`` is the threshold without a past, ``floor`` the least that it becomes. One that doesn't
    learn stays at ``first``. ``peak`` is that of the present excursion, 0 between two; with
    ``is_raised`` the excursion is a highlight.
    """

    per_hour: float
    floor: float = FLOOR
    first: float = FIRST
    learns: bool = True
    threshold: float = 0.0
    peak: float = 0.0
    is_raised: bool = False
    began_s: int | None = None
    excursion_s: int = 0
    raised_s: int | None = None
    peaks: list[tuple[int, float]] = []
    ordered: list[float] = []

    def __post_init__(self) -> None:
        self.threshold = self.threshold or self.first

    def age_s(self, now_s: int) -> int:
        """Return how long the present excursion is there at ``now_s``, s."""
        return now_s - self.excursion_s

    def step(self, now_s: int, rise: float) -> bool:
        """Take the rise of the second ``now_s``; return whether a highlight is noticed now."""
        if self.began_s is None:
            self.began_s = now_s
        if not self.peak:
            if rise < self.threshold * FALL:
                return False
            self.excursion_s = now_s
        self.peak = max(self.peak, rise)
        if rise >= self.threshold and not self.is_raised and self._may_raise(now_s):
            self.is_raised = True
            self.raised_s = now_s
            return True
        if rise < self.peak * FALL or now_s - self.excursion_s >= LONGEST_S:
            self._end(now_s)
        return False

    def _may_raise(self, now_s: int) -> bool:
        shortest, longest = GAP_S
        gap_s = min(max(600 / self.per_hour, shortest), longest)
        return self.raised_s is None or now_s - self.raised_s >= gap_s

    def _end(self, now_s: int) -> None:
        if self.is_raised or self.peak < self.threshold:  # else it belongs to the one just before
            self.peaks.append((now_s, self.peak))
            insort(self.ordered, self.peak)
        self.peak, self.is_raised = 0.0, False
        while self.peaks and (self.peaks[0][0] < now_s - MEMORY_S or len(self.peaks) > MAX_PEAKS):
            del self.ordered[bisect_left(self.ordered, self.peaks.pop(0)[1])]
        if self.learns:
            self._learn(now_s)

    def _learn(self, now_s: int) -> None:
        assert self.began_s is not None
        hours = min(now_s - self.began_s, MEMORY_S) / 3600
        wanted = int(self.per_hour * hours)
        if not self.ordered:
            return
        own = self.ordered[max(0, len(self.ordered) - 1 - wanted)]
        share = hours / (hours + PRIOR_HIGHLIGHTS / self.per_hour)
        # In logarithms, since peaks spread by ratios.
        mean = share * math.log(own) + (1 - share) * math.log(self.first)
        self.threshold = max(self.floor, math.exp(mean))
