"""A real store for a test: the embedded Valkey, in a folder of the test's own, or a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from grandstand.store.embedded import EmbeddedStore

from tests.clusters import CLUSTERS, ON_CLUSTER


@asynccontextmanager
async def valkey(data_dir: Path) -> AsyncIterator[str]:
    """Run Valkey for the duration of the block; yields its URL, ``unix://…`` of a single server.
    Takes 50 ms, and 3 s for a first cluster."""
    if ON_CLUSTER:
        cluster = await asyncio.to_thread(CLUSTERS.take)
        try:
            yield cluster.url
        finally:
            CLUSTERS.give_back(cluster)
        return
    store = EmbeddedStore(data_dir)
    url = await store.start()
    try:
        yield url
    finally:
        await store.stop()


def valkey_of(data_dir: Path) -> int | None:
    """The pid of the Valkey that runs in a folder, if one does; its number may be another's now."""
    try:
        pid = int((data_dir / "valkey.pid").read_text())
        return pid if Path(f"/proc/{pid}/cwd").readlink() == data_dir.resolve() else None
    except (FileNotFoundError, ValueError):
        return None
