from __future__ import annotations

import time

import pytest

from tests.edge.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_room_has_one_audience(on_still_harness: Harness) -> None:
    room = await on_still_harness.by_hand()
    node = on_still_harness.node
    assert node.room(room.live) is node.room(room.live)
    assert room.live.listeners == [node.room(room.live)]


async def test_lurkers_keep_a_room_awake_as_viewers_do(on_still_harness: Harness) -> None:
    seated, lurked, quiet = [await on_still_harness.by_hand() for _ in range(3)]
    on_still_harness.seat(seated.room)
    node = on_still_harness.node
    for room in (lurked.room, "deleted"):
        node.lurkers.report(room, room, time.monotonic() * 1000)
    visited = set(node.visited())
    assert visited >= {seated.room, lurked.room}
    assert not visited & {quiet.room, "deleted"}
