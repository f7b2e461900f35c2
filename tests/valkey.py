"""A real Valkey for a test: the embedded store itself, in a folder of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from grandstand.store.embedded import EmbeddedStore


@asynccontextmanager
async def valkey(data_dir: Path) -> AsyncIterator[str]:
    """Run Valkey for the duration of the block; yields its ``unix://`` URL. Takes 50 ms."""
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
