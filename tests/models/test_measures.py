from __future__ import annotations

import numpy as np
import pytest

from models.comment_scorer.measures import (
    accuracy,
    area,
    calibration_error,
    correlation,
    macro_f1,
    matthews,
    with_interval,
)

TRUTH = np.array([0, 0, 0, 1, 1, 2], float)
FOUND = np.array([0, 0, 1, 1, 1, 0], float)


def test_classes_are_counted_as_the_books_say() -> None:
    assert accuracy(TRUTH, FOUND) == pytest.approx(4 / 6)
    # F1 of 0: 2·2/(3+3); of 1: 2·2/(2+3); of 2: none of them found.
    assert macro_f1(TRUTH, FOUND) == pytest.approx((4 / 6 + 4 / 5 + 0) / 3)


def test_matthews_is_one_when_all_is_right_and_none_when_nothing_is_said() -> None:
    truth = np.array([0, 1, 1, 0], float)
    assert matthews(truth, truth) == pytest.approx(1)
    assert matthews(truth, 1 - truth) == pytest.approx(-1)
    assert matthews(truth, np.zeros(4)) == 0


def test_the_area_is_the_share_of_pairs_in_order() -> None:
    truth = np.array([0, 0, 1, 1], float)
    assert area(truth, np.array([0.1, 0.4, 0.35, 0.8])) == pytest.approx(0.75)
    assert area(truth, np.full(4, 0.5)) == pytest.approx(0.5)


def test_probabilities_that_hold_have_no_calibration_error() -> None:
    truth = np.tile([0.0, 0.0, 0.0, 1.0], 100)
    assert calibration_error(truth, np.full(400, 0.25)) == pytest.approx(0)
    assert calibration_error(truth, np.full(400, 0.75)) == pytest.approx(0.5)
    assert calibration_error(truth, np.ones(400)) == pytest.approx(0.75)


def test_an_interval_holds_the_value_and_is_the_same_again() -> None:
    chance = np.random.default_rng(1)
    truth = chance.random(200)
    found = truth + chance.normal(0, 0.3, 200)
    value, low, high = with_interval(correlation, truth, found)
    assert low < value < high
    assert high - low < 0.3
    assert with_interval(correlation, truth, found) == [value, low, high]
