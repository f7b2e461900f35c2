from __future__ import annotations

from typing import Any

import pytest
from grandstand.domain.envelope import Commit
from grandstand.domain.rundown import Item, Progress, rundown_of
from grandstand.domain.state import PrivateChanges, RoomState
from grandstand.store import keys
from grandstand.store.rundowns import stored
from grandstand.store.store import Store
from grandstand.store.timeline import Changes

ITEMS = [Item("a", "note", "A"), Item("b", "cue", "B", 7, {"name": "x", "data": {"é": [1, None]}})]


async def commit(store: Store, state: RoomState, items: bytes | None) -> None:
    head = (await store.timeline.load("r")).head
    moved = Commit(head.epoch, head.seq + 1, head.offset, head.now + 1, [], PrivateChanges())
    parts = frozenset({"rundown", "gone"})
    changes = Changes(parts, (), (), (), (), (), rundown_items=items)
    await store.timeline.commit("r", head, None, moved, state, changes)


async def test_a_rundown_is_as_its_last_commits_left_it(store: Store) -> None:
    await store.rooms.create("r", "made")
    assert await store.rundowns.get("r") == (Progress(), [], rundown_of(Progress(), {}, []))
    state = RoomState(rundown=Progress(1, 1))
    await commit(store, state, stored(ITEMS))
    assert await store.rundowns.get("r") == (
        Progress(1, 1),
        ITEMS,
        rundown_of(Progress(1, 1), {}, ITEMS),
    )
    state = RoomState(rundown=Progress(2, 1, "a"), gone={"a": ""})
    await commit(store, state, None)
    progress, items, shown = await store.rundowns.get("r")
    assert (progress, items) == (state.rundown, ITEMS)
    assert [item.status for item in shown.items] == ["on_air", "waiting"]


async def test_a_replica_loads_how_far_the_show_has_come_and_no_items(store: Store) -> None:
    await store.rooms.create("r", "made")
    state = RoomState(rundown=Progress(2, 1, "a"), gone={"a": "poll1"})
    await commit(store, state, stored(ITEMS))
    loaded = (await store.timeline.load("r")).state
    assert (loaded.rundown, loaded.gone) == (state.rundown, state.gone)


@pytest.mark.parametrize("field", ["rundown", "gone", keys.RUNDOWN_ITEMS])
async def test_what_cannot_be_read_hides_nothing_else(store: Store, field: str) -> None:
    await store.rooms.create("r", "made")
    state = RoomState(rundown=Progress(2, 1, "a"), gone={"a": ""})
    await commit(store, state, stored(ITEMS))
    redis: Any = store.topology.client(keys.head("r"))
    await redis.hset(keys.state("r"), field, b"\xc1")
    progress, items, _ = await store.rundowns.get("r")
    assert progress == (Progress() if field == "rundown" else state.rundown)
    assert items == ([] if field == keys.RUNDOWN_ITEMS else ITEMS)
