"""Lines are bounded, and keep what matters."""

from __future__ import annotations

from grandstand.forecasts.line import thinned


def test_the_least_steps_go_and_events_stay() -> None:
    line = [(at, 0.5 + at / 100_000, 0.5 - at / 100_000) for at in range(100)]
    line[30] = (30, 0.9, 0.1)
    event = 61
    found = thinned(line, {event}, most=5)
    assert len(found) == 5
    assert {line[0], line[30], line[event], line[99]} < {*found}
    assert [*found] == sorted(found)
    assert thinned(line[:5], set(), most=5) == tuple(line[:5])


def test_events_alone_are_never_thinned() -> None:
    line = [(at, 0.5, 0.5) for at in range(9)]
    assert thinned(line, {*range(9)}, most=5) == tuple(line)
