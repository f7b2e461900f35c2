"""Two processes on one store, for the tests that leave both as they were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.server import ServerProcess
from tests.valkey import valkey


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pair(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[ServerProcess, ServerProcess]]:
    """Two servers on one store, which neither has started."""
    folder = tmp_path_factory.mktemp("pair")
    async with valkey(folder / "valkey") as url:
        one, other = (ServerProcess(folder / name, redis_url=url) for name in ("one", "other"))
        try:
            await asyncio.gather(*(asyncio.to_thread(each.start) for each in (one, other)))
            yield one, other
        finally:
            one.end()
            other.end()
