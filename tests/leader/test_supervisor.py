"""Jobs beside a sequencer: they are started again, hold nobody up, and end with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from grandstand.leader import supervisor as module
from grandstand.leader.commits import Batch, Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.sequencer import tick
from grandstand.store.errors import ConflictError, StoreUnavailable
from structlog.testing import capture_logs

from tests.edge.harness import Harness
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Job:
    """Does what a test says."""

    def __init__(
        self, run: Callable[[LeaderRoom, Commits, Cursor], Awaitable[None]], name: str = "test"
    ) -> None:
        self.name = name
        self.runs = 0
        self._run = run

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        self.runs += 1
        await self._run(room, commits, cursor)


class Following:
    """Moves on after each batch, or when the test lets it."""

    name = "following"

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.may_move = asyncio.Event()
        self.may_move.set()

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        async for batch in commits:
            self.batches.append(batch)
            await self.may_move.wait()
            await cursor.move(batch)

    @property
    def seqs(self) -> list[int]:
        return [commit.seq for batch in self.batches for commit in batch.commits]


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sequenced]:
    monkeypatch.setattr(module, "PAUSE_S", 0.01)
    made = Sequenced(await node.by_hand())
    yield made
    await made.stop()


async def say(room: Sequenced, *texts: str) -> None:
    """Each in a commit of its own."""
    for text in texts:
        await room.append(*room.said(text))
        await until(partial(_is_last, room, text))


def _is_last(room: Sequenced, text: str) -> bool:
    return room.listener.texts[-1:] == [text]


def is_done(room: Sequenced, number: int = 0) -> bool:
    """Whether the jobs have done with all that viewers have seen.

    A commit comes to viewers before its sequencer hears that it was made.
    """
    work, _ = room.works[number]
    head = work._room.head
    return head is not None and head.seq == room.live.replica.seq and not work.is_behind


def metric(room: Sequenced, name: str, job: str) -> float:
    value = room.metrics.registry.get_sample_value(f"grandstand_{name}", {"room_job": job})
    return value or 0.0


@pytest.mark.parametrize(
    "error", [ConflictError("moved"), StoreUnavailable("away"), ZeroDivisionError()]
)
async def test_a_job_that_fails_is_started_again_and_delays_nothing(
    room: Sequenced, error: Exception
) -> None:
    async def fail(*_: Any) -> None:
        raise error

    failing, following = Job(fail), Following()
    room.start(failing, following)
    await until(lambda: failing.runs >= 3)
    await say(room, "a", "b")
    await until(lambda: following.seqs == [1, 2])
    failures = metric(room, "job_failures_total", "test")
    assert (failures >= 2) is isinstance(error, ZeroDivisionError)


async def test_a_job_that_was_cancelled_by_itself_is_started_again(room: Sequenced) -> None:
    async def give_up(*_: Any) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.cancel()
        await waiting

    failing = Job(give_up)
    room.start(failing)
    await until(lambda: failing.runs >= 3)
    assert metric(room, "job_failures_total", "test") >= 2


async def test_a_job_that_fails_at_its_end_has_ended(room: Sequenced) -> None:
    async def fail_at_the_end(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    failing = Job(fail_at_the_end)
    room.start(failing)
    await until(lambda: failing.runs)
    await room.stop()
    assert failing.runs == 1
    assert metric(room, "job_failures_total", "test") == 1


async def test_a_job_that_stalls_lags_behind_alone(room: Sequenced) -> None:
    stalled, following = Following(), Following()
    stalled.name = "stalled"
    stalled.may_move.clear()
    room.start(stalled, following)
    await say(room, *map(str, range(5)))
    await until(lambda: following.seqs == [1, 2, 3, 4, 5])
    work, _ = room.works[0]
    assert work.is_behind
    await until(lambda: work.behind_s("stalled") > 0)
    await until(lambda: work.behind_s("following") == 0)
    stalled.may_move.set()
    await until(lambda: is_done(room))
    assert stalled.seqs == [1, 2, 3, 4, 5]
    assert work.behind_s("stalled") == 0


async def test_a_job_that_will_not_end_is_left_alone(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "END_S", 0.05)
    may_end, tries = asyncio.Event(), 0

    async def hold_on(*_: Any) -> None:
        nonlocal tries
        while not may_end.is_set():
            try:
                await may_end.wait()
            except asyncio.CancelledError:
                tries += 1

    stubborn = Job(hold_on)
    room.start(stubborn)
    await until(lambda: stubborn.runs)
    with capture_logs() as logs:
        await room.stop()
    assert [log["event"] for log in logs] == ["jobs_do_not_end"]
    assert tries
    may_end.set()
    await until(lambda: not module._overdue)


async def test_a_job_that_returns_is_not_started_again(room: Sequenced) -> None:
    async def return_at_once(*_: Any) -> None:
        return

    job = Job(return_at_once)
    room.start(job)
    await until(lambda: job.runs)
    await say(room, "a", "b")
    assert job.runs == 1


async def test_a_job_goes_on_where_the_one_before_stopped(room: Sequenced) -> None:
    first, second = Following(), Following()
    room.start(first)
    await say(room, "a", "b")
    await until(lambda: first.seqs == [1, 2] and is_done(room))
    await room.stop()
    room.start(second)
    await say(room, "c")
    await until(lambda: second.seqs == [3])


async def test_who_never_asks_for_commits_has_no_cursor(room: Sequenced) -> None:
    async def tick_along(at: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        while True:
            await at.next_tick()

    room.start(Job(tick_along))
    await say(room, "a")
    assert not room.works[0][0].is_behind
    assert await room.node.store.rooms._reader.ask("HLEN", f"gs:{{{room.live.room}}}:jobs") == 0


async def test_a_room_does_not_rest_while_a_job_is_behind_but_not_for_ever(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = Following()
    following.may_move.clear()
    running = room.start(following)
    await say(room, "a")
    await until(lambda: following.batches)
    monkeypatch.setattr(tick, "QUIET_MS", 0)
    for _ in range(2):
        await room.works[0][0]._room.next_tick()
    assert not running.done()
    with monkeypatch.context() as impatient:
        impatient.setattr(tick, "BEHIND_MS", 0)
        await until(running.done)
    assert await running is not None  # it is looked at again
    following.may_move.set()
    room.start(following)
    await until(lambda: following.seqs[-1:] == [1] and is_done(room, 1))
