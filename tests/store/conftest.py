from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from grandstand.store.store import Store, open_store

from tests.proxy import CuttingProxy


@pytest.fixture
async def proxy(valkey_url: str) -> AsyncIterator[CuttingProxy]:
    async with CuttingProxy(valkey_url) as proxy:
        yield proxy


@pytest.fixture
async def store(proxy: CuttingProxy) -> AsyncIterator[Store]:
    """A store that is reached through ``proxy``."""
    store = await open_store(proxy.url)
    yield store
    await store.close()
