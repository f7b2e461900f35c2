from __future__ import annotations

import os
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from grandstand.api import metrics_peers
from grandstand.api.metrics_peers import MetricsPeers
from prometheus_client import CollectorRegistry, Gauge


def registry(value: float) -> CollectorRegistry:
    made = CollectorRegistry()
    Gauge("here", "Who is here", registry=made).set(value)
    return made


async def test_whoever_is_asked_tells_the_metrics_of_all(tmp_path: Path) -> None:
    one, other = MetricsPeers(tmp_path, "1"), MetricsPeers(tmp_path, "2")
    async with one.answering(registry(1)), other.answering(registry(2)):
        texts = await one.collect()
        assert await other.collect() == texts
    assert b'here{worker="1"} 1.0' in texts
    assert b'here{worker="2"} 2.0' in texts
    assert b'grandstand_workers_unheard_total{worker="1"} 0.0' in texts
    assert os.listdir(tmp_path) == []


async def test_one_that_does_not_answer_is_left_out_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_peers, "PATIENCE_S", 0.05)
    one = MetricsPeers(tmp_path, "1")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(one.answering(registry(1)))
        silent = stack.enter_context(socket.socket(socket.AF_UNIX))
        silent.bind(str(tmp_path / "2.sock"))
        silent.listen()
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(tmp_path / "3.sock"))
        texts = await one.collect()
        assert b'here{worker="1"} 1.0' in texts
        assert b'grandstand_workers_unheard_total{worker="1"} 2.0' in texts
        assert b'worker="2"' not in texts


async def test_one_that_is_started_again_takes_the_place_of_the_killed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(tmp_path / "2.sock"))
    one, other = MetricsPeers(tmp_path, "1"), MetricsPeers(tmp_path, "2")
    async with one.answering(registry(1)), other.answering(registry(2)):
        assert b'here{worker="2"} 2.0' in await one.collect()
