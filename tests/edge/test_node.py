from __future__ import annotations

import pytest

from tests.edge.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_room_has_one_audience(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    node = on_still_harness.node
    assert node.room(room.live) is node.room(room.live)
    assert room.live.listeners == [node.room(room.live)]
