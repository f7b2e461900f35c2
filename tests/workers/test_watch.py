"""Silence on a clock of the test's own: when words come, and what the parent's looks find."""

from __future__ import annotations

import pytest
from grandstand.workers.watch import HUNG_S, START_S, WORD_S, Watch

LONG_S = 100.0


def every_s(step_s: float, begin_s: float = 0.0, end_s: float = LONG_S) -> list[float]:
    return [begin_s + step_s * number for number in range(int((end_s - begin_s) / step_s) + 1)]


def hangs_at(
    words: list[float], looks: list[float], watch: Watch | None = None, rest_s: float = 2 * LONG_S
) -> list[float]:
    """The looks that find it hanging; ``rest_s`` is when it is told to end."""
    watch = Watch() if watch is None else watch
    happens = [(at, "word") for at in words] + [(at, "look") for at in looks] + [(rest_s, "rest")]
    found = []
    for at, what in sorted(happens):
        if what == "word":
            watch.heard()
        elif what == "rest":
            watch.rest()
        elif watch.hangs():
            found.append(at)
    return found


@pytest.mark.parametrize("after_s", [0.0, 0.1, 1.0, WORD_S - 0.1])
def test_who_falls_silent_hangs_once_after_hung_s_and_before_another_look(after_s: float) -> None:
    last_s = 10.0
    (found,) = hangs_at(every_s(WORD_S, end_s=last_s), every_s(WORD_S, after_s))
    assert HUNG_S <= found - last_s <= HUNG_S + WORD_S


def test_who_speaks_does_not_hang_and_neither_does_who_is_late_by_less_than_three_words() -> None:
    looks = every_s(WORD_S, 0.5)
    assert hangs_at(every_s(WORD_S), looks) == []
    assert hangs_at(every_s(HUNG_S - 0.1), looks) == []


def test_one_that_starts_has_its_time_and_hangs_after_it() -> None:
    looks = every_s(WORD_S, WORD_S, 2 * START_S)
    (found,) = hangs_at([], looks, rest_s=2 * START_S)
    assert START_S <= found <= START_S + WORD_S
    slow = every_s(WORD_S, START_S - 1, 2 * START_S)
    assert hangs_at(slow, looks, rest_s=2 * START_S) == []


def test_nothing_is_expected_of_one_that_is_to_end() -> None:
    assert hangs_at([0.0, 1.0], every_s(WORD_S), rest_s=5.0) == []
    assert hangs_at([0.0, 1.0, 6.0, 7.0], every_s(WORD_S), rest_s=5.0) == []


def test_a_parent_that_was_stopped_itself_finds_nobody_hanging_at_once() -> None:
    """Its next look comes late and before any word is read; then all is as ever."""
    stopped_s, goes_on_s = 20.5, 80.25
    looks = [*every_s(WORD_S, end_s=stopped_s), *every_s(WORD_S, goes_on_s)]
    words = every_s(WORD_S, 1.0)
    heard = [at if at < stopped_s else max(at, goes_on_s + 0.01) for at in words]
    assert hangs_at(heard, looks) == []
    dead = [at for at in words if at < stopped_s]
    (found,) = hangs_at(dead, looks)
    assert found >= goes_on_s + HUNG_S - WORD_S


def test_the_bound_may_be_another() -> None:
    assert hangs_at([0.0], [0.1, 0.2, 0.3], Watch(patience=1)) == [0.2]
