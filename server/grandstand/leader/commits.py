"""What a job gets: a room's commits in order, and a durable cursor with its progress."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from grandstand.domain import events
from grandstand.domain.envelope import Commit
from grandstand.domain.events import ControlEvent
from grandstand.leader.room import LeaderRoom
from grandstand.store.errors import ConflictError
from grandstand.store.job_cursors import JobCursor
from grandstand.store.store import retry_until
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics

TOGETHER = 100
"""Commits that a job gets at a time, at most."""

PATIENCE_S = 10.0
"""How long a move is repeated while the store is away; after that the job begins anew."""

REST_S = 1.0
"""Between two looks at what time alone may bring a job, where no commits come."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Commits that follow each other, oldest first; one of ``missed`` and ``commits`` isn't empty.

    ``missed``: numbers of commits before them that this job will never see. It lagged behind too
    far, or the store has lost them. ``now``: programme time of the last, ms.
    """

    commits: Sequence[Commit]
    missed: range
    epoch: str
    seq: int
    now: int


class Cursor:
    """The progress of one job in one room. It is stored from the first commits on that the job asks
    for.

    ``at`` is None before.
    """

    def __init__(self, room: LeaderRoom, job: str) -> None:
        self._room = room
        self._job = job
        self.at: JobCursor | None = None
        self._undone_since: int | None = None

    async def enroll(self) -> JobCursor:
        """Read the job's position from the store.

        Raises StoreUnavailable, UnknownRoomError.
        """
        self.at = await self._room.store.job_cursors.enroll(self._room.id, self._job)
        self._undone_since = self._room.stands.now if self.is_behind else None
        return self.at

    async def move(self, batch: Batch, found: Sequence[ControlEvent] = ()) -> None:
        """Note that the job has finished ``batch`` and all before it; append what it ``found``.

        Both are done, once, or neither.

        Raises:
            ConflictError: another process does this job, or the batch is of a history that was cut.
            StoreUnavailable: the store stays away.
            UnknownRoomError: the room is gone.
        """
        if self.at is None:
            raise RuntimeError(f"{self._job} moves a cursor and never asked for commits")
        before, after = self.at, JobCursor(batch.epoch, batch.seq)
        payloads = [events.encode(event) for event in found]
        await retry_until(
            lambda: self._room.store.job_cursors.advance(
                self._room.id, self._job, before, after, payloads
            ),
            PATIENCE_S,
        )
        self.at = after
        self._undone_since = batch.now if self.is_behind else None

    def given(self, now: int) -> None:
        """Note that the job has a commit of programme time ``now`` still to process."""
        if self._undone_since is None or now < self._undone_since:
            self._undone_since = now

    @property
    def is_behind(self) -> bool:
        """Return whether there are commits that the job has not finished."""
        return self.at is not None and self.at.seq < self._room.stands.seq

    def behind_s(self) -> float:
        """Return the age of the oldest commit that the job has not finished, s of programme time.

        As far as this process knows: the first commits after a takeover may be older.
        """
        if self._undone_since is None or not self.is_behind:
            return 0.0
        return max(0, self._room.now() - self._undone_since) / 1000


class Commits:
    """The commits after a job's cursor, in batches, endlessly."""

    def __init__(self, room: LeaderRoom, job: str, cursor: Cursor, metrics: Metrics) -> None:
        self._room = room
        self._job = job
        self._cursor = cursor
        self._metrics = metrics
        self._given: int | None = None
        self._history = room.history

    def __aiter__(self) -> Commits:
        return self

    async def __anext__(self) -> Batch:
        """Wait for commits.

        Raises ConflictError if the room's history was cut: the job begins anew at its cursor.
        Raises StoreUnavailable, UnknownRoomError.
        """
        if self._given is None:
            self._given = (await self._cursor.enroll()).seq
        while self._room.stands.seq <= self._given:
            self._require_same_history()
            await self._room.next_tick()
        self._require_same_history()
        batch = self._batch(await self._room.commits_after(self._given, TOGETHER), self._given)
        self._given = batch.seq
        if batch.commits:
            self._cursor.given(batch.commits[0].now)
        if batch.missed:
            self._metrics.job_missed.labels(self._job).inc(len(batch.missed))
            log.error(
                "job_missed_commits",
                room=self._room.id,
                job=self._job,
                first=batch.missed[0],
                last=batch.missed[-1],
            )
        return batch

    def _batch(self, commits: list[Commit], given: int) -> Batch:
        stands = self._room.stands
        if not commits:
            missed = range(given + 1, stands.seq + 1)
            return Batch((), missed, stands.epoch, stands.seq, stands.now)
        first = commits[0].seq
        # What is missing between two of them is told with the next batch.
        together = [commit for n, commit in enumerate(commits) if commit.seq == first + n]
        last = together[-1]
        return Batch(together, range(given + 1, first), last.epoch, last.seq, last.now)

    def _require_same_history(self) -> None:
        if self._room.history != self._history:
            raise ConflictError(f"{self._room.id}: the history that {self._job} follows was cut")


class TimedWork(Protocol):
    """What a job does with commits, and with the time that passes where there are none."""

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone may bring something."""

    async def take(self, batch: Batch) -> None:
        """Take the next commits."""

    async def rest(self) -> None:
        """Do what is due by now."""


async def follow(commits: Commits, work: TimedWork) -> None:
    """Give all commits to ``work``, until cancelled; while it waits, let it rest whenever none came
    for ``REST_S``."""
    taking: asyncio.Task[Batch] | None = None
    try:
        while True:
            taking = taking or asyncio.create_task(anext(commits), name="commits for timed work")
            await asyncio.wait({taking}, timeout=REST_S if work.is_waiting else None)
            if taking.done():
                taken, taking = taking, None
                await work.take(taken.result())
            else:
                await work.rest()
    finally:
        if taking is not None:
            await cancel_all([taking])
