from __future__ import annotations

import numpy as np
import pytest
from grandstand.crowd.forecast import forecast, offset
from grandstand.crowd.history import History
from grandstand.crowd.show import Floats, Item, Show
from grandstand.crowd.weights import AHEAD

from tests.crowd.shows import BEGIN, audience, run_down, show, weights

MINUTES = 1200
WEIGHTS = weights()
NONE = History.of([])


def error(quantiles: Floats, counts: Floats, ahead: int) -> float:
    """The mean absolute percentage error of the median, without the first hours."""
    came = counts[ahead:]
    off = np.abs(quantiles[:-ahead, 1] - came)[300:] / came[300:]
    return 100 * float(np.nanmean(off))


def persistence(counts: Floats, ahead: int) -> float:
    return error(np.stack([counts] * 3, axis=1), counts, ahead)


def test_a_run_down_tells_of_the_breaks() -> None:
    counts = audience(MINUTES)
    with_it = forecast(show(counts, run_down(MINUTES)), NONE, WEIGHTS)
    without = forecast(show(counts), NONE, WEIGHTS)
    for ahead in (5, 15):
        assert error(with_it[ahead], counts, ahead) < 0.92 * error(without[ahead], counts, ahead)
        assert error(with_it[ahead], counts, ahead) < 0.92 * persistence(counts, ahead)


@pytest.mark.parametrize("late", [10, -10, 60])
def test_a_run_down_that_is_off_does_little_harm(late: float) -> None:
    counts = audience(MINUTES)
    found = forecast(show(counts, run_down(MINUTES, late)), NONE, WEIGHTS)
    for ahead in (1, 5, 15):  # nothing but its breaks moves this show: real ones lose less
        assert error(found[ahead], counts, ahead) < 1.08 * persistence(counts, ahead)


@pytest.mark.parametrize("size", [50, 300, 100_000])
def test_eight_of_ten_counts_come_within_the_interval_whatever_the_size(size: float) -> None:
    counts = audience(3000, size)
    found = forecast(show(counts), NONE, WEIGHTS)
    for ahead in (5, 15, 30, 60):
        low, _, high = found[ahead][:-ahead].T
        within = (counts[ahead:] >= low) & (counts[ahead:] <= high)
        assert 0.74 < within.mean() < 0.89


def test_all_is_in_proportion_to_the_size() -> None:
    counts = audience(400, 1e5)
    large, larger = (forecast(show(counts * by), NONE, WEIGHTS) for by in (1, 1000))
    for ahead in AHEAD:
        np.testing.assert_allclose(large[ahead] * 1000, larger[ahead], rtol=0.01)


@pytest.mark.parametrize("comments", [False, True])
def test_nothing_of_the_future_is_known(comments: bool) -> None:
    counts, said = audience(600), audience(600, 80, seed=2)
    now = 450
    other, silent = counts.copy(), said.copy()
    other[now + 1 :], silent[now + 1 :] = 5.0, 0.0
    items, past = run_down(900), History.of([show(audience(700, seed=3), run_down(700))])
    one = forecast(show(counts, items, said), past, WEIGHTS, comments)
    two = forecast(show(other, items, silent), past, WEIGHTS, comments)
    for ahead in AHEAD:
        np.testing.assert_array_equal(one[ahead][: now + 1], two[ahead][: now + 1])


def test_a_past_show_tells_of_a_rise_that_comes_again() -> None:
    rise = np.exp(np.clip((np.arange(400) - 200) / 60, 0, 1))
    past = show(np.rint(audience(400, seed=4, dip=0) * rise), [Item(BEGIN, BEGIN + 400, "a")])
    now = show(audience(201, seed=6, dip=0), [Item(BEGIN, BEGIN + 400, "a")])
    alone = forecast(now, NONE, WEIGHTS)[60][-1]
    told = forecast(now, History.of([past]), WEIGHTS)[60][-1]
    assert told[1] > 1.05 * alone[1]


@pytest.mark.parametrize("minutes", [0, 1, 2, 70])
def test_a_constant_audience_stays(minutes: int) -> None:
    found = forecast(show(np.full(minutes, 7.0)), NONE, WEIGHTS)
    for ahead in AHEAD:
        assert found[ahead].shape == (minutes, 3)
        assert (found[ahead][:, 1] == 7).all()


@pytest.mark.parametrize("odd", [np.nan, np.inf, -3.0])
def test_what_cannot_be_a_count_is_unknown(odd: float) -> None:
    found = forecast(show(np.full(90, odd), comments=np.full(90, odd)), NONE, WEIGHTS)
    assert all(np.isnan(each).all() for each in found.values())


def test_a_gap_is_bridged_for_half_an_hour() -> None:
    counts = audience(300)
    counts[100:120], counts[200:250] = np.nan, np.nan
    medians = forecast(show(counts, run_down(300)), NONE, WEIGHTS)[15][:, 1]
    assert np.isfinite(medians[:229]).all()
    assert np.isnan(medians[230:250]).all()
    assert np.isfinite(medians[250:]).all()


def test_an_outage_of_the_counter_is_no_audience() -> None:
    counts = audience(300)
    counts[150:154] = 3
    low = forecast(show(counts), NONE, WEIGHTS)[5][150:160].min()
    assert low > 0.8 * counts[149]


def test_a_jump_is_followed_at_once_and_widens_what_comes() -> None:
    counts = audience(400, 1000, dip=0)
    counts[200:] *= 4
    found = forecast(show(counts), NONE, WEIGHTS)
    assert found[1][200, 1] == pytest.approx(counts[200], rel=0.03)
    spread = np.log(found[15][:, 2] / found[15][:, 1])
    assert spread[230] > 1.1 * spread[199]


def test_comments_are_forecast_from_their_level_not_from_the_last_minute() -> None:
    said = np.random.default_rng(5).poisson(40, 600).astype(float)
    found = forecast(show(audience(600), comments=said), NONE, WEIGHTS, comments=True)
    for ahead in AHEAD:
        assert error(found[ahead], said, ahead) < 0.85 * persistence(said, ahead)


def test_a_past_show_lies_beside_by_its_start_or_by_the_time_of_the_day() -> None:
    evening = Show(BEGIN, np.ones(200), np.ones(200))
    assert offset(evening, Show(BEGIN - 5000, np.ones(200), np.ones(200))) == -5000
    week = Show(BEGIN, np.ones(9000), np.ones(9000))
    day = 1440
    assert offset(week, Show(BEGIN - 7 * day - 30, np.ones(9000), np.ones(9000))) == -7 * day - 30
    assert offset(week, Show(BEGIN - 7 * day - 300, np.ones(9000), np.ones(9000))) == -7 * day
