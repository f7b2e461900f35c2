"""Trains the forecasts: ``python -m models.audience.train --data DIR``.

Writes ``weights.json``. Editions that began before 2020 are trained on, each with those before it
as its past, and once more without any past, for shows that have none. Least absolute deviations
with a small ridge, by reweighted least squares.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from grandstand.crowd import series
from grandstand.crowd.before import middle
from grandstand.crowd.features import features
from grandstand.crowd.forecast import changes, inputs
from grandstand.crowd.history import History
from grandstand.crowd.show import Floats
from grandstand.crowd.weights import AHEAD, CurveWeights, Horizon, Weights, Widths

from models.audience.sets import UNTIL, Edition, editions

HERE = Path(__file__).parent
WEIGHTS = HERE / "weights.json"
VERSION = "2026.12-2"
RIDGE = 1e-3
ROUNDS = 25
DIGITS = 5
FLOOR = 1e-3


def samples(
    shows: Sequence[Edition], number: int, comments: bool, alone: bool
) -> dict[int, tuple[Floats, Floats]]:
    """Return features and what came of them, for each number of minutes ahead, of one edition."""
    edition = shows[number]
    history = History.of([] if alone else [each.show for each in shows[:number]])
    curve, past, states = inputs(edition.show, history, comments)
    inside = np.isfinite(edition.truth(comments))
    found = {}
    here = np.arange(len(curve.logs))
    for ahead in AHEAD:
        came = changes(curve, ahead)
        good = np.isfinite(came) & inside & (series.at(inside.astype(float), here + ahead) == 1)
        found[ahead] = features(curve, past, states, ahead)[good], came[good]
    return found


def fitted(seen: Floats, came: Floats) -> Floats:
    """Return the weights that make the mean absolute error least."""
    spread = seen.std(axis=0) + 1e-6
    weights = np.zeros(seen.shape[1])
    for _ in range(ROUNDS):
        near = 1 / np.maximum(np.abs(came - seen @ weights), FLOOR)
        inner = (seen * near[:, None]).T @ seen + RIDGE * near.sum() * np.diag(spread**2)
        weights = np.linalg.solve(inner, (seen * near[:, None]).T @ came)
    return weights


def curve_weights(shows: Sequence[Edition], comments: bool, alone: bool) -> dict[int, Horizon]:
    """Return what is learnt of one curve, with past shows or without.

    The widths are those of the edition with the widest: a new show may be as restless.
    """
    parts = [samples(shows, number, comments, alone) for number in range(len(shows))]
    found = {}
    for ahead in AHEAD:
        each = [part[ahead] for part in parts]
        weights = fitted(np.concatenate([x for x, _ in each]), np.concatenate([y for _, y in each]))
        errors = [np.quantile(came - seen @ weights, (0.1, 0.9)) for seen, came in each]
        widths = _widths(errors)
        found[ahead] = Horizon(
            widths.below,
            widths.above,
            tuple(round(weight, DIGITS) for weight in weights.tolist()),
        )
    return found


def before_widths(shows: Sequence[Edition], comments: bool) -> Widths:
    """Return how far the 10 % and 90 % quantiles lie from a forecast made before the show, in the
    edition in which they lie farthest; of those that have one before them."""
    errors = []
    for number in range(1, len(shows)):
        edition = shows[number]
        history = History.of([each.show for each in shows[:number]])
        expected = middle(edition.show, history, comments)
        came = np.log(edition.truth(comments)[edition.on] + 0.5)
        length = min(len(came), len(expected))
        errors.append(np.nanquantile(came[:length] - expected[:length], (0.1, 0.9)))
    return _widths(errors)


def _widths(errors: Sequence[Floats]) -> Widths:
    low, high = min(low for low, _ in errors), max(high for _, high in errors)
    return Widths(round(-float(low), DIGITS), round(float(high), DIGITS))


def trained(shows: Sequence[Edition]) -> Weights:
    """Return the weights learnt from some editions, in the order of time."""
    viewers, comments = (
        CurveWeights(
            curve_weights(shows, comments, alone=False),
            curve_weights(shows, comments, alone=True),
            before_widths(shows, comments),
        )
        for comments in (False, True)
    )
    return Weights(VERSION, tuple(each.name for each in shows), viewers, comments)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
    given = parser.parse_args()
    shows = [each for each in editions(given.data / "gdq_audience") if each.show.start < UNTIL]
    learnt = trained(shows)
    WEIGHTS.write_bytes(msgspec.json.format(msgspec.json.encode(learnt), indent=1) + b"\n")


if __name__ == "__main__":
    main()
