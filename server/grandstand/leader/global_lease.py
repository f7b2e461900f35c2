"""Work that one process in the cluster does for all rooms: whoever holds the lease of its name.

As with rooms, the lease saves work and no safety rests on it: two processes may do the same work
for a second and a half, when one of them stalled. So what such a job does must do no harm twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Protocol

import structlog

from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.telemetry import Metrics

ROUND_S = 0.4
"""As for rooms: two renewals may fail before the lease runs out."""

PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""The longest pause before a failed job is started again; pauses double each time."""

WELL_S = 60.0
"""After a job ran for this long, a failure counts as its first."""

log = structlog.get_logger(__name__)


class GlobalJob(Protocol):
    """One kind of work for all rooms."""

    @property
    def name(self) -> str:
        """Return what metrics and logs call it."""

    @property
    def lease(self) -> str:
        """Return what stands in place of a room in the key of its lease."""

    async def run(self) -> None:
        """Work until cancelled."""


class GlobalLeases:
    """The jobs for all rooms, as far as this process holds their leases."""

    def __init__(self, store: Store, metrics: Metrics, jobs: Sequence[GlobalJob]) -> None:
        self._store = store
        self._metrics = metrics
        self._jobs = {job.lease: job for job in jobs}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        for job in jobs:  # from 0 on, so that a first one is seen as an increase
            metrics.job_failures.labels(job.name)

    async def run(self) -> None:
        """Take and renew the leases until cancelled, then give them back."""
        try:
            while True:
                try:
                    await self._round()
                except StoreUnavailable as away:
                    log.info("global_leases_paused", reason=away.reason)
                await asyncio.sleep(ROUND_S)
        finally:
            held = sorted(self._tasks)
            await cancel_all(self._tasks.values(), PATIENTLY_S)
            with contextlib.suppress(StoreUnavailable):  # they run out by themselves
                await self._store.leases.give_back(held)

    async def _round(self) -> None:
        held = await self._store.leases.hold(sorted(self._jobs), set(self._tasks))
        for lost in self._tasks.keys() - held:
            await cancel_all([self._tasks.pop(lost)])
        for lease in held - self._tasks.keys():
            job = self._jobs[lease]
            self._tasks[lease] = asyncio.create_task(self._keep_running(job), name=job.name)

    async def _keep_running(self, job: GlobalJob) -> None:
        loop, pause_s = asyncio.get_running_loop(), PAUSE_S
        while True:
            began_s = loop.time()
            try:
                await job.run()
            except StoreUnavailable as away:
                log.info("global_job_begins_anew", job=job.name, reason=away.reason)
            except Exception:
                log.exception("global_job_failed", job=job.name)
                self._metrics.job_failures.labels(job.name).inc()
            pause_s = PAUSE_S if loop.time() - began_s >= WELL_S else pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
