from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from grandstand.api import directory as module
from grandstand.api.directory import Directory

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_store_is_asked_once_a_second_however_many_ask(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_stage.room(title="Tonight")
    monkeypatch.setattr(module, "FRESH_S", 1000.0)
    directory, asked = Directory(on_stage.store), list[str]()
    describe = on_stage.store.rooms.describe

    async def counting(rooms: Sequence[str], now_ms: float) -> Any:
        asked.extend(rooms)
        return await describe(rooms, now_ms)

    monkeypatch.setattr(on_stage.store.rooms, "describe", counting)
    for _ in range(3):
        assert room in await directory.ids()
        told = await directory.describe([room, "no-such-room"])
        assert [*told] == [room]
        assert told[room].settings.title == "Tonight"
    assert asked == [room, "no-such-room"]
    directory.changed()
    await directory.describe([room])
    assert asked[2:] == [room]
