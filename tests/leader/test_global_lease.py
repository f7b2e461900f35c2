"""What is done for all rooms is done by one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from grandstand.leader import global_lease as module
from grandstand.leader.global_lease import GlobalLeases
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import open_store
from grandstand.tasks import PATIENTLY_S, cancel_all
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry

from tests.edge.harness import Harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Job:
    """Notes where it runs; ``fails`` is done first."""

    name = "test"

    def __init__(self, lease: str, fails: Callable[[], Awaitable[None]] | None = None) -> None:
        self.lease = lease
        self.begun = 0
        self.is_running = False
        self._fails = fails

    async def run(self) -> None:
        self.begun += 1
        if self._fails is not None:
            await self._fails()
        self.is_running = True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_running = False


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND_S", 0.02)
    monkeypatch.setattr(module, "PAUSE_S", 0.01)


@asynccontextmanager
async def process(url: str, job: Job, metrics: Metrics | None = None) -> AsyncIterator[None]:
    """A process of its own, as far as the store knows."""
    store = await open_store(url)
    leases = GlobalLeases(store, metrics or Metrics(CollectorRegistry()), [job])
    task = asyncio.create_task(leases.run())
    try:
        yield
    finally:
        await cancel_all([task], PATIENTLY_S)
        await store.close()


async def test_one_process_works_and_another_goes_on_once_it_ends(node: Harness) -> None:
    first, second = Job("*one"), Job("*one")
    async with process(node.store.url, second):
        await until(lambda: second.is_running)
        async with process(node.store.url, first):
            await until(lambda: second.is_running)
            assert first.begun == 0
    assert not second.is_running
    async with process(node.store.url, first):
        await until(lambda: first.is_running)


async def test_who_loses_the_lease_stops(node: Harness) -> None:
    job, key = Job("*two"), keys.lease("*two")
    redis: Any = node.store.topology.client(key)
    async with process(node.store.url, job):
        await until(lambda: job.is_running)
        await redis.set(key, "another")
        await until(lambda: not job.is_running)
        await redis.delete(key)
        await until(lambda: job.is_running)


async def test_a_job_that_fails_begins_again_and_is_counted(node: Harness) -> None:
    faults: list[Exception] = [RuntimeError("ours"), StoreUnavailable("away")]

    async def fails() -> None:
        if faults:
            raise faults.pop(0)

    job, metrics = Job("*three", fails), Metrics(CollectorRegistry())
    async with process(node.store.url, job, metrics):
        await until(lambda: job.is_running)
    assert job.begun == 3
    count = metrics.registry.get_sample_value("grandstand_job_failures_total", {"room_job": "test"})
    assert count == 1
