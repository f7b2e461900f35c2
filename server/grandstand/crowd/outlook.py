"""What a room's audience will be 1, 5 and 15 minutes from now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from grandstand.crowd.before import forecast_before
from grandstand.crowd.forecast import forecast
from grandstand.crowd.history import History
from grandstand.crowd.show import Floats, Show
from grandstand.crowd.weights import Weights
from grandstand.wire.gauges import Crowd, Expected

MINUTES_AHEAD = (1, 5, 15)
DIGITS = 1


def outlook(show: Show, history: History, weights: Weights) -> Crowd:
    """Return what is expected after the last minute of the curve.

    Minutes that lie beyond the start of a show that hasn't begun are forecast from past shows, if
    there are some: before the doors open its own curve tells nothing.
    """
    viewers, comments = (_curve(show, history, weights, each) for each in (False, True))
    return Crowd(viewers, comments)


def _curve(show: Show, history: History, weights: Weights, comments: bool) -> list[Expected]:
    curves = forecast(show, history, weights, comments, MINUTES_AHEAD)
    last = show.begin + len(show.viewers) - 1
    is_near = show.items and history.shows and last < show.start <= last + max(MINUTES_AHEAD)
    before = forecast_before(show, history, weights, comments) if is_near else np.zeros((0, 3))
    found = []
    for ahead in MINUTES_AHEAD:
        values: Floats = curves[ahead][-1]
        place = last + ahead - show.start
        if 0 <= place < len(before) and np.isfinite(before[place]).all():
            values = before[place]
        if np.isfinite(values).all():
            p10, p50, p90 = np.round(values, DIGITS).tolist()
            found.append(Expected(ahead * 60, p10, p50, p90))
    return found


def total(crowds: Iterable[Crowd]) -> Crowd:
    """Return the sum over rooms, as if all erred alike: each quantile is the sum of theirs.

    Rooms err less alike than that, so the true interval is narrower; p50 is the sum in either case
    where their errors are symmetric.
    """
    known = list(crowds)
    return Crowd(_sum([each.viewers for each in known]), _sum([each.comments for each in known]))


def _sum(curves: Sequence[Sequence[Expected]]) -> list[Expected]:
    found = []
    for seconds in (60 * ahead for ahead in MINUTES_AHEAD):
        there = [each for curve in curves for each in curve if each.within == seconds]
        if there:
            sums = (sum(getattr(each, name) for each in there) for name in ("p10", "p50", "p90"))
            found.append(Expected(seconds, *(round(each, DIGITS) for each in sums)))
    return found
