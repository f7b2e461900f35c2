"""The detectors that are compared: each is fed second by second and knows only the past.

A detector's ``step`` takes the comments of a step, and how many of them are excited (an emote, one
character over and over), and returns a score, more for a stronger burst. The same ``Alarms`` make
highlights of all of them, with a first threshold of their own.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from grandstand.overlays import alarms
from grandstand.overlays.bursts import Rise
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Detector(Protocol):
    """Scores the steps of one show."""

    def step(self, comments: float, excited: float) -> float:
        """Return the score after one more step."""


class LogRise:
    """The server's: how many times the usual, over spans of 2 to 80 s, as a logarithm."""

    FIRST, FLOOR = alarms.FIRST, alarms.FLOOR

    def __init__(self, step_s: int) -> None:
        self.rise = Rise(step_s)

    def step(self, comments: float, excited: float) -> float:
        """Return the score after one more step."""
        return self.rise.step(comments)


class _Usual:
    """Median, and median deviation, of a span's square root over the last 20 minutes, without the
    last half minute."""

    def __init__(self, step_s: int, span_s: int, past_s: int = 1200) -> None:
        self._counts = deque([0.0] * (span_s // step_s), span_s // step_s)
        self._past: deque[float] = deque()
        self._sorted: list[float] = []
        self._size = past_s // 10
        self._young: deque[float] = deque()
        self._every = 10 // step_s
        self._stepped = 0
        self.sum = self.middle = 0.0
        self.spread = 1.0

    def step(self, count: float) -> None:
        """Go on by a step."""
        self.sum = max(0.0, self.sum + count - self._counts[0])
        self._counts.append(count)
        self._stepped += 1
        if self._stepped % self._every == 0:
            self._young.append(math.sqrt(self.sum))
            if len(self._young) > 3:
                self._learn(self._young.popleft())

    def _learn(self, value: float) -> None:
        self._past.append(value)
        insort(self._sorted, value)
        if len(self._past) > self._size:
            del self._sorted[bisect_left(self._sorted, self._past.popleft())]
        self.middle = self._sorted[len(self._sorted) // 2]
        if self._stepped % (6 * self._every) == 0:  # once a minute: it moves slowly
            away = sorted(abs(each - self.middle) for each in self._sorted)
            self.spread = 1.48 * away[len(away) // 2] + 0.5

    @property
    def is_known(self) -> bool:
        """Return whether there is enough of a past."""
        return len(self._past) >= 12

    @property
    def usual(self) -> float:
        """Return how many comments the span usually holds."""
        return self.middle**2


class RobustZ:
    """Deviations of the square root of 20 s from its median, in median deviations."""

    FIRST, FLOOR = 4.0, 2.0

    def __init__(self, step_s: int) -> None:
        self._span = _Usual(step_s, 20)

    def step(self, comments: float, excited: float) -> float:
        """Return the score after one more step."""
        span = self._span
        span.step(comments)
        return (math.sqrt(span.sum) - span.middle) / span.spread if span.is_known else 0.0


class PoissonScan:
    """The largest log-likelihood ratio of a raised Poisson rate over spans of 10 to 80 s."""

    FIRST, FLOOR = 15.0, 5.0

    def __init__(self, step_s: int) -> None:
        self._spans = [_Usual(step_s, span_s) for span_s in (10, 20, 40, 80)]

    def step(self, comments: float, excited: float) -> float:
        """Return the score after one more step."""
        best = 0.0
        for span in self._spans:
            span.step(comments)
            usual = span.usual + 1.0
            if span.is_known and span.sum > usual:
                best = max(best, span.sum * math.log(span.sum / usual) - span.sum + usual)
        return best


class Cusum:
    """Page's sum for a Poisson rate that rises to the double of its median, as Kleinberg's
    automaton has it with two states; begun anew when the rate has been usual for 20 s."""

    FIRST, FLOOR = 20.0, 5.0
    TIMES = 2.0

    def __init__(self, step_s: int) -> None:
        self._span = _Usual(step_s, 20)
        self._steps = 20 // step_s
        self._sum = 0.0

    def step(self, comments: float, excited: float) -> float:
        """Return the score after one more step."""
        span = self._span
        span.step(comments)
        usual = (span.usual + 1.0) / self._steps
        gain = comments * math.log(self.TIMES) - usual * (self.TIMES - 1)
        self._sum = max(0.0, self._sum + gain) if span.is_known and span.sum > span.usual else 0.0
        return self._sum


class Features:
    """What the trained combination sees: rises of the rate and of excitement, the deviation, and
    the rise of the level itself."""

    def __init__(self, step_s: int) -> None:
        self._rate = [_Usual(step_s, span_s) for span_s in (20, 80)]
        self._excited = [_Usual(step_s, span_s) for span_s in (20, 80)]
        self._level = _Usual(step_s, 600, 3600)

    def step(self, comments: float, excited: float) -> list[float]:
        """Return the features after one more step."""
        for span in (*self._rate, self._level):
            span.step(comments)
        for span in self._excited:
            span.step(excited)
        if not self._rate[0].is_known:
            return [0.0] * 6
        spans = (*self._rate, *self._excited, self._level)
        rises = [math.log((span.sum + 3) / (span.usual + 3)) for span in spans]
        short = self._rate[0]
        return [*rises, (math.sqrt(short.sum) - short.middle) / short.spread]


class Combination:
    """A logistic regression over ``Features``, scored as odds to the power of a half."""

    FIRST, FLOOR = 1.0, 0.1

    def __init__(self, weights: Floats) -> None:
        self._weights = weights

    def scores(self, features: Floats) -> Floats:
        """Return the scores of the steps of a show, (steps,)."""
        scores: Floats = np.exp((self._weights[0] + features @ self._weights[1:]) / 2)
        return scores

    @classmethod
    def fitted(cls, shows: Sequence[tuple[Floats, Floats]]) -> Combination:
        """Fit by Newton's method with a small ridge: each show's features, (steps, 6), and whether
        a mark is near, (steps,)."""
        features = np.concatenate([each for each, _ in shows])
        wanted = np.concatenate([each for _, each in shows])
        design = np.column_stack([np.ones(len(features)), features])
        weights = np.zeros(design.shape[1])
        for _ in range(12):
            likely = 1 / (1 + np.exp(-(design @ weights)))
            slope = design.T @ (likely - wanted) + weights
            bend = (design * (likely * (1 - likely))[:, None]).T @ design + np.eye(len(weights))
            weights -= np.linalg.solve(bend, slope)
        return cls(weights)
