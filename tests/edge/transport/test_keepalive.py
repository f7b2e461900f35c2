from __future__ import annotations

import asyncio
import itertools

import pytest
from grandstand.edge.transport.keepalive import (
    PING_EVERY_SWEEPS,
    PONG_WITHIN_SWEEPS,
    Deadline,
    Keepalive,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs


class Watched:
    """Writes down the sweep of each ping and each verdict."""

    def __init__(self) -> None:
        self.now_s = 0
        self.pinged_at: list[int] = []
        self.judged_at: list[int] = []

    def ping(self) -> None:
        self.pinged_at.append(self.now_s)

    def judge_pong(self) -> None:
        self.judged_at.append(self.now_s)


class Faulty(Watched):
    def ping(self) -> None:
        raise RuntimeError("broken")


def sweep(keepalive: Keepalive, sweeps: int, *watched: Watched) -> None:
    for _ in range(sweeps):
        for one in watched:
            one.now_s += 1
        keepalive.sweep()


@settings(deadline=None)
@given(st.integers(0, 60))
def test_a_socket_is_pinged_every_25_s_and_judged_10_s_after_each_ping(joined_at_s: int) -> None:
    keepalive, socket = Keepalive(), Watched()
    sweep(keepalive, joined_at_s, socket)
    keepalive.join(socket)
    sweep(keepalive, 4 * PING_EVERY_SWEEPS, socket)
    assert len(socket.pinged_at) == 4
    assert socket.pinged_at[0] <= joined_at_s + PING_EVERY_SWEEPS
    gaps_s = {b - a for a, b in itertools.pairwise(socket.pinged_at)}
    assert gaps_s == {25}
    verdicts = [at for at in socket.judged_at if at > socket.pinged_at[0]]
    due = [at + PONG_WITHIN_SWEEPS for at in socket.pinged_at]
    assert verdicts == [at for at in due if at <= socket.now_s]


def test_a_rush_of_arrivals_is_pinged_evenly_over_the_25_s() -> None:
    keepalive = Keepalive()
    sockets = [Watched() for _ in range(100)]
    for socket in sockets:
        keepalive.join(socket)
    sweep(keepalive, PING_EVERY_SWEEPS, *sockets)
    at = [socket.pinged_at[0] for socket in sockets]
    assert {at.count(second) for second in range(1, 26)} == {4}


def test_a_socket_that_left_is_neither_pinged_nor_judged() -> None:
    keepalive, socket = Keepalive(), Watched()
    slot = keepalive.join(socket)
    keepalive.leave(socket, slot)
    keepalive.leave(socket, slot)
    sweep(keepalive, 2 * PING_EVERY_SWEEPS, socket)
    assert (socket.pinged_at, socket.judged_at) == ([], [])


@pytest.mark.parametrize("delay_s", [0, 1, 5, 10, 90])
def test_a_deadline_passes_once_in_the_second_after_its_delay(delay_s: int) -> None:
    keepalive, called = Keepalive(), Watched()
    sweep(keepalive, 7, called)
    keepalive.after(delay_s, called.ping)
    sweep(keepalive, delay_s + 100, called)
    assert called.pinged_at == [7 + delay_s + 1]


def test_a_cancelled_deadline_never_passes_even_from_one_due_with_it() -> None:
    keepalive, called = Keepalive(), Watched()
    early = keepalive.after(5, called.ping)
    early.cancel()
    early.cancel()
    pair: list[Deadline] = []

    def cancel_both() -> None:
        called.ping()
        for deadline in pair:
            deadline.cancel()

    pair += [keepalive.after(5, cancel_both), keepalive.after(5, cancel_both)]
    sweep(keepalive, 20, called)
    assert called.pinged_at == [6]


@pytest.mark.parametrize("again_in_s", [0, 1])
def test_a_deadline_may_set_another(again_in_s: int) -> None:
    keepalive, called = Keepalive(), Watched()

    def twice() -> None:
        called.ping()
        keepalive.after(again_in_s, called.ping)

    keepalive.after(1, twice)
    sweep(keepalive, 20, called)
    assert called.pinged_at == [2, 2 + again_in_s + 1]


def test_a_socket_that_raises_is_logged_and_counted_and_the_others_are_swept() -> None:
    keepalive, well = Keepalive(), Watched()
    for socket in (Faulty(), well, Faulty()):
        keepalive.join(socket)
    keepalive.after(0, Faulty().ping)
    with capture_logs() as logs:
        sweep(keepalive, PING_EVERY_SWEEPS, well)
    assert len(well.pinged_at) == 1
    assert keepalive.failures == 3
    assert [log["event"] for log in logs] == ["socket failed in the sweep"] * 3


class StalledLoop:
    """Stands for the clock and the sleep of a loop that once stalls."""

    def __init__(self, stall_after_sleeps: int, stall_s: float) -> None:
        self.now_s = 100.0
        self.sleeps_s: list[float] = []
        self._stall_after, self._stall_s = stall_after_sleeps, stall_s

    def time(self) -> float:
        return self.now_s

    async def sleep(self, delay_s: float) -> None:
        self.sleeps_s.append(delay_s)
        self.now_s += delay_s + 0.25
        if len(self.sleeps_s) == self._stall_after:
            self.now_s += self._stall_s
        if len(self.sleeps_s) == 8:
            raise asyncio.CancelledError


async def test_sweeps_keep_to_the_second_and_are_not_made_up_for_after_a_stall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keepalive, loop = Keepalive(), StalledLoop(stall_after_sleeps=4, stall_s=30.0)
    swept_at_s: list[float] = []
    monkeypatch.setattr(keepalive, "sweep", lambda: swept_at_s.append(loop.now_s))
    with pytest.raises(asyncio.CancelledError):
        await keepalive.run(now=loop.time, sleep=loop.sleep)
    assert swept_at_s[:3] == [101.25, 102.25, 103.25]
    assert swept_at_s[3] == 134.25
    assert all(b - a >= 0.75 for a, b in itertools.pairwise(swept_at_s))
