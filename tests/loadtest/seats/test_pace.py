import pytest

from loadtest.seats.pace import Pace, comeback_s


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


def test_the_way_back_grows_longer_with_each_attempt_up_to_half_a_minute() -> None:
    longest = [comeback_s(attempts, 1.0) for attempts in range(9)]
    assert longest[:4] == [0.5, 1, 2, 4]
    assert longest[-1] == comeback_s(5000, 1.0) == 30
    assert comeback_s(3, 0.25) == 1
