"""When a rise is a highlight."""

from __future__ import annotations

import random

import pytest
from grandstand.overlays import alarms
from grandstand.overlays.alarms import FIRST, FLOOR, LONGEST_S, Alarms


def noticed(given: Alarms, rises: list[float]) -> list[int]:
    return [second for second, rise in enumerate(rises) if given.step(second, rise)]


def test_an_excursion_is_one_highlight_until_it_has_fallen_by_half() -> None:
    up = FIRST * 1.2
    given = Alarms(60)
    assert noticed(given, [0, up, up, 0.7 * up, up, up]) == [1]
    assert given.is_raised
    given.step(6, 0.1)
    assert not given.is_raised


def test_two_are_a_sixth_of_their_mean_distance_apart() -> None:
    given = Alarms(12, first=1, learns=False)
    pulse = [2.0, 0.0, 0.0, 0.0, 0.0]
    assert noticed(given, pulse * 30) == [0, 60, 120]  # 60 s is the least
    given = Alarms(2, first=1, learns=False)
    assert noticed(given, pulse * 130) == [0, 300, 600]


def test_one_that_does_not_end_is_ended() -> None:
    given = Alarms(60, learns=False)
    assert noticed(given, [5.0] * (LONGEST_S + 30))[0] == 0
    assert noticed(Alarms(60), [5.0] * (LONGEST_S * 2))[1] >= LONGEST_S


@pytest.mark.parametrize("times", [0.6, 1.0, 2.5])
def test_the_threshold_learns_what_the_show_has_so_many_of(times: float) -> None:
    chance = random.Random(4)
    rises = []
    for _ in range(24 * 60):
        peak = times * (0.5 + chance.expovariate(2.0))
        rises += [peak] * 5 + [0.0] * 55
    given = Alarms(4)
    found = noticed(given, rises)
    settled = [second for second in found if second > 8 * 3600]
    assert 3 * 16 < len(settled) < 5 * 16
    assert given.threshold >= FLOOR


def test_a_dull_show_has_no_highlights() -> None:
    given = Alarms(10)
    assert noticed(given, ([0.38] * 5 + [0.0] * 55) * 600) == []
    assert given.threshold >= FLOOR


def test_its_past_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "MAX_PEAKS", 10)
    given = Alarms(6)
    noticed(given, [FIRST, 0.0] * 1000)
    assert len(given.peaks) == len(given.ordered) == 10
