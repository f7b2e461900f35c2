from __future__ import annotations

import numpy as np
from grandstand.crowd.gains import MOST, gains

CHANCE = np.random.default_rng(1)
PARTS = CHANCE.normal(0, 0.05, (2000, 3))
NOISE = CHANCE.normal(0, 0.02, 2000)


def test_all_is_believed_at_first_and_when_nothing_is_known() -> None:
    np.testing.assert_allclose(gains(PARTS, np.full(2000, np.nan), 15), 1)
    np.testing.assert_allclose(gains(PARTS, PARTS.sum(axis=1), 15)[:15], 1)


def test_a_part_that_says_nothing_loses_its_say_and_the_others_keep_theirs() -> None:
    truth = PARTS[:, 0] + PARTS[:, 1] + NOISE
    own, past, run_down = gains(PARTS, truth, 5)[-1]
    assert run_down < 0.2
    assert 0.8 < own <= MOST
    assert 0.8 < past <= MOST


def test_a_part_that_is_wrong_is_left_out_not_turned_round() -> None:
    assert gains(PARTS, PARTS[:, 0] - PARTS[:, 2] + NOISE, 5)[-1, 2] == 0


def test_a_forecast_counts_when_its_time_has_come() -> None:
    truth = PARTS[:, 0] + NOISE
    later = truth.copy()
    later[991:] = 9.0
    one, two = gains(PARTS, truth, 10), gains(PARTS, later, 10)
    np.testing.assert_array_equal(one[:1001], two[:1001])
    assert (one[1001:1020] != two[1001:1020]).any()
