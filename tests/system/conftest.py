"""Two processes on one store, for the tests that leave both as they were."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from grandstand.store.embedded import EmbeddedStore

from tests.server import ServerProcess


@pytest.fixture(scope="session")
def pair(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two servers on one Valkey, which neither has started."""
    folder = tmp_path_factory.mktemp("pair")
    store = EmbeddedStore(folder / "valkey")
    url = asyncio.run(store.start())
    one, other = (ServerProcess(folder / name, redis_url=url) for name in ("one", "other"))
    try:
        yield one.start(), other.start()
    finally:
        one.end()
        other.end()
        asyncio.run(store.stop())
