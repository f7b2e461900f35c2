"""Forecasts of a show's curve from what is known at each of its minutes. Pure.

Theory of operation: a level that filters the count's noise, plus a linear combination of features
(``weights``, trained on other shows), its parts multiplied by gains that this show's own errors
give, within an interval whose width those errors give, too. Nothing is fitted to counts, only to
their ratios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from grandstand.crowd import features, intervals, programme, series
from grandstand.crowd.features import BLOCKS, DAY, Curve, Past
from grandstand.crowd.gains import gains
from grandstand.crowd.history import History, cleaned
from grandstand.crowd.show import Floats, Show
from grandstand.crowd.weights import AHEAD, Horizon, Weights

LONG = 30 * 60
"""From so many minutes on a show runs round the clock."""

ALIKE = 120
"""Minutes between times of the day at which shows that start are laid beside each other by it."""

DIGITS = 6
"""So that an unchanged count is the count itself, to the bit."""

STAY = 50
"""Minutes for which a viewer stays: an assumption, of which a small show's first intervals are
made; its own errors correct them within hours."""


def offset(show: Show, past: Show) -> int:
    """Return what is added to a minute since 1970 to find the same point of a past show.

    That is the same distance from the start; of shows round the clock that start at different times
    of the day, the same time of the day.
    """
    apart = past.start - show.start
    whole = round(apart / DAY) * DAY
    is_long = max(show.length, past.length) >= LONG
    return whole if is_long and abs(apart - whole) > ALIKE else apart


def inputs(show: Show, history: History, comments: bool) -> tuple[Curve, list[Past], Floats]:
    """Return what the features are made of: the curve, the past, and the run-down's states."""
    clean = cleaned(show)
    if comments:
        curve = Curve.of(clean.comments, features.MOST)
    else:
        curve = Curve.of(clean.viewers, features.VIEWERS_MOST)
    past = [
        Past(
            each.comments if comments else each.viewers,
            offset(show, each.show) + show.begin - each.show.begin,
        )
        for each in history.shows
    ]
    minutes = len(curve.logs) + max(AHEAD)
    return curve, past, programme.states(show.items, show.begin, minutes, history.appeal)


def changes(curve: Curve, ahead: int) -> Floats:
    """Return what came of the level of each minute, as logarithms; NaN where nobody knows yet."""
    here = np.arange(len(curve.logs))
    return series.at(curve.logs, here + ahead) - curve.base


def forecast(
    show: Show,
    history: History,
    weights: Weights,
    comments: bool = False,
    minutes_ahead: Sequence[int] = AHEAD,
) -> dict[int, Floats]:
    """Return p10, p50 and p90 of a curve, as made at each of its minutes, (minutes, 3), for some of
    ``AHEAD``; NaN where nothing was counted for more than half an hour."""
    curve, past, states = inputs(show, history, comments)
    trained = weights.comments if comments else weights.viewers
    learnt = trained.with_past if past else trained.alone
    return {
        ahead: _horizon(curve, past, states, ahead, learnt[ahead], comments)
        for ahead in minutes_ahead
    }


def _horizon(
    curve: Curve,
    past: Sequence[Past],
    states: Floats,
    ahead: int,
    learnt: Horizon,
    comments: bool,
) -> Floats:
    weighted = features.features(curve, past, states, ahead) * np.array(learnt.weights)
    blocks = np.split(weighted, np.cumsum(BLOCKS), axis=1)
    parts = np.stack([block.sum(axis=1) for block in blocks], axis=1)
    truth = changes(curve, ahead)
    middle = (parts * gains(parts, truth, ahead)).sum(axis=1)
    spread = np.sqrt(np.maximum(series.noise(curve.logs), _chance(curve, ahead, comments)))
    change = intervals.quantiles(middle, spread, truth, ahead, learnt)
    found: Floats = np.maximum(np.exp(curve.base[:, None] + change) - 0.5, 0)
    return np.round(found, DIGITS)


def _chance(curve: Curve, ahead: int, comments: bool) -> Floats:
    """Return the variance that few people make, as logarithms: of comments that come one by one, or
    of viewers who each come and go by themselves."""
    share = 1.0 if comments else 2 * (1 - math.exp(-ahead / STAY))
    found: Floats = share / (np.exp(np.nan_to_num(curve.base)) + 0.5)
    return found
