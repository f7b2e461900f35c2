"""Arithmetic of curves by the minute, NaN where nothing is known. Pure.

Every function that says "until" is causal: its value at a minute rests on that minute and earlier.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grandstand.crowd.show import Floats

Whole = NDArray[np.int64]

OUTAGE = 0.2
OUTAGE_MINUTES = 10
OUTAGE_FROM = 20.0
"""Fewer than a fifth of the last half hour's median, where that is 20 or more, is an outage of the
stream or of the counter; after ten minutes it is the audience. The marathons' outages are
shorter."""

NOISE_MINUTES = 180
HELD = 1.5
"""Minutes for which a count without noise keeps its value."""

LEAST_GAIN = 0.05
JUMP = 4.0
"""Standard deviations of the noise: two counts in a row that are so far off are a new level."""


def at(curve: Floats, minutes: Whole) -> Floats:
    """Return the values at some minutes; NaN outside of the curve."""
    inside = (minutes >= 0) & (minutes < len(curve))
    if not len(curve):
        return np.full(np.shape(minutes), np.nan)
    found: Floats = np.where(inside, curve[np.clip(minutes, 0, len(curve) - 1)], np.nan)
    return found


def mean(curve: Floats, before: int | Whole, after: int | Whole = 0) -> Floats:
    """Return the mean of what is known from ``before`` minutes before to ``after`` after."""
    known = np.isfinite(curve)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, curve, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    here = np.arange(len(curve))
    first = np.clip(here - before, 0, len(curve))
    last = np.clip(here + after + 1, first, len(curve))
    count = counts[last] - counts[first]
    means: Floats = np.where(count > 0, (sums[last] - sums[first]) / np.maximum(count, 1), np.nan)
    return means


def held(curve: Floats, most: int) -> Floats:
    """Return the last known value until each minute, if it is at most ``most`` minutes old."""
    here = np.arange(len(curve))
    last = np.maximum.accumulate(np.where(np.isfinite(curve), here, -1))
    age = here - last
    return np.where((last >= 0) & (age <= most), at(curve, last), np.nan)


def possible(counts: Floats) -> Floats:
    """Return counts without negative and infinite ones."""
    return np.where(np.isfinite(counts) & (counts >= 0), counts, np.nan)


def without_outages(counts: Floats) -> Floats:
    """Return possible counts until each minute, without outages."""
    clean = possible(counts)
    recent: list[float] = []
    low = 0
    for minute, count in enumerate(clean.tolist()):
        if count != count:
            continue
        usual = sorted(recent)[len(recent) // 2] if recent else 0.0
        low = low + 1 if usual >= OUTAGE_FROM and count < OUTAGE * usual else 0
        if 0 < low <= OUTAGE_MINUTES:
            clean[minute] = np.nan
            continue
        if low:
            recent.clear()
        recent.append(count)
        del recent[:-30]
    return clean


def noise(logs: Floats) -> Floats:
    """Return the variance of a count about its level until each minute, over the last three hours.

    Noise of a count comes back in the next minute, a change of the level stays: the covariance of
    neighbouring changes is minus the noise. A count that holds its value for minutes has none.
    """
    changes = np.diff(held(logs, 30), prepend=np.nan)
    pairs = np.concatenate([[np.nan], changes[1:] * changes[:-1]])[: len(changes)]
    back = np.maximum(0.0, -np.nan_to_num(mean(pairs, NOISE_MINUTES)))
    return np.where(hold(logs) < HELD, back, 0.0)


def level(logs: Floats, most: int) -> Floats:
    """Return the level of a noisy curve until each minute, as a Kalman filter of a random walk.

    Where the count has no noise of its own, it is the count. A gap of more than ``most`` minutes
    gives NaN, and the level begins anew after it.
    """
    changes = np.diff(held(logs, most), prepend=np.nan)
    spread = np.nan_to_num(mean(changes**2, NOISE_MINUTES))
    measured = noise(logs)
    walk = np.maximum(spread - 2 * measured, 0.0)
    ratio = walk / np.maximum(measured, 1e-12)
    gains = np.clip((np.sqrt(ratio**2 + 4 * ratio) - ratio) / 2, LEAST_GAIN, 1.0)
    gains = np.where(measured > 1e-12, gains, 1.0)
    levels = np.full(len(logs), np.nan)
    now, age, side = np.nan, most + 1, 0
    steps = zip(logs.tolist(), gains.tolist(), (JUMP * np.sqrt(measured)).tolist(), strict=True)
    for minute, (value, gain, far) in enumerate(steps):
        if value == value:
            off = (value - now > far) - (now - value > far)
            is_new = age > most or now != now or (off != 0 and off == side)
            now = value if is_new or gain >= 1 else now + gain * (value - now)
            age, side = 0, off
        else:
            age += 1
        levels[minute] = now if age <= most else np.nan
    return levels


def hold(curve: Floats) -> Floats:
    """Return for how many minutes a count keeps its value on average, over the last three hours."""
    known = held(curve, 30)
    changed = np.where(np.isfinite(known), np.diff(known, prepend=np.nan) != 0, np.nan)
    share = np.nan_to_num(mean(changed, NOISE_MINUTES), nan=1.0)
    return 1 / np.clip(share, 1 / 16, 1.0)
