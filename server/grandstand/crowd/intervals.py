"""Quantiles of a forecast, whose width follows the present show's own errors. Pure.

Theory of operation: a count often stays exactly as it is, where a counter holds its value or few
people watch. So the median is that of a mixture: unchanged with the probability seen of late, and
else two half logistics around the expected change. The 10 % and 90 % quantiles are as far from that
change as was learnt, times how restless this show is, and each is adapted by what became of the
show's earlier forecasts (adaptive conformal inference, Gibbs and Candès 2021): the width's
logarithm grows by 0.9 of a step with a miss and shrinks by 0.1 of one with a hit. So a tenth lies
above and a tenth below in the long run, whatever the show.
"""

from __future__ import annotations

import math

import numpy as np

from grandstand.crowd import series
from grandstand.crowd.show import Floats
from grandstand.crowd.weights import Widths

OUTSIDE = 0.1
STEP = 0.03
"""Divided by the square root of the minutes ahead: errors of neighbouring forecasts are alike, and
the longer the way, the later they are known."""

NARROWEST, WIDEST = -3.0, 1.6
"""Of the adapted width, as logarithms of how many times what it would be."""

UNCHANGED_MINUTES = 360
MEMORY = 1440
DOUBT = 60.0
FAR = 4.0
"""A jump is off by so many usual errors, however far it is."""

MEAN_BY_TENTH = math.log(5)
"""How many mean errors the 90 % quantile is off, of a Laplace distribution."""

TENTH_BY_DEVIATION = 1.2816
"""How many standard deviations the 90 % quantile is off, of a normal distribution."""

TENTH_LOGIT = math.log(9)
LEAST = 1e-4
SAME = 1e-9


def quantiles(middle: Floats, spread: Floats, truth: Floats, ahead: int, widths: Widths) -> Floats:
    """Return p10, p50 and p90 of the change from each minute on, (minutes, 3).

    ``middle`` is the expected change, ``spread`` the count's own noise (a standard deviation),
    ``truth`` what came of each, NaN where nobody knows.
    """
    came = _come(truth, ahead)
    off = _come(truth - middle, ahead)
    still = series.mean(np.where(np.isfinite(came), np.abs(came) < SAME, np.nan), UNCHANGED_MINUTES)
    noise = TENTH_BY_DEVIATION * spread
    below, above = np.hypot(widths.below, noise), np.hypot(widths.above, noise)
    times = _restlessness(off, _come((below + above) / 2 / MEAN_BY_TENTH, ahead))
    below, above = _adapted(below * times, -off, ahead), _adapted(above * times, off, ahead)
    median = _median(middle, below, above, np.minimum(np.nan_to_num(still), 0.98))
    low = np.minimum(middle - below, median)
    return np.stack([low, median, np.maximum(middle + above, median)], axis=1)


def _restlessness(off: Floats, usual: Floats) -> Floats:
    """Return how many times as far as usual a show's forecasts were off, until each minute. What is
    usual counts as ``DOUBT`` minutes."""
    far = np.minimum(np.abs(off) / usual, FAR)
    window = np.minimum(np.arange(1, len(far) + 1), MEMORY + 1)
    known = series.mean(np.isfinite(far).astype(float), MEMORY) * window
    found: Floats = (DOUBT + np.nan_to_num(series.mean(far, MEMORY)) * known) / (DOUBT + known)
    return found


def _come(values: Floats, ahead: int) -> Floats:
    """Return what is known at each minute of the forecast made ``ahead`` minutes before."""
    come = np.full(len(values), np.nan)
    if ahead < len(values):
        come[ahead:] = values[:-ahead]
    return come


def _adapted(widths: Floats, off: Floats, ahead: int) -> Floats:
    """Return the widths of one side, adapted; ``off`` is how far on that side the count was that
    came at each minute of the forecast made ``ahead`` minutes before."""
    step = STEP / math.sqrt(ahead)
    times = 0.0
    found: list[float] = []
    for minute, (width, came) in enumerate(zip(widths.tolist(), off.tolist(), strict=True)):
        if came == came:
            times += step * ((came > found[minute - ahead] + SAME) - OUTSIDE)
            times = min(WIDEST, max(NARROWEST, times))
        found.append(max(width * math.exp(times), LEAST))
    return np.array(found)


def _median(middle: Floats, below: Floats, above: Floats, same: Floats) -> Floats:
    """Return the median of changes that are 0 with the probability ``same``, and else lie around
    the middle."""
    side = np.where(middle > 0, below, above)
    far = np.minimum(TENTH_LOGIT * np.abs(middle) / side, 50)
    under = (1 - same) / (1 + np.exp(far))  # beyond 0
    share = (0.5 - same) / (1 - same)  # on the middle's side of 0, of those that change
    with np.errstate(divide="ignore", invalid="ignore"):
        nearer = TENTH_LOGIT**-1 * np.log(share / (1 - share)) * side
    moved = np.sign(middle) * np.maximum(np.abs(middle) + nearer, 0)
    found: Floats = np.where(under + same >= 0.5, 0.0, np.where(same > 0, moved, middle))
    return found
