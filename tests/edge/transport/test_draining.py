from __future__ import annotations

import asyncio
import math

from grandstand.edge.transport.draining import SLICE_MAX, Draining, Span, rate
from hypothesis import given
from hypothesis import strategies as st

from tests.waiting import patience, until


class Guest:
    """Notes when it was sent away; ``here`` knows who is there."""

    def __init__(self, here: set[Guest]) -> None:
        self.sent_away_s: list[float] = []
        here.add(self)

    def shutdown(self) -> None:
        self.sent_away_s.append(asyncio.get_running_loop().time())


def crowd(size: int) -> tuple[list[Guest], set[Guest]]:
    here: set[Guest] = set()
    return [Guest(here) for _ in range(size)], here


@given(st.integers(1, 20_000), st.floats(0.01, 600), st.floats(0.01, 600), st.floats(1, 5000))
def test_viewers_go_at_even_distances_as_fast_as_the_others_can_take_them(
    count: int, spread_s: float, longest_s: float, others_per_s: float
) -> None:
    span = Span(spread_s, max(spread_s, longest_s))
    pace = rate(count, count, 0, span, others_per_s)
    assert pace >= count / span.longest_s * 0.999
    assert pace <= count / spread_s * 1.001
    if count <= others_per_s * span.longest_s:
        assert pace <= others_per_s * 1.001
    half_s = count / 2 / pace
    assert rate(count // 2, count, half_s, span, others_per_s) <= pace * 1.001


def test_no_more_time_is_taken_than_there_is() -> None:
    span = Span(2, 10)
    assert rate(10_000, 10_000, 0, span, math.inf) == 5_000
    assert rate(10_000, 10_000, 0, span, 3_000) == 3_000
    assert rate(10_000, 10_000, 0, span, 10) == 1_000
    assert rate(10_000, 10_000, 5, span, 10) == 2_000
    assert rate(1, 10_000, 10, span, 10) == math.inf


def test_without_a_time_to_spread_over_all_go_at_once() -> None:
    assert rate(7, 7, 0, Span(0, 0), math.inf) == math.inf


async def test_each_is_sent_away_once_over_the_stated_time() -> None:
    guests, here = crowd(100)
    assert await Draining(Span(0.4, 0.4)).run(guests, here) == 100
    moments = [moment for guest in guests for moment in guest.sent_away_s]
    assert len(moments) == 100
    assert len(set(moments)) > 3
    assert max(moments) - min(moments) < 0.6


async def test_the_others_set_the_pace_when_it_changes_too() -> None:
    guests, here = crowd(3000)
    began_s, per_s = asyncio.get_running_loop().time(), 100.0

    def others_per_s() -> float:
        return per_s

    async def one_more_comes() -> None:
        nonlocal per_s
        await until(lambda: any(guest.sent_away_s for guest in guests[10:]))
        per_s = 1e6

    draining = Draining(Span(0.01, 600)).run(guests, here, others_per_s)
    told, _ = await asyncio.gather(draining, one_more_comes())
    assert told == 3000
    assert round(guests[10].sent_away_s[0] - began_s, 6) >= 0.1  # the clock has few digits left


async def test_the_loop_turns_between_slices_even_when_all_go_at_once() -> None:
    guests, here = crowd(10 * SLICE_MAX)
    most = 0

    async def watch() -> None:
        nonlocal most
        before = 0
        while True:
            await asyncio.sleep(0)
            gone = sum(len(guest.sent_away_s) for guest in guests)
            most, before = max(most, gone - before), gone

    watching = asyncio.create_task(watch())
    await Draining(Span(0, 0)).run(guests, here)
    watching.cancel()
    assert most <= SLICE_MAX


async def test_nobody_waits_for_those_who_left_by_themselves() -> None:
    guests, here = crowd(100)

    async def leave() -> None:
        here.clear()

    leaving = asyncio.create_task(leave())
    async with patience():
        told = await Draining(Span(600, 600)).run(guests, here)
    await leaving
    assert told == 1


async def test_who_is_in_a_hurry_waits_for_nobody() -> None:
    guests, here = crowd(100)
    draining = Draining(Span(600, 600))
    running = asyncio.create_task(draining.run(guests, here))
    await asyncio.sleep(0)
    draining.hasten()
    async with patience():
        assert await running == 1


async def test_a_server_without_viewers_has_drained() -> None:
    async with patience():
        assert await Draining(Span(600, 600)).run([], set()) == 0
