from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from grandstand.store.store import Store, open_store

from tests.proxy import CuttingProxy
from tests.valkey_cluster import ValkeyCluster


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks only for ``store`` runs over each topology; one that cuts the store's
    connections, or looks at it from aside, over a single server."""
    if "topology" in metafunc.fixturenames:
        is_single = "valkey_url" in metafunc.fixturenames
        metafunc.parametrize("topology", ["single"] if is_single else ["single", "cluster"])


@pytest.fixture
async def proxy(valkey_url: str) -> AsyncIterator[CuttingProxy]:
    async with CuttingProxy(valkey_url) as proxy:
        yield proxy


@pytest.fixture
def store(request: pytest.FixtureRequest, topology: str) -> Store:
    """A store of the topology, empty."""
    store: Store = request.getfixturevalue(f"{topology}_store")
    return store


@pytest.fixture
async def single_store(proxy: CuttingProxy) -> AsyncIterator[Store]:
    """A store that is reached through ``proxy``."""
    store = await open_store(proxy.url)
    yield store
    await store.close()


@pytest.fixture
async def cluster_store(cluster: ValkeyCluster) -> AsyncIterator[Store]:
    """A store in a cluster."""
    store = await open_store(cluster.url)
    yield store
    await store.close()
