from __future__ import annotations

from grandstand.recommendations.rises import LEAST_S, SPAN_S, STEP_S, Rises


def test_a_room_rises_by_what_it_had_some_minutes_ago() -> None:
    rises = Rises()
    assert rises.of("r", 10, 0.0) == 1.0  # nothing to compare it with
    assert rises.of("r", 40, LEAST_S - 1) == 1.0
    assert rises.of("r", 40, LEAST_S) == 4.0
    for step in range(100):
        rises.of("r", 40, LEAST_S + step * STEP_S)
    assert rises.of("r", 80, LEAST_S + 100 * STEP_S) == 2.0


def test_it_remembers_no_more_than_it_needs() -> None:
    rises = Rises()
    for second in range(1000):
        rises.of("r", 1, float(second))
    assert len(rises._counts["r"]) <= SPAN_S / STEP_S + 2
    rises.of("other", 5, 1000.0)
    rises.keep({"other"})
    assert rises._counts.keys() == {"other"}


def test_the_first_viewers_of_an_empty_room_are_a_rise() -> None:
    rises = Rises()
    rises.of("r", 0, 0.0)
    assert rises.of("r", 30, LEAST_S) == 30.0
