"""A crowd murmurs in waves and bursts out when something happens."""

from __future__ import annotations

from collections import Counter
from random import Random

from grandstand.demo.rhythm import CALM_PER_VIEWER, LASTS_S, WAVE, WAVE_S, Rhythm
from hypothesis import given
from hypothesis import strategies as st


def test_a_crowd_that_nothing_stirs_murmurs_around_its_base_rate() -> None:
    rates = [Rhythm().per_viewer(second) for second in range(int(WAVE_S))]
    assert abs(sum(rates) / len(rates) - CALM_PER_VIEWER) < 1e-6
    assert max(rates) <= CALM_PER_VIEWER * (1 + WAVE)


def test_an_outburst_swells_and_then_dies_away() -> None:
    rhythm = Rhythm()
    rhythm.stir(0.0, "moment")
    quiet = Rhythm()
    over = [rhythm.per_viewer(at) - quiet.per_viewer(at) for at in (0, 1, 2, 6, 12, LASTS_S)]
    assert over[0] == 0
    assert over[1] < over[2]
    assert over[2] > over[3] > over[4] > 0
    assert over[5] == 0


def test_in_an_outburst_most_talk_of_what_caused_it() -> None:
    rhythm, random = Rhythm(), Random(1)
    rhythm.stir(0.0, "cue")
    said = Counter(rhythm.occasion(3.0, random.random()) for _ in range(1000))
    assert said["cue"] > said["calm"] > 0
    assert set(said) == {"cue", "calm"}


@given(st.lists(st.floats(0, 1e6)), st.floats(0, 1e6), st.floats(0, 1, exclude_max=True))
def test_the_rate_is_never_negative_and_there_is_always_an_occasion(
    stirred: list[float], now_s: float, chance: float
) -> None:
    rhythm = Rhythm()
    for at in stirred:
        rhythm.stir(at, "poll")
    assert rhythm.per_viewer(now_s) > 0
    assert rhythm.occasion(now_s, chance) in ("calm", "poll")
