from __future__ import annotations

import asyncio
from collections.abc import Callable

from grandstand.edge.transport.round_robin import (
    FRAMES_A_CONNECTION,
    FRAMES_A_TURN,
    TURN_S,
    RoundRobin,
)


class Backlog:
    """So many frames that were sent and not read."""

    def __init__(self, frames: int, log: list[Backlog]) -> None:
        self.frames = frames
        self.log = log
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True

    def read_on(self, most: int) -> int:
        count = min(most, self.frames)
        self.frames -= count
        self.log += [self] * count
        return count


def queue(*sizes: int) -> tuple[RoundRobin, list[Callable[[], None]], list[Backlog], list[Backlog]]:
    """A queue of such backlogs, what it has asked the loop to call, and what was read."""
    due: list[Callable[[], None]] = []
    log: list[Backlog] = []
    turns, backlogs = (
        RoundRobin(due.append, now_s=lambda: 0),
        [Backlog(size, log) for size in sizes],
    )
    for each in backlogs:
        turns.add(each)
    return turns, due, backlogs, log


def test_a_turn_of_the_loop_reads_so_many_frames_however_many_wait() -> None:
    turns, due, backlogs, log = queue(*[1000] * 200)
    for count in range(1, 20):
        (turn,) = due
        due.clear()
        turn()
        assert len(log) == count * FRAMES_A_TURN
    assert len(turns) == len(backlogs)


def test_each_has_a_few_read_and_then_the_next_has_its_turn() -> None:
    turns, _, (first, second), log = queue(1000, FRAMES_A_CONNECTION + 1)
    turns.turn()
    assert log[: 3 * FRAMES_A_CONNECTION + 1] == (
        [first] * FRAMES_A_CONNECTION
        + [second] * FRAMES_A_CONNECTION
        + [first] * FRAMES_A_CONNECTION
        + [second]
    )
    assert len(turns) == 1


def test_a_turn_in_which_frames_are_dear_ends_earlier() -> None:
    log: list[Backlog] = []
    due: list[Callable[[], None]] = []
    turns = RoundRobin(due.append, now_s=lambda: len(log) * 0.003)  # each takes 3 ms
    for _ in range(200):
        turns.add(Backlog(1, log))
    while due:
        before = len(log)
        due.pop()()
        assert len(log) - before <= TURN_S / 0.003 + 1
    assert len(log) == 200


def test_one_that_is_queued_twice_has_one_share() -> None:
    turns, _, (first, second), log = queue(1000, 1000)
    turns.add(first)
    turns.turn()
    assert len(turns) == 2
    assert log.count(first) == log.count(second)


def test_one_that_fails_keeps_nobody_from_a_turn() -> None:
    class Failing(Backlog):
        def read_on(self, most: int) -> int:
            raise ZeroDivisionError

    turns, due, (first,), log = queue(1000)
    failing, last = Failing(1, log), Backlog(1000, log)
    turns.add(failing)
    turns.add(last)
    for _ in range(3):
        due.pop(0)()
    assert failing.is_aborted
    assert log.count(first) >= FRAMES_A_TURN
    assert log.count(last) >= FRAMES_A_TURN
    assert len(turns) == 2


def test_one_that_came_last_waits_no_longer_than_one_round() -> None:
    turns, _, backlogs, _ = queue(*[1000] * 200, 1)
    rounds = 0
    while backlogs[-1].frames:
        turns.turn()
        rounds += 1
    assert rounds <= 201 * FRAMES_A_CONNECTION / FRAMES_A_TURN + 1


def test_the_loop_is_asked_for_a_turn_only_while_somebody_waits() -> None:
    turns, due, _, log = queue(3, 2)
    assert len(due) == 1
    due.pop()()
    assert due == []
    assert len(turns) == 0
    assert len(log) == 5


def test_those_who_read_nothing_end_a_turn_too() -> None:
    turns, due, _, _ = queue(*[0] * (3 * FRAMES_A_TURN))
    due.pop()()
    assert len(turns) == 2 * FRAMES_A_TURN


async def test_it_takes_the_running_loop() -> None:
    turns, log = RoundRobin(), list[Backlog]()
    turns.add(Backlog(1000, log))
    seen = []
    for _ in range(3):
        await asyncio.sleep(0)
        seen.append(len(log))
    assert seen == [FRAMES_A_TURN, 2 * FRAMES_A_TURN, 3 * FRAMES_A_TURN]
