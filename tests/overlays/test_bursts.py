"""How far a rate stands above the usual."""

from __future__ import annotations

import math
import random

import msgspec
from grandstand.overlays.bursts import (
    LEAST_SAMPLES,
    LONGEST_S,
    SAMPLE_EVERY_S,
    SPANS_S,
    YOUNG_SAMPLES,
    Rise,
)

KNOWN_S = (LEAST_SAMPLES + YOUNG_SAMPLES) * SAMPLE_EVERY_S


def fed(rate: float, seconds: int) -> Rise:
    rise = Rise()
    for _ in range(seconds):
        rise.step(rate)
    return rise


def test_the_usual_has_to_be_known_first() -> None:
    rise = Rise()
    assert [rise.step(100.0) for _ in range(LEAST_SAMPLES * SAMPLE_EVERY_S - 1)][-1] == 0
    assert rise.heat == 1


def test_it_is_the_logarithm_of_how_many_times_the_usual() -> None:
    rise = fed(50, KNOWN_S + 600)
    assert abs(rise.step(50)) < 0.01
    for _ in range(20):
        found = rise.step(200)
    assert abs(found - math.log(4)) < 0.05
    assert abs(rise.heat - 4) < 0.1
    assert rise.onset_age_s == 20


def test_one_after_none_and_chance_in_an_even_chat_are_no_burst() -> None:
    rise = fed(0.02, 2000)
    assert rise.step(1) < math.log(1.5)
    chance = random.Random(1)
    rise = fed(0, 0)
    worst = max(rise.step(float(chance.random() < 0.7)) for _ in range(7200))
    assert worst < math.log(2)


def test_a_level_that_stays_becomes_the_usual() -> None:
    rise = fed(10, 1500)
    assert rise.step(40) < rise.step(40)
    for _ in range(900):
        last = rise.step(40)
    assert last < 0.05


def test_what_comes_late_counts_in_its_second_and_no_longer_than_that() -> None:
    prompt, late = fed(10, 1500), fed(10, 1500)
    for _ in range(30):
        prompt.step(30)
        late.step(10)
    for age in range(30):
        late.add(20, age)
    late.add(1e9, LONGEST_S)
    for _ in range(LONGEST_S):
        assert abs(prompt.step(10) - late.step(10)) < 1e-6


def test_a_silent_room_teaches_nothing() -> None:
    rise = fed(10, 1500)
    lively_s = rise.lively_s
    for _ in range(3600):
        rise.step(0)
    assert rise.lively_s < lively_s + LONGEST_S
    for _ in range(LONGEST_S):
        found = rise.step(10)
    assert found < 0.05


def test_coarser_steps_see_the_same() -> None:
    coarse = Rise(10)
    for _ in range(150):
        coarse.step(500)
    for _ in range(2):
        found = coarse.step(2000)
    assert abs(found - math.log(4)) < 0.05
    assert coarse.onset_age_s == 20


def test_what_another_version_measured_by_other_spans_is_learnt_anew() -> None:
    known = fed(10, KNOWN_S)
    as_it_is = msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=Rise)
    assert as_it_is.step(40) == known.step(40) > 0
    known.spans = known.spans[1:]
    other = msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=Rise)
    assert [span.steps for span in other.spans] == list(SPANS_S)
    assert other.step(40) == 0
