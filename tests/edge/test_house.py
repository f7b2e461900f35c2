"""What is decided by what is expected."""

from __future__ import annotations

import pytest
from grandstand.edge.house import (
    LATE_MS,
    Bounds,
    Houses,
    Why,
    admission_rate,
    advice,
    needed_per_s,
)
from grandstand.wire.gauges import Expected
from hypothesis import given
from hypothesis import strategies as st

BOUNDS = Bounds(100, 1000, 3000)


def houses(
    present: int, *p90: float, seats: int = 0, processes: int = 2, waiting: int = 0
) -> Houses:
    expected = [
        Expected(within, 0, 0, each) for within, each in zip((60, 300, 900), p90, strict=False)
    ]
    return Houses(processes, seats, present, waiting, expected)


@pytest.mark.parametrize(
    ("per_s", "late_ms", "waiting", "needed", "then", "why"),
    [
        (1000, 0, 0, 0, 1000, "usual"),
        (1000, LATE_MS + 1, 50, 900, 800, "late"),
        (110, LATE_MS + 1, 0, 0, 100, "late"),
        (1000, 0, 5, 0, 1250, "waiting"),
        (2900, 0, 5, 0, 3000, "waiting"),
        (1000, 0, 0, 600, 1250, "expected"),
        (1000, 0, 0, 900, 1800, "expected"),
        (1800, 0, 0, 100, 1440, "usual"),
        (1100, 0, 0, 100, 1000, "usual"),
        (1800, 0, 0, 800, 1600, "usual"),
        (1800, 0, 0, 900, 1800, "usual"),
        (100, 0, 0, 0, 125, "usual"),
        (900, 0, 0, 0, 1000, "usual"),
    ],
)
def test_the_rate_follows_capacity_and_what_is_expected(
    per_s: int, late_ms: float, waiting: int, needed: float, then: int, why: Why
) -> None:
    assert admission_rate(BOUNDS, per_s, late_ms, waiting, needed) == (then, why)


@given(st.integers(100, 3000), st.floats(0, 5000), st.integers(0, 9), st.floats(0, 1e9))
def test_the_rate_keeps_within_what_the_operator_allows(
    per_s: int, late_ms: float, waiting: int, needed: float
) -> None:
    then, _ = admission_rate(BOUNDS, per_s, late_ms, waiting, needed)
    assert BOUNDS.low <= then <= BOUNDS.high


def test_what_is_needed_is_the_steepest_rise_and_those_who_come_for_others() -> None:
    assert needed_per_s(houses(3000, 3600, 3900)) == (1 + 10) / 2
    assert needed_per_s(houses(3000, 2000, 1000, processes=1)) == 1
    assert needed_per_s(houses(0, processes=0)) == 0


def test_advice_names_the_first_time_at_which_seats_are_short_and_how_many() -> None:
    found = advice(houses(3000, 3900, 4100, 9000, seats=4000))
    assert found == {
        "seats_short": "up to 4100 viewers are likely in 5 min, and there are 4000 seats: "
        "add 1 process of 2000 seats"
    }


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (houses(10, 20, 30, 40), []),
        (houses(10, 20, 30, 40, waiting=3), ["waiting"]),
        (houses(3850, 3900, 3900, 3900, seats=4000), ["house_full"]),
        (houses(900, 950, 980, 1000, seats=4000), ["seats_ample"]),
        (houses(900, 950, 980, 1001, seats=4000), []),
        (houses(900, seats=4000), []),
        (houses(9, 9, 9, 9, seats=2000, processes=1), []),
    ],
)
def test_advice_is_given_by_seats_alone(given: Houses, codes: list[str]) -> None:
    assert list(advice(given)) == codes
