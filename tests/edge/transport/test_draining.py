from __future__ import annotations

import asyncio

from grandstand.edge.transport.draining import SLICE_MAX, Draining, due
from hypothesis import given
from hypothesis import strategies as st

from tests.waiting import patience


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


@given(st.integers(1, 20_000), st.floats(0.01, 600), st.floats(0, 1))
def test_viewers_go_at_even_distances_the_first_at_once(
    count: int, spread_s: float, part: float
) -> None:
    assert due(count, 0, spread_s) == 1
    assert due(count, spread_s, spread_s) == count
    assert abs(due(count, part * spread_s, spread_s) - part * count) <= 1


def test_without_a_time_to_spread_over_all_go_at_once() -> None:
    assert due(7, 0, 0) == 7


async def test_each_is_sent_away_once_over_the_stated_time() -> None:
    guests, here = crowd(100)
    assert await Draining(0.4).run(guests, here) == 100
    moments = [moment for guest in guests for moment in guest.sent_away_s]
    assert len(moments) == 100
    assert len(set(moments)) > 3
    assert max(moments) - min(moments) < 0.6


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
    await Draining(0).run(guests, here)
    watching.cancel()
    assert most <= SLICE_MAX


async def test_nobody_waits_for_those_who_left_by_themselves() -> None:
    guests, here = crowd(100)

    async def leave() -> None:
        here.clear()

    leaving = asyncio.create_task(leave())
    async with patience():
        told = await Draining(600).run(guests, here)
    await leaving
    assert told == 1


async def test_who_is_in_a_hurry_waits_for_nobody() -> None:
    guests, here = crowd(100)
    draining = Draining(600)
    running = asyncio.create_task(draining.run(guests, here))
    await asyncio.sleep(0)
    draining.hasten()
    async with patience():
        assert await running == 1


async def test_a_server_without_viewers_has_drained() -> None:
    async with patience():
        assert await Draining(600).run([], set()) == 0
