from __future__ import annotations

import numpy as np
import pytest
from grandstand.crowd.intervals import quantiles
from grandstand.crowd.show import Floats
from grandstand.crowd.weights import Widths

WIDTHS = Widths(0.02, 0.02)
NONE = np.zeros(4000)


def outside(found: Floats, truth: Floats) -> tuple[float, float]:
    """How many lie below and above, without the first quarter."""
    low, _, high = found[1000:].T
    return float(np.mean(truth[1000:] < low)), float(np.mean(truth[1000:] > high))


@pytest.mark.parametrize("scale", [0.002, 0.02, 0.1])
@pytest.mark.parametrize("ahead", [1, 15])
def test_a_tenth_lies_on_either_side_however_restless_the_show(scale: float, ahead: int) -> None:
    truth = np.random.default_rng(1).laplace(0, scale, 4000)
    for share in outside(quantiles(NONE, NONE, truth, ahead, WIDTHS), truth):
        assert share == pytest.approx(0.1, abs=0.035)


def test_each_side_has_its_own_width() -> None:
    truth = np.random.default_rng(2).exponential(0.05, 4000) - 0.01
    found = quantiles(NONE, NONE, truth, 5, WIDTHS)
    for share in outside(found, truth):
        assert share == pytest.approx(0.1, abs=0.035)
    assert found[-1, 2] > 3 * -found[-1, 0]


def test_a_count_that_mostly_stays_is_expected_to_stay() -> None:
    chance = np.random.default_rng(3)
    truth = np.where(chance.random(4000) < 0.7, 0.0, chance.normal(0.05, 0.05, 4000))
    middle = np.full(4000, 0.015)
    found = quantiles(middle, NONE, truth, 5, WIDTHS)
    assert (found[1000:, 1] == 0).all()
    assert (found[:, 0] <= found[:, 1]).all()
    assert (found[:, 1] <= found[:, 2]).all()


def test_noise_widens_the_first_intervals() -> None:
    truth = np.full(10, np.nan)
    still, noisy = (quantiles(NONE[:10], NONE[:10] + by, truth, 5, WIDTHS) for by in (0, 0.1))
    assert noisy[0, 2] > 5 * still[0, 2]


def test_nothing_is_learnt_of_what_nobody_knows() -> None:
    found = quantiles(NONE[:50], NONE[:50], np.full(50, np.nan), 5, WIDTHS)
    np.testing.assert_allclose(found, np.tile([-0.02, 0, 0.02], (50, 1)))
    assert quantiles(NONE[:0], NONE[:0], NONE[:0], 5, WIDTHS).shape == (0, 3)
