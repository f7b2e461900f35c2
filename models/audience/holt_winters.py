"""Holt-Winters, as statsmodels has it: what forecasts are compared with.

Two of them, of logarithms: by the minute with a damped trend, over the last twelve hours; and by
quarters of an hour with a damped trend and the daily season, over all that was, once two days were.
Both are fitted anew at each origin; quantiles are those of simulated paths.
"""

from __future__ import annotations

import warnings

import numpy as np
from grandstand.crowd import series
from grandstand.crowd.show import Floats
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from models.audience.measures import QUANTILES

RECENT = 720
QUARTER = 15
SEASON = 96
PATHS = 200


def by_minute(counted: Floats, origin: int) -> Floats:
    """Return the quantiles of the hour after an origin, (60, 3)."""
    logs = np.log(counted[max(0, origin - RECENT) : origin + 1] + 0.5)
    return _paths(series.held(logs, RECENT), 60, None)


def by_season(counted: Floats, origin: int) -> Floats | None:
    """Return the quantiles 15, 30, 45 and 60 minutes after an origin, (4, 3); None before two days
    were counted."""
    logs = series.held(np.log(counted[: origin + 1] + 0.5), RECENT)
    quarters = logs[origin % QUARTER :: QUARTER]
    quarters = quarters[np.isfinite(quarters)]
    return _paths(quarters, 4, SEASON) if len(quarters) >= 2 * SEASON else None


def _paths(logs: Floats, steps: int, season: int | None) -> Floats:
    known = logs[np.isfinite(logs)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of optimisers that stop early
        model = ExponentialSmoothing(
            known,
            trend="add",
            damped_trend=True,
            seasonal="add" if season else None,
            seasonal_periods=season,
            initialization_method="estimated" if season is None else "heuristic",
        )
        paths = model.fit().simulate(steps, repetitions=PATHS, random_state=1)
    found: Floats = np.exp(np.quantile(np.asarray(paths), QUANTILES, axis=1).T) - 0.5
    return found
