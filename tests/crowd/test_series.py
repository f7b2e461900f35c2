from __future__ import annotations

import numpy as np
import pytest
from grandstand.crowd import series

NAN = np.nan


def test_nothing_is_known_outside_of_a_curve() -> None:
    found = series.at(np.array([1.0, 2.0]), np.array([-1, 0, 1, 2]))
    np.testing.assert_array_equal(found, [NAN, 1, 2, NAN])
    assert np.isnan(series.at(np.zeros(0), np.array([0]))).all()


def test_a_mean_is_of_what_is_known() -> None:
    curve = np.array([1.0, NAN, 3.0, 5.0])
    np.testing.assert_array_equal(series.mean(curve, 1), [1, 1, 3, 4])
    np.testing.assert_array_equal(series.mean(curve, 0, 1), [1, 3, 4, 5])
    np.testing.assert_array_equal(series.mean(np.full(2, NAN), 3), [NAN, NAN])


def test_a_value_is_held_for_a_while() -> None:
    curve = np.array([NAN, 4.0, NAN, NAN, NAN, 6.0])
    np.testing.assert_array_equal(series.held(curve, 2), [NAN, 4, 4, 4, NAN, 6])


def test_an_outage_is_unknown_until_it_has_lasted() -> None:
    counts = np.full(60, 100.0)
    counts[30:33] = 2
    clean = series.without_outages(counts)
    assert np.isnan(clean[30:33]).all()
    assert np.isfinite(np.delete(clean, [30, 31, 32])).all()
    counts[30:] = 2
    clean = series.without_outages(counts)
    lasted = 30 + series.OUTAGE_MINUTES
    assert np.isnan(clean[30:lasted]).all()
    assert (clean[lasted:] == 2).all()


def test_few_people_may_all_leave() -> None:
    counts = np.array([10.0] * 40 + [0.0] * 5)
    np.testing.assert_array_equal(series.without_outages(counts), counts)


def test_counts_that_cannot_be_are_unknown() -> None:
    clean = series.without_outages(np.array([-1.0, np.inf, NAN, 5.0]))
    np.testing.assert_array_equal(clean, [NAN, NAN, NAN, 5])


def test_noise_is_told_from_a_walk() -> None:
    chance = np.random.default_rng(1)
    walk = np.cumsum(chance.normal(0, 0.01, 600))
    assert series.noise(walk)[-1] < 0.01**2
    noisy = walk + chance.normal(0, 0.1, 600)
    assert series.noise(noisy)[-1] == pytest.approx(0.1**2, rel=0.4)


def test_a_count_that_holds_its_value_has_no_noise() -> None:
    walk = np.repeat(np.random.default_rng(2).normal(0, 0.1, 100), 6)
    assert series.noise(walk)[-1] == 0
    assert series.hold(walk)[-1] == pytest.approx(6, rel=0.1)


def test_the_level_of_a_noisy_count_is_calmer_and_that_of_a_plain_one_is_itself() -> None:
    chance = np.random.default_rng(3)
    walk = np.cumsum(chance.normal(0, 0.01, 600))
    noisy = walk + chance.normal(0, 0.1, 600)
    level = series.level(noisy, 30)
    assert np.std((level - walk)[100:]) < 0.5 * np.std((noisy - walk)[100:])
    held = np.repeat(walk[::6], 6)
    np.testing.assert_array_equal(series.level(held, 30), held)


def test_a_jump_is_a_new_level_after_two_counts() -> None:
    noisy = np.random.default_rng(4).normal(0, 0.1, 400)
    noisy[300:] += 2
    level = series.level(noisy, 30)
    assert level[301] > 1.5


def test_a_level_ends_with_a_long_gap_and_begins_anew() -> None:
    curve = np.full(50, 1.0)
    curve[10:30] = NAN
    curve[30:] = 9.0
    level = series.level(curve, 5)
    assert (level[10:15] == 1).all()
    assert np.isnan(level[15:30]).all()
    assert level[30] == 9
