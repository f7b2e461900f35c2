from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.edge.harness import Harness, harness


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    """A node whose rooms nobody leads but the test."""
    async with harness(tmp_path_factory.mktemp("recount"), sequenced=False) as made:
        yield made
