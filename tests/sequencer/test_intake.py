"""A sequencer's share in a model of a room: edges append by it, and a round takes its time."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from grandstand.sequencer.caution import ALL
from grandstand.sequencer.intake import LEAST, USED, Intake
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.examples import TIMES

STEP_MS, TICK_MS, DELAY_MS = 5.0, 200, 15.0
"""Edges append every step; a share reaches them after the delay."""


@dataclass
class Room:
    """``said`` is how many comments a ms viewers write at a time. A round takes ``fixed_ms``, and
    ``cost_ms`` for each comment, give or take ``noise`` of it, while the slot has nothing else to
    do; but each comment that is appended takes it ``append_ms``."""

    said: Callable[[float], float]
    cost_ms: float = 0.05
    fixed_ms: float = 4.0
    append_ms: float = 0.0
    noise: float = 0.1
    slower: tuple[float, float] = (0, 0)
    """When a round costs twice as much."""
    pauses: dict[float, float] = field(default_factory=dict)
    intake: Intake = field(default_factory=Intake)
    offered: float = 0
    refused: float = 0
    waits: list[tuple[float, float]] = field(default_factory=list)
    shares: list[tuple[float, float]] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    appended: float = 0
    """So many are appended a ms now."""

    def run(self, until_ms: float) -> Room:
        """From 0 on."""
        chance = random.Random(7)
        waiting: deque[list[float]] = deque()
        in_force: deque[tuple[float, float]] = deque([(0.0, 1.0)])
        now_ms = appended_ms = owed = 0.0
        while now_ms < until_ms:
            for at_ms in [at for at in self.pauses if at <= now_ms]:
                now_ms += self.pauses.pop(at_ms)
            while appended_ms + STEP_MS <= now_ms:
                appended_ms += STEP_MS
                while len(in_force) > 1 and in_force[1][0] + DELAY_MS <= appended_ms:
                    in_force.popleft()
                share, said = in_force[0][1], self.said(appended_ms) * STEP_MS
                self.appended = share * said / STEP_MS
                owed += share * said
                waiting.append([appended_ms, math.floor(owed)])
                owed -= math.floor(owed)
                self.offered += said
                self.refused += (1 - share) * said
            now_ms = self._round(now_ms, waiting, chance)
            in_force.append((now_ms, self.intake.share))
        return self

    def _round(self, began_ms: float, waiting: deque[list[float]], chance: random.Random) -> float:
        """Read and commit; the time of the next round."""
        came, read = [], 0.0
        while waiting and read < ALL:
            batch = waiting[0]
            taken = min(batch[1], ALL - read)
            batch[1] -= taken
            read += taken
            if taken:
                came.append(batch[0])
            if not batch[1]:
                waiting.popleft()
        oldest, newest = (came[0], came[-1]) if came else (began_ms, began_ms)
        self.intake.read(began_ms, int(read), oldest, newest, read == ALL, TICK_MS)
        took_ms = self.cost_ms * read * (1 + chance.uniform(-self.noise, self.noise))
        took_ms += self.fixed_ms
        took_ms *= 1 + (self.slower[0] <= began_ms < self.slower[1])
        now_ms = began_ms + took_ms / (1 - min(0.6, self.appended * self.append_ms))
        self.intake.committed(now_ms)
        self.waits.append((began_ms, began_ms - oldest))
        self.shares.append((now_ms, self.intake.share))
        self.commits.append(now_ms)
        if read == ALL:
            return now_ms
        return max(now_ms, (began_ms // TICK_MS + 1) * TICK_MS)

    def shares_after(self, ms: float) -> list[float]:
        return [share for at_ms, share in self.shares if at_ms > ms]


def between(
    begins_ms: float, ends_ms: float, much: float, little: float
) -> Callable[[float], float]:
    return lambda ms: much if begins_ms <= ms < ends_ms else little


@settings(max_examples=15 * TIMES, deadline=None)
@given(
    share=some.floats(0.01, 0.9),
    cost_ms=some.floats(0.02, 0.4),
    fixed_ms=some.floats(0.5, 400),
)
def test_below_what_it_can_take_nobody_is_refused(
    share: float, cost_ms: float, fixed_ms: float
) -> None:
    """However long a commit takes by itself, and however much comes at once after a pause."""
    could = 1 / (cost_ms + fixed_ms / ALL)
    room = Room(lambda _: share * could, cost_ms, fixed_ms).run(10_000)
    assert (room.refused, set(room.shares_after(0))) == (0, {1.0})


@settings(max_examples=8 * TIMES, deadline=None)
@given(times=some.floats(1.3, 4), cost_ms=some.floats(0.03, 0.2))
def test_beyond_it_the_share_is_what_it_can_take_of_what_is_said(
    times: float, cost_ms: float
) -> None:
    room = Room(lambda _: times / cost_ms, cost_ms).run(16_000)
    later = room.shares_after(13_000)
    assert sum(later) / len(later) == pytest.approx(USED / times, rel=0.15)
    assert max(later) - min(later) < 0.35 * USED / times  # it doesn't swing
    waits = [wait for at_ms, wait in room.waits if at_ms > 13_000]
    assert max(waits) < 2.5 * TICK_MS + ALL * cost_ms


@pytest.mark.parametrize("times", [1.5, 3])
def test_where_appends_and_commits_share_a_slot_what_both_can_take_is_found(times: float) -> None:
    could = 1 / (0.03 + 0.04)
    room = Room(lambda _: times * could, cost_ms=0.04, append_ms=0.03).run(30_000)
    later = room.shares_after(18_000)
    assert 0.7 < sum(later) / len(later) * times < 1
    assert max(later) - min(later) < 0.5 / times
    assert max(wait for at_ms, wait in room.waits if at_ms > 18_000) < 1_000


def test_frames_come_at_their_tick_while_much_more_is_said() -> None:
    room = Room(between(2_000, 12_000, 60, 5)).run(20_000)
    gaps = [later - before for before, later in zip(room.commits, room.commits[1:], strict=False)]
    assert max(gaps) < 1.5 * TICK_MS
    assert max(wait for _, wait in room.waits) < 2_000
    assert room.refused > 0


def test_when_the_flood_is_over_all_are_let_in_again() -> None:
    room = Room(between(2_000, 12_000, 60, 15)).run(14_000)
    assert max(room.shares_after(4_000)[:50]) < 0.5
    assert set(room.shares_after(13_000)) == {1.0}


def test_a_store_that_was_away_is_no_reason_to_refuse() -> None:
    room = Room(lambda _: 9.0, pauses={4_000: 3_000}).run(12_000)
    assert max(wait for _, wait in room.waits) > 3_000
    assert room.refused == 0


def test_a_machine_that_becomes_slower_lowers_the_share_and_a_faster_one_raises_it() -> None:
    room = Room(lambda _: 40.0, slower=(5_000, 12_000)).run(18_000)
    means = []
    for since_ms in (4_000, 11_000, 17_000):
        shares = [share for at_ms, share in room.shares if since_ms < at_ms < since_ms + 1_000]
        means.append(sum(shares) / len(shares))
    assert means[1] == pytest.approx(means[0] / 2, rel=0.2)
    assert means[2] == pytest.approx(means[0], rel=0.2)


def test_some_are_always_let_in_and_a_room_without_comments_has_no_share() -> None:
    room = Room(between(1_000, 9_000, 2_000, 0), cost_ms=2.0).run(9_000)
    assert all(share >= LEAST for share in room.shares_after(0))
    assert Intake().share == 1.0
    idle = Room(lambda _: 0.0).run(2_000)
    assert set(idle.shares_after(0)) == {1.0}


def test_a_clock_that_is_set_back_stops_nothing() -> None:
    intake = Intake()
    for began_ms in (10_000, 10_200, 5_000, 5_200, 10_400):
        intake.read(began_ms, 10, began_ms - 100, began_ms, False, TICK_MS)
        intake.committed(began_ms + 5)
    assert intake.share == 1.0
