from __future__ import annotations

import numpy as np
from grandstand.crowd.before import forecast_before
from grandstand.crowd.history import History
from grandstand.crowd.show import Floats, Item, Show

from tests.crowd.shows import BEGIN, weights

MINUTES = 600
SHAPE = np.exp(-((np.arange(MINUTES) - 400) ** 2) / 1e5)
WEIGHTS = weights()


def past(size: float, curve: Floats = SHAPE) -> Show:
    """A show of ten hours, a week before, with an hour of waiting before it."""
    viewers = np.rint(size * np.concatenate([np.full(60, 0.01), curve]))
    begin = BEGIN - 10_080 - 60
    return Show(begin, viewers, viewers / 100, [Item(begin + 60, begin + 60 + MINUTES - 1, "x")])


def ahead(minutes: int = MINUTES) -> Show:
    return Show(0, np.zeros(0), np.zeros(0), [Item(BEGIN, BEGIN + minutes - 1, "x")])


def test_a_show_is_expected_to_be_like_the_last() -> None:
    low, median, high = forecast_before(ahead(), History.of([past(9000)]), WEIGHTS).T
    assert len(median) == MINUTES
    assert np.mean(np.abs(median - 9000 * SHAPE) / (9000 * SHAPE)) < 0.06
    assert (low < 0.9 * median).all()
    assert (high > 1.1 * median).all()
    comments = forecast_before(ahead(), History.of([past(9000)]), WEIGHTS, comments=True)
    assert 50 < comments[400, 1] < 100


def test_the_shape_is_that_of_all_and_the_level_that_of_the_last() -> None:
    flat = np.full(MINUTES, 0.7)
    both = forecast_before(ahead(), History.of([past(2000, flat), past(9000)]), WEIGHTS)[:, 1]
    last = forecast_before(ahead(), History.of([past(9000)]), WEIGHTS)[:, 1]
    assert np.ptp(np.log(both)) < 0.7 * np.ptp(np.log(last))
    assert 0.7 < np.median(both) / np.median(last) < 1.3


def test_what_no_past_show_had_is_unknown() -> None:
    found = forecast_before(ahead(MINUTES + 100), History.of([past(500)]), WEIGHTS)
    assert np.isfinite(found[:MINUTES]).all()
    assert np.isnan(found[MINUTES + 1 :]).all()
    assert np.isnan(forecast_before(ahead(), History.of([]), WEIGHTS)).all()
