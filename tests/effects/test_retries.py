"""When a firing is tried again, with made-up time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from grandstand.domain.effects import Firing, Occurrence
from grandstand.effects import retries
from grandstand.effects.answer import Answer

DOWN = Answer(False, "can't be reached")


def firing(at: int = 1000) -> Firing:
    return Firing("f", "e", 0, Occurrence("cue", "c", at, {"a": "b"}, {"c": "d"}), at)


def attempts_s(each_takes_ms: int, at: int = 1000) -> list[float]:
    """When an effect is tried whose target is down for an hour, s after it is due."""
    tried, now, made = list[float](), at, firing(at)
    while not made.is_over:
        assert now < at + 3_600_000
        tried.append((now - at) / 1000)
        now += each_takes_ms
        made = retries.after(made, DOWN, now)
        now += retries.pause_ms(made.attempts)
    assert (made.status, made.answer, made.attempts) == ("failed", DOWN.words, len(tried))
    return tried


def test_a_target_that_is_down_for_an_hour_is_given_up_after_ten_minutes() -> None:
    tried = attempts_s(each_takes_ms=0)
    assert tried[:9] == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]
    assert {after - before for before, after in pairwise(tried[6:])} == {30}
    assert 570 < tried[-1] <= 600


def test_one_that_hangs_each_time_is_given_up_as_soon() -> None:
    assert 550 < attempts_s(each_takes_ms=10_000)[-1] <= 600


def test_one_that_comes_late_is_tried_once() -> None:
    """Nobody led the room for an hour."""
    made = retries.after(firing(), DOWN, 3_601_000)
    assert (made.status, made.attempts) == ("failed", 1)
    done = retries.after(firing(), Answer(True, "HTTP 204"), 3_601_000)
    assert done.status == "done"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(True, "HTTP 204"), "done"),
        (Answer(False, "gone", is_final=True), "failed"),
        (DOWN, "retrying"),
    ],
)
def test_what_is_over_keeps_no_data(answer: Answer, status: str) -> None:
    made = retries.after(firing(), answer, 1100)
    assert (made.status, made.attempts, made.answer) == (status, 1, answer.words)
    assert bool(made.occurrence.data) is (status == "retrying")
    assert bool(made.occurrence.facts) is (status == "retrying")


def test_a_pause_is_bounded_after_any_number_of_attempts() -> None:
    assert retries.pause_ms(10_000) == retries.LONGEST_PAUSE_MS
