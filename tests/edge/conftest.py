"""Sockets are tested on uvloop, which serves, and on asyncio's own loop, which differs in much."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import pytest_asyncio
import uvloop

from tests.edge.harness import Harness, harness

ON_BOTH_LOOPS = {
    *("test_dispatch", "test_event_stream", "test_interop", "test_uvicorn_contract"),
    "test_websocket",
}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.stem in ON_BOTH_LOOPS:
        return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return {"uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    """A node for all tests of a module: each takes rooms of its own."""
    async with harness(tmp_path_factory.mktemp("node")) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_still_harness(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    """As ``on_stage``, but nobody sequences its rooms: tests make their commits."""
    async with harness(tmp_path_factory.mktemp("still"), sequenced=False) as made:
        yield made
