from __future__ import annotations

from grandstand.workers.restarts import FIRST_S, LONGEST_S, STEADY_S, Restarts


def test_each_pause_is_twice_the_one_before_up_to_the_longest() -> None:
    restarts = Restarts()
    pauses = [restarts.pause_s(lived_s=1) for _ in range(10)]
    assert pauses[:4] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S]
    assert pauses[-3:] == [LONGEST_S] * 3


def test_who_was_well_for_long_is_started_again_soon() -> None:
    restarts = Restarts()
    for _ in range(10):
        restarts.pause_s(lived_s=1)
    assert restarts.pause_s(lived_s=STEADY_S) == FIRST_S
    assert restarts.pause_s(lived_s=1) == 2 * FIRST_S
