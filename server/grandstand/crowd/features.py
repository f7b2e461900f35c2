"""What a forecast sees at each minute: a curve beside itself, earlier days and past shows. Pure.

All features are differences of logarithms, so a show of fifty viewers and one of a hundred thousand
look alike. What isn't known is 0: a show without run-down, history or an earlier day has zeros
there, which change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grandstand.crowd import programme, series
from grandstand.crowd.history import SMOOTH, PastCurve
from grandstand.crowd.show import Floats

DAY = 1440
GAP = 30
"""Minutes for which the last count stands for those that are missing."""

CHANGES = (15, 60)
MEANS = (180, DAY)
DAYS = 6
MOST = 0.7
"""As a logarithm: more than the double, or less than half, is seen as that."""

VIEWERS_MOST = 0.25
"""So much of the viewers' own rise or fall is seen: where a show fills or empties, the shows that
weights are learnt from say nothing of how far it goes on."""

BLOCKS = (len(CHANGES) + len(MEANS), 3)
"""How many features the curve itself has, then past days and shows; the run-down has the rest."""

COUNT = sum(BLOCKS) + programme.RAMPS + 1
"""How many features there are."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve in logarithms: ``logs`` as counted, ``base`` its level until each minute, which a
    forecast is a ratio to; how long a count holds its value, (minutes,). ``most`` of its own rise
    or fall is seen."""

    logs: Floats
    base: Floats
    hold: Floats
    most: float

    @classmethod
    def of(cls, counts: Floats, most: float) -> Curve:
        """Return the curve of clean counts."""
        logs = np.log(counts + 0.5)
        return cls(logs, series.level(logs, GAP), series.hold(counts), most)


@dataclass(frozen=True, slots=True)
class Past:
    """A past curve, and ``by``, what is added to a minute of the present show to find the same one
    in the past."""

    curve: PastCurve
    by: int


def features(curve: Curve, past: Sequence[Past], states: Floats, ahead: int) -> Floats:
    """Return the features for a forecast ``ahead`` minutes on from each minute, (minutes, K).

    ``states`` go on ``ahead`` minutes or more after the curve, (minutes and more, S).
    """
    here = np.arange(len(curve.logs))
    columns = [
        *(np.clip(own, -curve.most, curve.most) for own in _own(curve, here)),
        *_history(curve, past, here, ahead),
        *_programme(curve, states, here, ahead),
    ]
    found: Floats = np.clip(np.nan_to_num(np.stack(columns, axis=1)), -MOST, MOST)
    return found


def _own(curve: Curve, here: series.Whole) -> list[Floats]:
    recent = series.mean(curve.logs, 4)
    changes = [curve.base - series.at(recent, here - back) for back in CHANGES]
    return [*changes, *(_off(curve.base, curve.logs, back) for back in MEANS)]


def _off(now: Floats, curve: Floats, back: int) -> Floats:
    """Return how far a curve is off its mean; less, where less of the mean is known."""
    known: Floats = series.mean(np.isfinite(curve).astype(float), back)
    share = known * np.minimum(1, np.arange(1, len(curve) + 1) / (back + 1))
    off: Floats = (now - series.mean(curve, back)) * share
    return off


def _history(curve: Curve, past: Sequence[Past], here: series.Whole, ahead: int) -> list[Floats]:
    """Return how the curve went on at this time of earlier days, and past shows at this point;
    and how far the curve is above what past shows let expect."""
    smooth = series.mean(curve.logs, SMOOTH // 2, SMOOTH // 2)
    known = min(DAYS, len(here) // DAY + 1)
    days = [_change(smooth, here - DAY * back, ahead) for back in range(1, known + 1)]
    none = np.full(len(here), np.nan)
    shows = [_change(each.curve.smooth, here + each.by, ahead) for each in past] or [none]
    levels = [series.at(each.curve.smooth, here + each.by) - each.curve.middle for each in past]
    above = curve.base - _pooled(levels or [none], 0)
    return [_pooled(days, 1), _pooled(shows, 1), _off(above, above, MEANS[-1])]


def _change(smooth: Floats, here: series.Whole, ahead: int) -> Floats:
    return series.at(smooth, here + ahead) - series.at(smooth, here)


def _pooled(curves: Sequence[Floats], doubt: int) -> Floats:
    """Return the mean of what is known, as if ``doubt`` more curves had said 0; NaN of none."""
    known = np.isfinite(curves).sum(axis=0)
    pooled: Floats = np.nansum(curves, axis=0) / np.maximum(known + doubt, 1)
    return np.where(known > 0, pooled, np.nan)


def _programme(curve: Curve, states: Floats, here: series.Whole, ahead: int) -> list[Floats]:
    """Return the changes of the states, as late as the count tells of them."""
    late = np.rint(2 * curve.hold).astype(int) - 2  # the mean of so many minutes is half as late
    sums = np.concatenate([np.zeros((1, states.shape[1])), np.cumsum(states, axis=0)])

    def seen(last: series.Whole) -> Floats:
        first = np.maximum(last - late, 0)
        means: Floats = (sums[last + 1] - sums[first]) / (last + 1 - first)[:, None]
        return means

    return list((seen(here + ahead) - seen(here)).T)
