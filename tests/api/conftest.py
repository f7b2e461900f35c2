from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.api.harness import Harness, harness


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("valkey")) as made:
        yield made
