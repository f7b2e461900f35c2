"""A store that forgets: a new epoch begins there, and no offset gets a second content."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from grandstand.store.connection import connect
from grandstand.store.embedded import EmbeddedStore

from tests.conftest import MakeServer
from tests.viewer import viewing

pytestmark = pytest.mark.single


@pytest_asyncio.fixture
async def forgetful(tmp_path: Path) -> AsyncIterator[EmbeddedStore]:
    """A Valkey that doesn't sync before it answers, as the servers are told."""
    store = EmbeddedStore(tmp_path / "valkey")
    redis = connect(await store.start())
    await redis.config_set("appendfsync", "everysec")
    await redis.aclose()
    try:
        yield store
    finally:
        await store.stop()


async def test_a_store_that_lost_its_last_commits_begins_a_new_epoch_under_its_viewers(
    make_server: MakeServer, forgetful: EmbeddedStore, tmp_path: Path, room: str
) -> None:
    folder, kept = forgetful.data_dir / "appendonlydir", tmp_path / "kept"
    url = f"unix://{forgetful.data_dir / 'valkey.sock'}"
    server = await asyncio.to_thread(make_server(redis_url=url).start)
    await asyncio.to_thread(server.make_room, room)
    async with (
        viewing(server.url, room, server.token("ann"), comes_back=False) as ann,
        viewing(server.url, room, server.token("bo"), comes_back=False) as bo,
    ):
        assert ann.welcome["durability"] == "weak"
        first = ann.epoch
        await ann.insist({"type": "comment", "text": "this is remembered"})
        await bo.seen("this is remembered")
        shutil.copytree(folder, kept)
        for number in range(5):
            await ann.insist({"type": "comment", "text": f"this is forgotten, {number}"})
            await bo.seen(f"this is forgotten, {number}")

        await forgetful.stop()
        shutil.rmtree(folder)
        shutil.move(kept, folder)
        await forgetful.start()
        answers = [
            await ann.insist({"type": "comment", "text": f"said afterwards, {number}"})
            for number in range(5)
        ]
        assert [answer["type"] for answer in answers] == ["ack"] * 5
        for viewer in (ann, bo):
            await viewer.seen("said afterwards, 4")
            assert viewer.epoch != first
        async with viewing(server.url, room) as newcomer:
            recent = [comment["text"] for comment in newcomer.welcome["recent"]]
        assert recent[0] == "this is remembered"
        for viewer in (ann, bo):
            await viewer.reaches(newcomer.offset)
            assert [comment["text"] for comment in viewer.picture.recent] == recent
            assert viewer.connections == 1
