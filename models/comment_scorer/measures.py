"""What tests are measured by, each with its interval. Pure."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.comment_scorer.sets import SEED

RESAMPLES = 1000
BINS = 15

Floats = NDArray[np.float64]
Measure = Callable[[Floats, Floats], float]
"""Of the truth, (n,), and what was found: classes by number, or probabilities."""


def accuracy(truth: Floats, classes: Floats) -> float:
    """Share right."""
    return float((classes == truth).mean())


def macro_f1(truth: Floats, classes: Floats) -> float:
    """Mean F1 of the classes that the truth has."""
    scores = []
    for each in np.unique(truth):
        real, guess = truth == each, classes == each
        both = 2 * (real & guess).sum()
        scores.append(both / max(1, both + (real != guess).sum()))
    return float(np.mean(scores))


def matthews(truth: Floats, classes: Floats) -> float:
    """Matthews' correlation of two classes (MCC)."""
    said = len({*classes}) > 1 and len({*truth}) > 1
    return float(np.corrcoef(truth, classes)[0, 1]) if said else 0.0


def area(truth: Floats, found: Floats) -> float:
    """Area under the ROC curve, ties counted half."""
    _, inverse, counts = np.unique(found, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    yes = truth >= 0.5
    positives, negatives = int(yes.sum()), int((~yes).sum())
    above = ranks[yes].sum() - positives * (positives + 1) / 2
    return float(above / max(1, positives * negatives))


def correlation(truth: Floats, found: Floats) -> float:
    """Pearson's correlation."""
    return float(np.corrcoef(truth, found)[0, 1])


def calibration_error(truth: Floats, found: Floats) -> float:
    """Expected calibration error, 15 bins of equal width (Guo et al. 2017), of probabilities."""
    bins = np.minimum((found * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, found - truth, BINS)
    return float(np.abs(gaps).sum() / len(truth))


def with_interval(of: Measure, truth: Floats, found: Floats) -> list[float]:
    """[value, low, high]: the 95 % interval of a seeded bootstrap."""
    chance = np.random.default_rng(SEED)
    draws = (chance.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES))
    low, high = np.percentile([of(truth[d], found[d]) for d in draws], [2.5, 97.5])
    return [round(value, 4) for value in (of(truth, found), float(low), float(high))]
