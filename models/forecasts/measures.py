"""How good probabilities are: log loss, Brier score, calibration error, a paired bootstrap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS = 20
SMALLEST = 1e-12
SAMPLES = 4000


def log_losses(probabilities: Floats, outcomes: Ints) -> Floats:
    """Return the loss of each row of (n, labels); ``outcomes`` (n,) are columns."""
    return -np.log(np.maximum(probabilities[np.arange(len(outcomes)), outcomes], SMALLEST))


def brier(probabilities: Floats, outcomes: Ints) -> float:
    """Return the mean squared distance, summed over the labels: 0 to 2."""
    truth = np.eye(probabilities.shape[1])[outcomes]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def reliability(probabilities: Floats, outcomes: Ints) -> list[tuple[int, float, float]]:
    """Return, for each of ``BINS`` equal bins that isn't empty, how many probabilities fell in it,
    their mean, and how often it happened; all labels are pooled."""
    said = probabilities.ravel()
    came = np.eye(probabilities.shape[1])[outcomes].ravel()
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    return [
        (int(here.sum()), float(said[here].mean()), float(came[here].mean()))
        for here in (bins == number for number in range(BINS))
        if here.any()
    ]


def calibration_error(probabilities: Floats, outcomes: Ints) -> float:
    """Return the expected calibration error (ECE) over those bins."""
    bins = reliability(probabilities, outcomes)
    total = sum(count for count, _, _ in bins)
    return sum(count * abs(said - came) for count, said, came in bins) / total


def figures(probabilities: Floats, outcomes: Ints) -> dict[str, Any]:
    """Return what a card publishes of some rows."""
    return {
        "rows": len(outcomes),
        "log_loss": round(float(log_losses(probabilities, outcomes).mean()), 4),
        "brier": round(brier(probabilities, outcomes), 4),
        "ece": round(calibration_error(probabilities, outcomes), 4),
    }


def bootstrap(differences: Floats, seed: int = 0) -> dict[str, Any]:
    """Return the mean of differences, one a match, and its 95 % interval over resampled matches."""
    chance = np.random.default_rng(seed)
    count = len(differences)
    means = [differences[chance.integers(0, count, count)].mean() for _ in range(SAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return {
        "mean": round(float(differences.mean()), 4),
        "interval": [round(low, 4), round(high, 4)],
    }
