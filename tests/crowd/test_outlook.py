"""A forecast from now on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from grandstand.crowd.before import forecast_before
from grandstand.crowd.history import History
from grandstand.crowd.outlook import outlook, total
from grandstand.crowd.show import Show
from grandstand.wire.gauges import Crowd, Expected

from tests.crowd.shows import BEGIN, audience, run_down, show, weights

ALONE = History.of([])


def test_it_is_the_last_minutes_forecast() -> None:
    expected = outlook(show(audience(120, size=5000)), ALONE, weights())
    assert [each.within for each in expected.viewers] == [60, 300, 900]
    assert [each.within for each in expected.comments] == [60, 300, 900]
    widths = [each.p90 - each.p10 for each in expected.viewers]
    assert widths == sorted(widths)
    for each in (*expected.viewers, *expected.comments):
        assert each.p10 <= each.p50 <= each.p90
    assert expected.viewers[0].p50 == pytest.approx(5000, rel=0.2)


def test_a_show_of_one_minute_without_history_has_a_forecast() -> None:
    expected = outlook(Show(BEGIN, np.array([40.0]), np.array([np.nan])), ALONE, weights())
    assert [round(each.p50) for each in expected.viewers] == [40, 40, 40]
    assert expected.comments == []


def test_a_curve_that_stopped_an_hour_ago_has_none() -> None:
    silent = np.append(audience(60), np.full(60, np.nan))
    assert outlook(show(silent, comments=silent), ALONE, weights()) == Crowd([], [])


def test_before_the_doors_open_past_shows_say_how_many_will_come() -> None:
    past = show(audience(300), run_down(300))
    coming = replace(past, begin=BEGIN - 10, viewers=np.zeros(3), comments=np.zeros(3))
    history = History.of([past])
    expected = outlook(coming, history, weights())
    first, second, third = expected.viewers
    assert (first.p50, second.p50) == (0, 0)
    minute = coming.begin + 2 + 15 - coming.start
    p10, p50, p90 = forecast_before(coming, history, weights())[minute]
    assert (third.p10, third.p50, third.p90) == tuple(np.round((p10, p50, p90), 1))
    assert third.p50 > 5000


def test_quantiles_of_a_sum_are_sums_as_if_all_rooms_erred_alike() -> None:
    one = Crowd([Expected(60, 8, 10, 12), Expected(300, 5, 10, 15)], [Expected(60, 1, 2, 3)])
    other = Crowd([Expected(60, 80, 100, 120)], [])
    assert total([one, other]) == Crowd(
        [Expected(60, 88, 110, 132), Expected(300, 5, 10, 15)], [Expected(60, 1, 2, 3)]
    )
    assert total([]) == Crowd([], [])
