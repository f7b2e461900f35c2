from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from grandstand.api import health
from grandstand.api.operations import Call
from prometheus_client import Counter, Metric
from prometheus_client.registry import Collector

from tests.api.harness import Harness
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_process_that_answers_lives(on_stage: Harness) -> None:
    assert (await on_stage.call("GET", "/healthz", role=None)).json() == {"status": "ok"}


async def test_a_process_is_ready_while_its_store_is_there(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await on_stage.call("GET", "/readyz", role=None)).status_code == 200
    monkeypatch.setattr(on_stage.api.rooms, "reaches_store", False)
    answer = await on_stage.call("GET", "/readyz", role=None)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await on_stage.call("GET", "/healthz", role=None)).status_code == 200


async def test_a_server_that_goes_away_is_not_ready_and_lives(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_stage.api, "draining", True)
    answer = await on_stage.call("GET", "/readyz", role=None)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await on_stage.call("GET", "/healthz", role=None)).status_code == 200


async def test_metrics_are_those_of_the_registry(on_stage: Harness) -> None:
    Counter("seen", "For this test", registry=on_stage.api.registry).inc(3)
    assert "seen_total 3.0" in (await on_stage.call("GET", "/metrics", role=None)).text


async def test_viewers_are_served_while_metrics_are_collected(on_stage: Harness) -> None:
    class Slow(Collector):
        begun, served = threading.Event(), threading.Event()

        def collect(self) -> Iterator[Metric]:
            self.begun.set()
            assert self.served.wait(PATIENCE_S), "the loop stood still"
            yield Metric("slow", "For this test", "gauge")

    slow = Slow()
    on_stage.api.registry.register(slow)
    try:
        scrape = asyncio.create_task(on_stage.call("GET", "/metrics", role=None))
        assert await asyncio.to_thread(slow.begun.wait, PATIENCE_S)
        slow.served.set()
        assert "slow" in (await scrape).text
    finally:
        on_stage.api.registry.unregister(slow)


async def test_metrics_are_collected_once_for_all_who_ask_meanwhile(on_stage: Harness) -> None:
    class Counted(Collector):
        times, may_end = 0, threading.Event()

        def collect(self) -> Iterator[Metric]:
            self.times += 1
            self.may_end.wait(PATIENCE_S)
            yield Metric("counted", "For this test", "gauge")

    counted = Counted()
    counted.may_end.set()
    on_stage.api.registry.register(counted)
    counted.may_end.clear()
    before = counted.times
    call = cast("Call", SimpleNamespace(api=on_stage.api))
    try:
        scrapes = [asyncio.create_task(health.metrics(call)) for _ in range(50)]
        await asyncio.sleep(0)  # all of them have asked
        counted.may_end.set()
        for scrape in scrapes:
            assert b"counted" in bytes((await scrape).body)
        assert counted.times == before + 1
        await health.metrics(call)
        assert counted.times == before + 2
    finally:
        on_stage.api.registry.unregister(counted)
