"""A forecast of a whole show from before it, by past shows and its run-down. Pure.

Theory of operation: the mean shape of past shows, minute by minute from the start, at the level of
the last one. Shapes are smoothed over two hours, since what a past show had on at a minute is not
on again; what this one's titles have drawn before is added.
"""

from __future__ import annotations

import numpy as np

from grandstand.crowd import programme, series
from grandstand.crowd.forecast import offset
from grandstand.crowd.history import History, PastCurve
from grandstand.crowd.show import Floats, Show
from grandstand.crowd.weights import Weights


def middle(show: Show, history: History, comments: bool = False) -> Floats:
    """Return the expected logarithm of each minute from the show's start to its end, (minutes,).

    NaN for minutes that no past show had. ``show.items`` say when it starts and ends.
    """
    minutes = np.arange(show.length)
    shapes = []
    level = np.nan
    for past in (each.show for each in history.shows):
        first = max(0, past.start - past.begin)
        inside = slice(first, first + past.length)
        curve = PastCurve.of((past.comments if comments else past.viewers)[inside])
        by = offset(show, past) + show.start - past.begin - first
        shapes.append(series.at(curve.smooth, minutes + by) - curve.middle)
        level = curve.middle
    if not shapes:
        return np.full(len(minutes), np.nan)
    known = np.isfinite(shapes).sum(axis=0)
    shape = np.where(known > 0, np.nansum(shapes, axis=0) / np.maximum(known, 1), np.nan)
    appeal = {} if comments else history.appeal
    drawn = programme.states(show.items, show.start, len(minutes), appeal)[:, -1]
    found: Floats = level + shape + drawn
    return found


def forecast_before(
    show: Show, history: History, weights: Weights, comments: bool = False
) -> Floats:
    """Return p10, p50 and p90 of each minute from the show's start to its end, (minutes, 3)."""
    widths = (weights.comments if comments else weights.viewers).before
    away = np.array([-widths.below, 0.0, widths.above])
    found: Floats = np.maximum(np.exp(middle(show, history, comments)[:, None] + away) - 0.5, 0)
    return found
