from __future__ import annotations

import pytest
from grandstand.domain.clock import (
    AHEAD_MS,
    HELD_MS,
    SAMPLE_LIFE_MS,
    ProgrammeClock,
    StoreClock,
    check_at,
    next_tick,
)
from grandstand.wire.codes import ErrorCode, RefusedError
from hypothesis import given
from hypothesis import strategies as st


def test_the_shortest_round_trip_is_believed() -> None:
    clock = StoreClock()
    clock.sample(0, 100, 5_050)
    assert clock.now(100) == 5_100
    clock.sample(200, 210, 5_300)
    assert clock.now(210) == 5_305
    clock.sample(300, 500, 9_000)
    assert clock.now(500) == 5_595


def test_an_old_sample_yields_to_a_slower_one() -> None:
    clock = StoreClock()
    clock.sample(0, 0, 1_000)
    clock.sample(SAMPLE_LIFE_MS, SAMPLE_LIFE_MS + 2, SAMPLE_LIFE_MS + 500)
    assert clock.now(SAMPLE_LIFE_MS + 2) == SAMPLE_LIFE_MS + 501


@pytest.mark.parametrize("by_ms", [3_600_000, -3_600_000, 86_400_000])
def test_a_jump_that_is_taken_back_has_had_no_effect(by_ms: int) -> None:
    clock = StoreClock()
    clock.sample(0, 0, 1_000)
    for second in range(1, 30):
        clock.sample(second * 1000, second * 1000, second * 1000 + 1_000 + by_ms)
        assert clock.jumped_ms == by_ms
        assert clock.now(second * 1000) == second * 1000 + 1_000
    clock.sample(30_000, 30_000, 31_000)
    assert clock.jumped_ms == 0
    assert clock.now(30_000) == 31_000


def test_a_jump_that_lasts_is_believed() -> None:
    clock = StoreClock()
    clock.sample(0, 0, 1_000)
    clock.sample(1000, 1000, 9_000_000)
    clock.sample(20_000, 20_000, 20_000)  # back, and away again: it lasts from then on
    clock.sample(21_000, 21_000, 9_020_000)
    clock.sample(20_000 + HELD_MS, 20_000 + HELD_MS, 9_019_000 + HELD_MS)
    assert clock.jumped_ms > 0
    clock.sample(21_000 + HELD_MS, 21_000 + HELD_MS, 9_020_000 + HELD_MS)
    assert clock.jumped_ms == 0
    assert clock.now(21_000 + HELD_MS) == 9_020_000 + HELD_MS


@given(
    st.lists(
        st.tuples(st.floats(0, 1e9), st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=20
    ),
    st.floats(-1e12, 1e12),
)
def test_the_clock_errs_by_half_of_the_round_trip_at_most(
    questions: list[tuple[float, float, float]], ahead_ms: float
) -> None:
    clock, asked_ms = StoreClock(), 0.0
    shortest_ms = float("inf")
    for wait_ms, there_ms, back_ms in questions:
        asked_ms += wait_ms % SAMPLE_LIFE_MS / 20  # no sample is too old
        clock.sample(asked_ms, asked_ms + there_ms + back_ms, asked_ms + there_ms + ahead_ms)
        shortest_ms = min(shortest_ms, there_ms + back_ms)
        assert abs(clock.now(asked_ms) - asked_ms - ahead_ms) <= shortest_ms / 2 + 0.01


@given(
    st.lists(
        st.tuples(st.integers(0, 10**13), st.integers(-86_400_000, 86_400_000), st.booleans()),
        min_size=1,
    )
)
def test_programme_time_never_runs_backwards(steps: list[tuple[int, int, bool]]) -> None:
    clock, last = ProgrammeClock(), 0
    for time_ms, offset_ms, is_seen in steps:
        if is_seen:
            clock.seen(time_ms)
        now = clock.now(time_ms, offset_ms)
        assert now >= max(last, time_ms - offset_ms)
        last = now


def test_programme_time_is_the_stores_less_the_offset() -> None:
    assert ProgrammeClock().now(10_000.9, 3_000) == 7_000


def test_a_moment_may_lie_two_seconds_ahead_and_max_latency_behind() -> None:
    check_at(10_000 + AHEAD_MS, 10_000, 4_000)
    check_at(6_000, 10_000, 4_000)
    for at in (10_001 + AHEAD_MS, 5_999):
        with pytest.raises(RefusedError) as refused:
            check_at(at, 10_000, 4_000)
        assert refused.value.code is ErrorCode.BAD_TIME


@given(st.text("abc", min_size=1), st.floats(1.6e12, 1.9e12), st.integers(50, 2000))
def test_ticks_are_moments_that_any_node_can_tell(room: str, now_ms: float, tick_ms: int) -> None:
    due_ms = next_tick(room, now_ms, tick_ms)
    assert 0 < due_ms - now_ms <= tick_ms
    assert next_tick(room, due_ms - 1, tick_ms) == due_ms
    assert next_tick(room, due_ms, tick_ms) == due_ms + tick_ms


def test_rooms_do_not_all_tick_at_once() -> None:
    assert len({next_tick(f"room-{number}", 1e12, 200) for number in range(100)}) > 50


def test_a_clock_that_was_dragged_ahead_tells_for_how_long_it_stands() -> None:
    clock = ProgrammeClock()
    clock.seen(10_000)
    assert clock.ahead_ms(4_000, 1_000) == 7_000
    assert clock.ahead_ms(20_000, 1_000) == 0
