"""What the model is held against: a score table. How often did the side that batted first win from
such an over, rate and number of wickets? Bins have a few matches each, so all lean to the mean."""

from __future__ import annotations

import numpy as np

from models.cricket.weights import Floats

LEAN = 20
"""So many balls of an even match are taken as seen in each bin."""

RATES = [5.5, 6.5, 7.5, 8.5, 9.5]
REQUIRED = [3, 5, 6.5, 8, 9.5, 11, 13, 16]
LOST = [2, 4, 6, 8]


def forecast(stats: Floats, won: Floats, learnt: Floats) -> Floats:
    """Return the chance of the side that bats first, (n,), by the rows that are ``learnt`` from."""
    innings, runs, balls, wickets, total, target = stats.T[:6]
    left = total - balls
    rate = np.where(balls > 0, runs / np.maximum(balls, 1) * 6, 7.5)
    required = (target - runs) / np.maximum(left, 1) * 6
    pace = np.where(innings == 1, np.digitize(rate, RATES), np.digitize(required, REQUIRED))
    over = np.minimum(balls // 12, 9)
    bins = (((innings * 10 + over) * 10 + pace) * 10 + np.digitize(wickets, LOST)).astype(int)
    count = np.bincount(bins[learnt], minlength=bins.max() + 1)
    wins = np.bincount(bins[learnt], won[learnt], minlength=bins.max() + 1)
    said = ((wins + LEAN * won[learnt].mean()) / (count + LEAN))[bins]
    is_chase = innings == 2
    said = np.where(is_chase & ((left <= 0) | (wickets >= 10)), 1.0, said)
    return np.asarray(np.where(is_chase & (target <= runs), 0.0, said))
