"""What is kept of an audience that is there now."""

from __future__ import annotations

import math

import numpy as np
import pytest
from grandstand.crowd.live_curve import HOUR, KEPT, LiveCurve

BEGIN = 28_000_000 - 28_000_000 % HOUR + 50
"""Ten minutes before an hour is full."""


def curve(minutes: int, begin: int = BEGIN) -> LiveCurve:
    made = LiveCurve()
    for minute in range(minutes):
        made.count_viewers(begin + minute, 100.0 + minute)
        made.count_comments(begin + minute, float(minute))
    return made


def known(of: LiveCurve) -> list[float | None]:
    return [None if math.isnan(each) else each for each in of.viewers]


def test_a_later_count_of_a_minute_stands_in_place_of_the_earlier() -> None:
    made = curve(2)
    made.count_viewers(BEGIN + 1, 7.0)
    assert (made.begin, made.viewers, made.comments) == (BEGIN, [100.0, 7.0], [0.0, 1.0])


def test_of_minutes_that_were_left_out_nothing_is_known() -> None:
    made = curve(1)
    made.count_viewers(BEGIN + 3, 103.0)
    assert known(made) == [100.0, None, None, 103.0]


def test_a_week_is_kept() -> None:
    made = curve(3)
    made.count_viewers(BEGIN + KEPT, 1.0)
    assert (made.begin, len(made.viewers), len(made.comments)) == (BEGIN + 1, KEPT, KEPT)
    assert made.viewers[:2] == [101.0, 102.0]


def test_a_count_copies_nothing_of_the_week() -> None:
    made = curve(3)
    viewers, comments = made.viewers, made.comments
    made.count_viewers(BEGIN + 5, 1.0)
    assert (made.viewers is viewers, made.comments is comments) == (True, True)


@pytest.mark.parametrize("minute", [BEGIN - 1, BEGIN + 10 * KEPT, BEGIN - 10 * KEPT])
def test_a_clock_that_jumps_far_begins_anew(minute: int) -> None:
    made = curve(3)
    made.count_viewers(minute, 9.0)
    assert (made.begin, made.viewers) == (minute, [9.0])


def test_a_clock_that_is_put_back_makes_what_came_after_it_unknown() -> None:
    made = curve(5)
    made.count_viewers(BEGIN + 2, 9.0)
    assert made.viewers == [100.0, 101.0, 9.0]
    assert made.last == BEGIN + 2


@pytest.mark.parametrize("minute", [BEGIN - 1, BEGIN + 3])
def test_comments_of_a_minute_that_it_does_not_have_are_left_aside(minute: int) -> None:
    made = curve(3)
    made.count_comments(minute, 99.0)
    assert made.comments == [0.0, 1.0, 2.0]


def test_its_hours_make_the_same_curve() -> None:
    made = curve(25)
    made.count_viewers(BEGIN + 30, 5.0)
    first = BEGIN // HOUR
    hours = {number: made.hour(number) for number in (first, first + 1)}
    again = LiveCurve.of(hours, made.last)
    assert again.begin == made.begin
    np.testing.assert_array_equal(again.viewers, made.viewers)
    np.testing.assert_array_equal(again.comments, made.comments)


def test_hours_that_are_too_old_or_of_the_future_or_of_another_version_are_left_out() -> None:
    made, old = curve(25), curve(60, BEGIN - 2 * KEPT)
    first = BEGIN // HOUR
    hours = {
        first: made.hour(first),
        first + 1: made.hour(first + 1),
        first + 2: b"short",
        (BEGIN - 2 * KEPT) // HOUR: old.hour((BEGIN - 2 * KEPT) // HOUR),
    }
    again = LiveCurve.of(hours, BEGIN + 4)
    assert (again.begin, again.viewers) == (BEGIN, [100.0, 101.0, 102.0, 103.0, 104.0])


def test_a_curve_of_nothing_is_empty() -> None:
    assert LiveCurve.of({}, BEGIN).viewers == []
