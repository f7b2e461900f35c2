"""How good forecasts are: errors of the middle, pinball loss, coverage, and their intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from grandstand.crowd.show import Floats

QUANTILES = (0.1, 0.5, 0.9)
BLOCK = 360
"""Minutes that are drawn together: neighbouring errors are alike."""

DRAWS = 500
EQUAL = 1e-6


@dataclass(frozen=True)
class Scored:
    """Errors of forecasts, each (forecasts,): ``error`` is the relative error of the median,
    ``pinball`` the mean loss over ``QUANTILES`` by the mean count, ``covered`` 1 within p10 to p90,
    ``under`` 1 below each quantile, (forecasts, 3)."""

    error: Floats
    pinball: Floats
    covered: Floats
    under: Floats

    def mape(self) -> float:
        """Return the mean absolute percentage error."""
        return 100 * float(np.mean(self.error))

    def loss(self) -> float:
        """Return the pinball loss in percent of the mean count."""
        return 100 * float(np.mean(self.pinball))

    def coverage(self) -> float:
        """Return the share within p10 to p90."""
        return float(np.mean(self.covered))


def scored(quantiles: Floats, came: Floats) -> Scored:
    """Score forecasts, (forecasts, 3), by the counts that came, (forecasts,)."""
    away = came[:, None] - quantiles
    shares = np.array(QUANTILES)
    losses = np.maximum(shares * away, (shares - 1) * away).mean(axis=1)
    within = (away[:, 0] >= -EQUAL) & (away[:, 2] <= EQUAL)
    return Scored(
        np.abs(away[:, 1]) / np.maximum(came, 1),
        losses / max(float(came.mean()), 1e-9),
        within.astype(float),
        (away < 0).astype(float),
    )


def bootstrap(measure: Callable[[np.ndarray], float], count: int, seed: int = 1) -> list[float]:
    """Return a measure of all forecasts and its 95 % interval, by blocks of six hours drawn with
    replacement. ``measure`` takes indexes of forecasts."""
    chance = np.random.default_rng(seed)
    blocks = np.array_split(np.arange(count), max(1, count // BLOCK))
    drawn = [
        measure(
            np.concatenate(
                [blocks[each] for each in chance.integers(len(blocks), size=len(blocks))]
            )
        )
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return [round(each, 4) for each in (measure(np.arange(count)), float(low), float(high))]
