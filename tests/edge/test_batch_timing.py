from __future__ import annotations

import pytest
from grandstand.domain.clock import next_tick
from grandstand.edge.batch_timing import (
    FEW,
    FIRST_WAY_MS,
    LONGEST_WAY_MS,
    MARGIN_MS,
    WAIT_MS,
    BatchTiming,
)

MOST_FIRST_AHEAD_MS = 25


def after(messages: int, *ways_ms: float) -> BatchTiming:
    """The room's departures once batches of so many took these times, each leaving when due."""
    departures, now_ms = BatchTiming("room"), 1_000_000.0
    departures.left(messages, now_ms)
    for way_ms in ways_ms:
        now_ms += departures.wait_ms(200, now_ms)
        departures.left(messages, now_ms)
        now_ms += way_ms
        departures.arrived(now_ms)
    return departures


@pytest.mark.parametrize("tick_ms", [50, 100, 200, 500, 1000, 2000])
def test_where_many_speak_a_batch_sets_out_shortly_before_the_tick(tick_ms: int) -> None:
    departures = after(FEW)
    ahead_ms = departures.ahead_ms(tick_ms)
    assert 0 < ahead_ms <= min(MOST_FIRST_AHEAD_MS, tick_ms / 4)
    for begins_ms in range(1_000_000, 1_000_000 + 2 * tick_ms):
        waits_ms = departures.wait_ms(tick_ms, begins_ms)
        assert 0 < waits_ms <= WAIT_MS
        sets_out_ms = begins_ms + waits_ms
        until_tick_ms = next_tick("room", sets_out_ms, tick_ms) - sets_out_ms
        assert waits_ms == WAIT_MS or until_tick_ms == pytest.approx(ahead_ms)


@pytest.mark.parametrize(("tick_ms", "waits_ms"), [(50, 20), (200, 50), (2000, 100)])
def test_where_few_speak_nobody_waits_for_the_tick(tick_ms: int, waits_ms: float) -> None:
    departures = after(FEW - 1)
    assert {departures.wait_ms(tick_ms, now_ms) for now_ms in range(400)} == {waits_ms}


def test_where_the_way_is_long_batches_set_out_sooner_and_the_next_one_is_in_time() -> None:
    assert after(FEW, 30).ahead_ms(200) > (FIRST_WAY_MS + 30) / 2
    assert after(FEW, 30, 30, 20, 20).ahead_ms(200) > 30


def test_a_way_that_has_become_short_is_believed_by_and_by() -> None:
    far, near = after(FEW, *[40] * 10), after(FEW, 40, *[4] * 1000)
    assert far.ahead_ms(1000) == pytest.approx(40 + MARGIN_MS, abs=0.1)
    assert near.ahead_ms(1000) == pytest.approx(4 + MARGIN_MS, abs=0.1)


def test_one_long_absence_of_the_store_is_forgotten_like_a_long_way() -> None:
    assert after(FEW, 3000).ahead_ms(10_000) == after(FEW, LONGEST_WAY_MS).ahead_ms(10_000)


def test_a_clock_that_was_set_back_makes_no_batch_late() -> None:
    assert after(FEW, -3_600_000).ahead_ms(200) == after(FEW, 0).ahead_ms(200) > MARGIN_MS


def test_no_batch_sets_out_sooner_than_a_quarter_of_a_tick() -> None:
    assert after(FEW, 45).ahead_ms(100) == 25


def test_what_the_loop_was_late_by_is_part_of_the_way() -> None:
    departures = after(FEW)
    due_ms = 1_000_000 + departures.wait_ms(200, 1_000_000)
    departures.left(FEW, due_ms + 20)
    departures.arrived(due_ms + 30)
    assert departures.ahead_ms(200) == after(FEW, 30).ahead_ms(200)


def test_a_full_batch_that_leaves_before_it_was_due_has_come_from_then() -> None:
    departures = after(FEW, *[4] * 1000)
    departures.wait_ms(200, 1_000_000)
    departures.left(FEW, 1_000_001)
    departures.arrived(1_000_005)
    departures.left(FEW, 1_000_105)  # no waiting where there is enough for a batch
    departures.arrived(1_000_109)
    assert departures.ahead_ms(200) == pytest.approx(4 + MARGIN_MS, abs=0.1)
