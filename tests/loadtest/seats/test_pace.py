import pytest

from loadtest.seats.pace import Pace


def started(pace: Pace, now_s: float) -> int:
    number = 0
    while pace.starts(now_s):
        number += 1
    return number


def test_no_more_start_in_a_second_than_was_said() -> None:
    pace = Pace(per_s=100, at_once=1000)
    assert sum(started(pace, 5 + tick / 50) for tick in range(100)) == pytest.approx(200, abs=12)


def test_no_more_are_on_their_way_than_was_said() -> None:
    pace = Pace(per_s=1e6, at_once=3)
    assert started(pace, 1.0) == 3
    pace.arrived()
    assert started(pace, 1.0) == 1


def test_a_pause_does_not_end_in_a_burst() -> None:
    pace = Pace(per_s=100, at_once=1000)
    started(pace, 1.0)
    assert started(pace, 60.0) <= 11
