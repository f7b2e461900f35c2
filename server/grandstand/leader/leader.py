"""Which rooms this process works for: takes leases, renews them, gives them back.

The process that holds a room's lease sequences the room and runs its jobs.

Every process tries for every room that is awake; the lease picks one. A process that stops renewing
loses its leases within a second and a half, and the first to ask after that takes the room over. A
room is awake while something happens in it, while it has viewers here, and while something will
happen by time alone; its sequencer ends when it is quiet. The process that appends to a quiet room
wakes it at once. If that process dies in between, the others find the entry, since they check all
rooms in turn.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from grandstand.archive.archive import Archive, ArchiveAwayError
from grandstand.leader.job import Job
from grandstand.leader.registry import ROOM_JOBS
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.store.errors import (
    ConflictError,
    RoomEndedError,
    StoreUnavailable,
    UnknownRoomError,
)
from grandstand.store.store import Store
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics
from grandstand.timeouts import timeout

ROUND_S = 0.4
"""About a quarter of the lease: two renewals may fail before it runs out."""

LEAST_ROUND_S = 0.02
"""Between two rounds, however many rooms wake."""

LOOKED_AT = 100
"""Rooms that one round checks for entries that nobody took up: a thousand are checked in 4 s."""

ROOMS_S = 5.0
"""How often the list of all rooms is read, and the list of awake rooms is written again."""

SWEEP_PAUSE_S = 0.005
"""Between two pieces of a deleted room: other commands go first."""

PROMPTLY_S = 0.2
"""In this time jobs end, unless one of them is stuck."""

ARCHIVE_AGAIN_S = 5.0
"""Before a deleted room's archive, which is away, is asked again."""

log = structlog.get_logger(__name__)


def _nobody() -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class _Led:
    """A room whose lease this process holds, as far as it knows."""

    supervisor: RoomSupervisor
    task: asyncio.Task[None]


