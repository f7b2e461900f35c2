"""How far a room's rate stands above the usual, second by second. Pure; bounded by seconds.

Theory of operation: the comments of the last 5, 10, 20 and 80 seconds are each compared with what
such a span usually holds: its median over the last 20 minutes, or over the last 10 if that is more,
so that a slow rise becomes usual before it looks like a burst. A span is compared with earlier
spans as they looked when they were as young. So comments that come late, from viewers further
behind live, are missing on both sides. The largest ratio counts, as a logarithm: it means the same
in a small room and a large one, in slow mode and without.

A silent room teaches nothing: after an hour's pause the usual is still that of before.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque

SPANS_S = (5, 10, 20, 80)
HEAT_SPAN = 1
"""The index of the span that the heat line follows: 10 s."""

LONGEST_S = max(SPANS_S)
AT_LEAST = 3.0
"""Comments added to both sides of a ratio, so that one comment after none is no burst."""

SURE = 5.0
"""A span that is fewer standard deviations of a Poisson count above the usual counts for less: in
an even chat chance alone makes small counts rise."""

SAMPLE_EVERY_S = 10
LONG_SAMPLES, SHORT_SAMPLES, FIRST_SAMPLES = 120, 60, 12
"""The last 20 minutes, the last 10; in a show's first 20 minutes, when its room fills, the last 2
too."""

YOUNG_SAMPLES = 3
"""The last samples aren't part of the usual yet: they may be the burst itself."""

SILENT_BELOW = 0.5
"""A room with less in its longest span is silent."""

LEAST_SAMPLES = 15
"""Before there are so many (three minutes, with the young ones) nothing is a burst."""


class _Median:
    """The median of the last values."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: deque[float] = deque()
        self._sorted: list[float] = []

    def push(self, value: float) -> None:
        """Add a value; the oldest leaves."""
        self._values.append(value)
        insort(self._sorted, value)
        if len(self._values) > self._size:
            del self._sorted[bisect_left(self._sorted, self._values.popleft())]

    @property
    def is_full(self) -> bool:
        """Return whether it has as many values as it takes."""
        return len(self._values) == self._size

    def read(self) -> float:
        """Return the median; 0 of nothing."""
        return self._sorted[len(self._sorted) // 2] if self._sorted else 0.0


class _Span:
    """The comments of the last steps, and how many are usual."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.sum = 0.0
        self.usual = 0.0
        self._young: deque[float] = deque()
        sizes = (LONG_SAMPLES, SHORT_SAMPLES, FIRST_SAMPLES)
        self._medians = [_Median(size) for size in sizes]

    def sample(self) -> None:
        """Note how many comments there are now."""
        self._young.append(self.sum)
        if len(self._young) > YOUNG_SAMPLES:
            value = self._young.popleft()
            for median in self._medians:
                median.push(value)
            if self._medians[0].is_full:
                del self._medians[2:]
            self.usual = max(median.read() for median in self._medians)

    @property
    def rise(self) -> float:
        """Return the logarithm of how many times the usual the span holds."""
        rise = math.log((self.sum + AT_LEAST) / (self.usual + AT_LEAST))
        deviations = 2 * (math.sqrt(self.sum) - math.sqrt(self.usual))
        return rise * min(1.0, deviations / SURE) ** 2 if rise > 0 else rise


class Rise:
    """Follows the rate of one room, in steps of a second, or of another divisor of ten seconds
    where counts are no finer."""

    def __init__(self, step_s: int = 1) -> None:
        self._step_s = step_s
        steps = LONGEST_S // step_s
        self._counts: deque[float] = deque([0.0] * steps, steps)
        self._spans = tuple(_Span(max(1, length_s // step_s)) for length_s in SPANS_S)
        self._samples = 0
        self.lively_s = 0
        """Seconds in which the room was not silent."""

    def add(self, count: float, age_s: int = 0) -> None:
        """Count comments of the step that lies ``age_s`` before the last; too old ones don't
        count."""
        age = age_s // self._step_s
        if age < len(self._counts):
            self._counts[-1 - age] += count
            for span in self._spans:
                if age < span.steps:
                    span.sum += count

    def step(self, count: float) -> float:
        """Go on by a step, which has ``count`` comments. Return the rise: 0 is as usual, ln 2
        twice that; 0 also while the usual isn't known yet."""
        for span in self._spans:
            span.sum = max(0.0, span.sum + count - self._counts[-span.steps])
        self._counts.append(count)
        if self._spans[-1].sum >= SILENT_BELOW:
            self.lively_s += self._step_s
            if self.lively_s % SAMPLE_EVERY_S == 0:
                self._samples += 1
                for span in self._spans:
                    span.sample()
        if self._samples < LEAST_SAMPLES:
            return 0.0
        return max(span.rise for span in self._spans)

    @property
    def heat(self) -> float:
        """Return how many times the usual the last seconds hold."""
        return math.exp(self._spans[HEAT_SPAN].rise) if self._samples >= LEAST_SAMPLES else 1.0

    @property
    def onset_age_s(self) -> int:
        """Return how many seconds ago the present burst began: since when a raised Poisson rate is
        most likely, against the usual one."""
        usual = max(
            AT_LEAST / len(self._counts), *(span.usual / span.steps for span in self._spans)
        )
        best = total = expected = 0.0
        age = 0
        for number, count in enumerate(reversed(self._counts), 1):
            total += count
            expected += usual
            if total > expected:
                likely = total * math.log(total / expected) - total + expected
                if likely > best:
                    best, age = likely, number
        return age * self._step_s
