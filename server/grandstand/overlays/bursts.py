"""How far a room's rate stands above the usual, second by second. Pure; bounded by seconds.

Theory of operation: the comments of the last 2, 5, 10, 20 and 80 seconds are each compared with
what such a span usually holds: its median over the last 20 minutes, or over the last 12.5 if that
is more, so that a slow rise becomes usual before it looks like a burst. A span is compared with
earlier spans as they looked when they were as young. So comments that come late, from viewers
further behind live, are missing on both sides. The largest ratio counts, as a logarithm: it means
the same in a small room and a large one, in slow mode and without. The shortest spans notice early
where many speak, the longest ones where few do. How the figures were chosen:
models/highlights/README.md.

A silent room teaches nothing: after an hour's pause the usual is still that of before.
"""

from __future__ import annotations

import math

from msgspec import Struct, field

SPANS_S = (2, 5, 10, 20, 80)
HEAT_SPAN = 2
"""The index of the span that the heat line follows: 10 s."""

LONGEST_S = max(SPANS_S)
AT_LEAST = 3.0
"""Comments added to both sides of a ratio, so that one comment after none is no burst."""

SURE = 5.0
"""A span that is fewer standard deviations of a Poisson count above the usual counts for less: in
an even chat chance alone makes small counts rise."""

SAMPLE_EVERY_S = 10
LONG_SAMPLES, SHORT_SAMPLES, FIRST_SAMPLES = 120, 75, 12
"""The last 20 minutes, the last 12.5; in a show's first 20 minutes, when its room fills, the last 2
too."""

YOUNG_SAMPLES = 3
"""The last samples aren't part of the usual yet: they may be the burst itself."""

SILENT_BELOW = 0.5
"""A room with less in its longest span is silent."""

LEAST_SAMPLES = 15
"""Before there are so many (three minutes, with the young ones) nothing is a burst."""


class _Median(Struct):
    """The median of the last values."""

    size: int
    values: list[float] = []

    def push(self, value: float) -> None:
        """Add a value; the oldest leaves."""
        self.values.append(value)
        del self.values[: -self.size]

    @property
    def is_full(self) -> bool:
        """Return whether it has as many values as it takes."""
        return len(self.values) == self.size

    def read(self) -> float:
        """Return the median; 0 of nothing."""
        return sorted(self.values)[len(self.values) // 2] if self.values else 0.0


def _medians() -> list[_Median]:
    return [_Median(size) for size in (LONG_SAMPLES, SHORT_SAMPLES, FIRST_SAMPLES)]


class _Span(Struct):
    """The comments of the last steps, and how many are usual."""

    steps: int
    sum: float = 0.0
    usual: float = 0.0
    young: list[float] = []
    medians: list[_Median] = field(default_factory=_medians)

    def sample(self) -> None:
        """Note how many comments there are now."""
        self.young.append(self.sum)
        if len(self.young) > YOUNG_SAMPLES:
            value = self.young.pop(0)
            for median in self.medians:
                median.push(value)
            if self.medians[0].is_full:
                del self.medians[2:]
            self.usual = max(median.read() for median in self.medians)

    @property
    def rise(self) -> float:
        """Return the logarithm of how many times the usual the span holds."""
        rise = math.log((self.sum + AT_LEAST) / (self.usual + AT_LEAST))
        deviations = 2 * (math.sqrt(self.sum) - math.sqrt(self.usual))
        return rise * min(1.0, deviations / SURE) ** 2 if rise > 0 else rise


class Rise(Struct):
    """Follows the rate of one room, in steps of a second, or of another divisor of ten seconds
    where counts are no finer.

    ``lively_s`` are the seconds in which the room was not silent.
    """

    step_s: int = 1
    lively_s: int = 0
    samples: int = 0
    counts: list[float] = []
    spans: list[_Span] = []

    def __post_init__(self) -> None:
        lengths = [max(1, length_s // self.step_s) for length_s in SPANS_S]
        if [span.steps for span in self.spans] != lengths:  # new, or read back from other spans
            self.counts = [0.0] * (LONGEST_S // self.step_s)
            self.spans = [_Span(length) for length in lengths]
            self.samples = 0

    def add(self, count: float, age_s: int = 0) -> None:
        """Count comments of the step that lies ``age_s`` before the last; too old ones don't
        count."""
        age = age_s // self.step_s
        if age < len(self.counts):
            self.counts[-1 - age] += count
            for span in self.spans:
                if age < span.steps:
                    span.sum += count

    def step(self, count: float) -> float:
        """Go on by a step, which has ``count`` comments. Return the rise: 0 is as usual, ln 2
        twice that; 0 also while the usual isn't known yet."""
        for span in self.spans:
            span.sum = max(0.0, span.sum + count - self.counts[-span.steps])
        del self.counts[0]
        self.counts.append(count)
        if self.spans[-1].sum >= SILENT_BELOW:
            self.lively_s += self.step_s
            if self.lively_s % SAMPLE_EVERY_S == 0:
                self.samples += 1
                for span in self.spans:
                    span.sample()
        if self.samples < LEAST_SAMPLES:
            return 0.0
        return max(span.rise for span in self.spans)

    @property
    def heat(self) -> float:
        """Return how many times the usual the last seconds hold."""
        return math.exp(self.spans[HEAT_SPAN].rise) if self.samples >= LEAST_SAMPLES else 1.0

    @property
    def onset_age_s(self) -> int:
        """Return how many seconds ago the present burst began: since when a raised Poisson rate is
        most likely, against the usual one."""
        usual = max(AT_LEAST / len(self.counts), *(span.usual / span.steps for span in self.spans))
        best = total = expected = 0.0
        age = 0
        for number, count in enumerate(reversed(self.counts), 1):
            total += count
            expected += usual
            if total > expected:
                likely = total * math.log(total / expected) - total + expected
                if likely > best:
                    best, age = likely, number
        return age * self.step_s