class RoomLeader:
    """The rooms that this process works for."""

    def __init__(
        self,
        store: Store,
        metrics: Metrics,
        visited: Callable[[], Iterable[str]] = _nobody,
        jobs: Sequence[Job] = ROOM_JOBS,
        archive: Archive | None = None,
    ) -> None:
        """``visited`` tells the rooms that have viewers at this process; each room has ``jobs``.

        A deleted room is deleted from ``archive``, too.
        """
        self._store = store
        self._metrics = metrics
        self._visited = visited
        self._jobs = jobs
        self._archive = archive
        for job in jobs:  # from 0 on, so that a first one is seen as an increase
            metrics.job_failures.labels(job.name)
            metrics.job_missed.labels(job.name)
        self._working: dict[str, _Led] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._resting: dict[str, int | None] = {}
        self._rooms: list[str] = []
        self._has_woken_all = False
        self._looked_at = 0
        self._listed_s = float("-inf")

    async def run(self) -> None:
        """Work until cancelled, then give the leases back."""
        woken = self._store.awake_rooms.woken
        try:
            while True:
                woken.clear()
                try:
                    await self._round()
                except StoreUnavailable as away:
                    log.warning("leader_paused", reason=away.reason)
                await asyncio.sleep(LEAST_ROUND_S)
                try:
                    async with timeout(ROUND_S):
                        await woken.wait()
                except TimeoutError:
                    pass
        finally:
            await self._stop()

    async def _round(self) -> None:
        awake = self._store.awake_rooms
        await self._let_rest()
        await self._look_around()
        working = {room for room, led in self._working.items() if not led.task.done()}
        wanted = await awake.due(self._store.now_ms()) | awake.nudged() | set(self._visited())
        held = await self._store.leases.hold(sorted(wanted | working), working)
        self._metrics.leases_held.set(len(held))
        self._tell_how_far_behind()
        for room in list(self._working):
            # One that went to rest since the round began is given back in the next one.
            if room not in self._resting and (room not in held or self._working[room].task.done()):
                await self._dismiss(room)
        taken = held - self._working.keys()
        # Announced first: if this process dies, another one goes on.
        await awake.wake(sorted(taken), self._store.now_ms())
        for room in taken:
            supervisor = RoomSupervisor(room, self._store, self._metrics, self._jobs)
            task = asyncio.create_task(self._lead(room, supervisor), name=f"work for {room}")
            self._working[room] = _Led(supervisor, task)

    def _tell_how_far_behind(self) -> None:
        for job in self._jobs:
            behind_s = (led.supervisor.behind_s(job.name) for led in self._working.values())
            self._metrics.job_behind.labels(job.name).set(max(behind_s, default=0.0))

    async def _look_around(self) -> None:
        """Check some of the rooms, in their turn, and now and then read which rooms there are."""
        now_s, awake = asyncio.get_running_loop().time(), self._store.awake_rooms
        if now_s - self._listed_s >= ROOMS_S:
            self._listed_s = now_s
            self._rooms = await self._store.rooms.ids()
            self._metrics.rooms.set(len(self._rooms))
            # The first time all are: rooms that an older version left aren't listed as awake.
            working = [room for room, led in self._working.items() if not led.task.done()]
            again = working if self._has_woken_all else self._rooms
            await awake.wake(again, self._store.now_ms())
            self._has_woken_all = True
        some = self._rooms[self._looked_at : self._looked_at + LOOKED_AT]
        self._looked_at = self._looked_at + LOOKED_AT if len(some) == LOOKED_AT else 0
        for room in await awake.backlogged([each for each in some if each not in self._working]):
            awake.nudge(room)

    async def _lead(self, room: str, supervisor: RoomSupervisor) -> None:
        try:
            self._resting[room] = await supervisor.run()
        except ConflictError as conflict:
            log.warning("sequencer_superseded", room=room, reason=str(conflict))
        except RoomEndedError:
            await supervisor.end()
            await self._sweep(room)
        except UnknownRoomError as gone:
            log.warning("sequencer_stopped", room=room, reason=str(gone))
            self._resting[room] = None
        except StoreUnavailable as away:
            log.warning("sequencer_stopped", room=room, reason=str(away))
        except Exception:
            log.exception("sequencer_failed", room=room)

    async def _let_rest(self) -> None:
        """Give the quiet rooms back, all at once; what was appended meanwhile wakes them."""
        resting = dict(self._resting)
        if resting:
            await self._store.awake_rooms.rest(resting)
            await self._store.leases.give_back(sorted(resting))
        for room in resting:
            await self._dismiss(room)

    async def _sweep(self, room: str) -> None:
        """Delete a deleted room's data, piece by piece; the next process goes on where this one
        stopped."""
        deletions = self._store.deletions
        try:
            rest_ms = await deletions.rest_ms(room, self._store.now_ms())
            if rest_ms is None:  # a store's server that was replaced alone knew of its end
                return
            await asyncio.sleep(rest_ms / 1000)
            if self._archive is not None:
                await self._archive.delete(room)
            while not await deletions.sweep(room, self._store.now_ms()):  # noqa: ASYNC110
                await asyncio.sleep(SWEEP_PAUSE_S)  # it waits for nothing: others go first
            log.info("room_swept", room=room)
            self._resting[room] = None
        except StoreUnavailable as away:
            log.warning("sweep_cut_short", room=room, reason=away.reason)
        except ArchiveAwayError as away:  # it is tried again
            log.warning("sweep_cut_short", room=room, reason=str(away))
            await asyncio.sleep(ARCHIVE_AGAIN_S)
        except Exception:
            log.exception("sweep_failed", room=room)

    async def _dismiss(self, room: str) -> None:
        """End the room's work. Its jobs may take longer than a lease holds: no round waits."""
        led = self._working.pop(room)
        await cancel_all([led.task])
        self._resting.pop(room, None)
        ending = asyncio.create_task(led.supervisor.end(), name=f"end of {room}")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _stop(self) -> None:
        # At once: the process that waits for us may lose patience.
        await cancel_all(led.task for led in self._working.values())
        ending = {
            asyncio.create_task(led.supervisor.end(), name=f"end of {room}"): room
            for room, led in self._working.items()
        }
        if ending:
            # Rooms stand still until they are given back: a job that doesn't end holds up its own.
            ended, late = await asyncio.wait(ending, timeout=PROMPTLY_S)
            await self._give_back([ending[each] for each in ended])
            await asyncio.gather(*ending)
            await self._give_back([ending[each] for each in late])
        await asyncio.gather(*self._ending)

    async def _give_back(self, rooms: Iterable[str]) -> None:
        with contextlib.suppress(StoreUnavailable):  # they run out by themselves
            await self._store.leases.give_back(sorted(rooms))
