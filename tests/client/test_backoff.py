"""When a client comes back, and when never."""

from __future__ import annotations

from math import inf, nan

import pytest
from grandstand.client.backoff import (
    LONGEST_S,
    MOST_S,
    Backoff,
    Closed,
    End,
    Failed,
    Refused,
    backoff_s,
)
from grandstand.wire.codes import AfterClose, CloseCode
from grandstand.wire.messages import Bye
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 1000), st.floats(0, 1))
def test_the_wait_is_jittered_in_full_and_bounded(attempt: int, chance: float) -> None:
    bound_s = min(MOST_S, 0.5 * 2 ** min(attempt, 10))
    assert backoff_s(attempt, 0) == 0
    assert 0 <= backoff_s(attempt, chance) <= backoff_s(attempt, 1) == bound_s


def bye(code: int, *, reconnect: bool = True, after: int = 0) -> Bye:
    return Bye(code, "told", reconnect, after)


@pytest.mark.parametrize("code", CloseCode)
def test_a_close_asks_what_its_row_says(code: CloseCode) -> None:
    assert Backoff().judge(Closed(code, "why"), 0) == (Closed(code, "why"), code.client)


@pytest.mark.parametrize(
    ("end", "after"),
    [
        (Refused(401), AfterClose.NEW_TOKEN),
        (Refused(404), AfterClose.FINAL),
        (Refused(503), AfterClose.RECONNECT),
        (Failed("connect: refused"), AfterClose.RECONNECT),
    ],
)
def test_other_ends_ask_what_is_theirs(end: End, after: AfterClose) -> None:
    assert Backoff().judge(end, 0) == (end, after)


@pytest.mark.parametrize(
    ("said", "closed", "ended", "after"),
    [
        (bye(3503), Closed(1006), Closed(3503, "told"), AfterClose.FINAL),
        (bye(1012), Closed(1006), Closed(1012, "told"), AfterClose.RECONNECT),
        (bye(1012), Closed(1012, "own"), Closed(1012, "own"), AfterClose.RECONNECT),
        (bye(1012, reconnect=False), Closed(1012), Closed(1012, "told"), AfterClose.FINAL),
        (bye(3000, reconnect=False), Closed(3000), Closed(3000, "told"), AfterClose.NEW_TOKEN),
    ],
)
def test_a_bye_tells_the_truth_about_what_follows_it(
    said: Bye, closed: Closed, ended: Closed, after: AfterClose
) -> None:
    backoff = Backoff()
    backoff.warned(said, 0)
    assert backoff.judge(closed, 0) == (ended, after)
    backoff.begin()
    assert backoff.judge(Closed(1006), 0) == (Closed(1006), AfterClose.RECONNECT)


def test_it_does_not_come_back_before_it_may() -> None:
    backoff = Backoff()
    backoff.warned(bye(1012, after=1500), 100)
    assert backoff.return_s(100, 0) == 101.5
    backoff.judge(Refused(503, 7), 102)
    assert backoff.return_s(102, 0) == 109
    backoff.hold(110, 10)
    assert backoff.return_s(110, 0) == 120
    assert backoff.return_s(130, 0) == 130


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(inf, LONGEST_S), (1e9, LONGEST_S), (-inf, 0), (-5, 0), (nan, 0)]
)
def test_a_server_that_asks_for_ever_or_for_no_number_is_asked_again(
    asked_s: float, waited_s: float
) -> None:
    backoff = Backoff()
    backoff.hold(100, asked_s)
    assert backoff.return_s(100, 0) == 100 + waited_s


def test_attempts_in_vain_wait_longer_and_a_steady_connection_begins_anew() -> None:
    backoff = Backoff()
    assert [backoff.return_s(0, 1) for _ in range(3)] == [0.5, 1, 2]
    backoff.begin()
    backoff.welcomed(10)
    assert backoff.return_s(19.9, 1) == 19.9 + 4
    backoff.begin()
    backoff.welcomed(30)
    assert backoff.return_s(40, 1) == 40.5
    backoff.begin()
    assert backoff.return_s(60, 1) == 61  # it was not in this time


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (Closed(CloseCode.BANNED, "for good"), "3503 for good"),
        (Closed(1006), "1006"),
        (Refused(403), "HTTP 403"),
        (Failed("silence"), "silence"),
    ],
)
def test_an_end_reads_well(end: End, words: str) -> None:
    assert str(end) == words
