"""The work for one room while this process holds its lease: its sequencer and its jobs.

The sequencer never waits for a job. A job that fails is started again by itself; a job that stalls
falls behind and does no other harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from grandstand.domain.envelope import Commit
from grandstand.domain.record import Row
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.job import Job
from grandstand.leader.room import LeaderRoom
from grandstand.sequencer.folding import RoomFold
from grandstand.sequencer.tick import RoomSequencer
from grandstand.store.errors import ConflictError, RoomGoneError, StoreUnavailable, UnknownRoomError
from grandstand.store.store import Store
from grandstand.store.timeline import Head
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.telemetry import Metrics

PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""The longest pause before a failed job is started again; pauses double each time."""

WELL_S = 60.0
"""After a job ran for this long, a failure counts as its first."""

END_S = 2.0
"""How long jobs may take to end. The leases of other rooms must be renewed meanwhile."""

log = structlog.get_logger(__name__)

_overdue: set[asyncio.Task[None]] = set()
"""Ending jobs that nobody waits for any more."""


class RoomSupervisor:
    """A room's sequencer, and its jobs beside it."""

    def __init__(self, room: str, store: Store, metrics: Metrics, jobs: Sequence[Job]) -> None:
        self._room = LeaderRoom(room, store)
        self._metrics = metrics
        self._jobs = jobs
        self._cursors = {job.name: Cursor(self._room, job.name) for job in jobs}
        self._tasks: list[asyncio.Task[None]] = []
        self._sequencer = RoomSequencer(room, store, metrics, self)

    async def run(self) -> int | None:
        """Sequence the room until it is quiet; its jobs go on until ``end``.

        Returns and raises what ``RoomSequencer.run`` does.
        """
        return await self._sequencer.run()

    async def end(self) -> None:
        """End the jobs. One that doesn't end in time is left alone: its cursor belongs to another
        process."""
        ending = asyncio.create_task(cancel_all(self._tasks, PATIENTLY_S))
        _, late = await asyncio.wait([ending], timeout=END_S)
        for task in late:
            _overdue.add(task)
            task.add_done_callback(_overdue.discard)
            names = [job.get_name() for job in self._tasks if not job.done()]
            log.error("jobs_do_not_end", jobs=names)

    def behind_s(self, job: str) -> float:
        """Return for how long the job hasn't been up to date here, s."""
        return self._cursors[job].behind_s() if self._tasks else 0.0

    # --- what the sequencer tells ----------------------------------------------------------------

    @property
    def is_behind(self) -> bool:
        """Return whether a job has commits to process."""
        return any(cursor.is_behind for cursor in self._cursors.values())

    @property
    def is_at_work(self) -> bool:
        """Return whether a job keeps the room awake."""
        return bool(self._room.kept_awake_by)

    def loaded(self, head: Head, fold: RoomFold) -> None:
        """Take the store's state, from which the sequencer begins; the first time, start the
        jobs."""
        self._room.loaded(head, fold)
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._keep_running(job), name=f"{job.name} of {self._room.id}")
                for job in self._jobs
            ]

    def committed(self, head: Head, commit: Commit, fold: RoomFold, said: Sequence[Row]) -> None:
        """Take the sequencer's commit."""
        self._room.committed(head, commit, fold, said)
        for cursor in self._cursors.values():
            cursor.given(commit.now)

    def ticked(self) -> None:
        """Note that a tick is over."""
        self._room.ticked()

    # --- jobs ------------------------------------------------------------------------------------

    async def _keep_running(self, job: Job) -> None:
        loop, pause_s = asyncio.get_running_loop(), PAUSE_S
        cursor = self._cursors[job.name]
        while True:
            began_s = loop.time()
            try:
                commits = Commits(self._room, job.name, cursor, self._metrics)
                return await job.run(self._room, commits, cursor)
            except (ConflictError, StoreUnavailable) as reason:
                log.warning("job_begins_anew", room=self._room.id, job=job.name, reason=str(reason))
                if isinstance(reason, RoomGoneError):
                    pause_s = LONGEST_PAUSE_S
            except UnknownRoomError:
                return
            except (Exception, asyncio.CancelledError) as fault:
                if isinstance(fault, asyncio.CancelledError) and _is_cancelled():
                    raise
                log.exception("job_failed", room=self._room.id, job=job.name)
                self._metrics.job_failures.labels(job.name).inc()
            if _is_cancelled():
                return
            pause_s = PAUSE_S if loop.time() - began_s >= WELL_S else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _is_cancelled() -> bool:
    """Whether this task was cancelled, and not something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
