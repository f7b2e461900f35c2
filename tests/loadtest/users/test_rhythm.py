from random import Random

import pytest

from loadtest.users.rhythm import CYCLE_S, MOMENT_S, RHYTHMS, show, wait_s


def said(rhythm: str, per_s: float, for_s: float) -> list[float]:
    random, at_s, times = Random(4), 0.0, []
    while (at_s := at_s + wait_s(rhythm, at_s, per_s, random)) < for_s:
        times.append(at_s)
    return times


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_as_much_is_said_as_was_asked_for(rhythm: str) -> None:
    assert len(said(rhythm, per_s=20, for_s=10 * CYCLE_S)) == pytest.approx(20 * 600, rel=0.05)


def test_a_moment_is_an_outburst_and_between_moments_it_is_quiet() -> None:
    times = [at_s % CYCLE_S for at_s in said("show", per_s=50, for_s=10 * CYCLE_S)]
    after = sum(MOMENT_S <= at_s < MOMENT_S + 5 for at_s in times) / 50
    before = sum(MOMENT_S - 5 <= at_s < MOMENT_S for at_s in times) / 50
    assert after > 4 * before
    assert 0 < before / 50 < 0.6


def test_it_rises_within_two_seconds_and_the_next_minute_is_the_same() -> None:
    assert show(MOMENT_S + 2) > 5 > show(MOMENT_S) > 0.3
    assert show(MOMENT_S + 7) == pytest.approx(show(MOMENT_S + 7 + 3 * CYCLE_S))


def test_a_steady_crowd_has_no_moments() -> None:
    times = [at_s % CYCLE_S for at_s in said("steady", per_s=50, for_s=10 * CYCLE_S)]
    after = sum(MOMENT_S <= at_s < MOMENT_S + 5 for at_s in times)
    assert after == pytest.approx(50 * 5 * 10, rel=0.1)


def test_at_a_rate_of_nought_there_is_no_next_comment() -> None:
    with pytest.raises(ValueError, match="nobody speaks"):
        wait_s("show", 0, 0, Random(1))
