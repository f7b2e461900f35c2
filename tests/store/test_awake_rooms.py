from __future__ import annotations

import pytest
from grandstand.store import awake_rooms as module
from grandstand.store import keys
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store
from structlog.testing import capture_logs


async def test_a_room_is_due_from_its_moment_on_until_it_rests(store: Store) -> None:
    await store.awake_rooms.wake(["a", "b"], 1000)
    await store.awake_rooms.wake(["c"], 2000.5)
    await store.awake_rooms.wake([], 0)
    assert await store.awake_rooms.due(999) == set()
    assert await store.awake_rooms.due(1000) == {"a", "b"}
    assert await store.awake_rooms.due(2001) == {"a", "b", "c"}
    await store.awake_rooms.rest({"a": 3000, "b": None})
    assert await store.awake_rooms.due(2001) == {"c"}


async def test_a_nudge_of_a_room_at_rest_wakes_and_is_forgotten_after_a_while(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.awake_rooms.wake(["awake"], 1)
    await store.awake_rooms.due(2)
    store.awake_rooms.nudge("awake")
    assert not store.awake_rooms.woken.is_set()
    store.awake_rooms.nudge("resting")
    assert store.awake_rooms.woken.is_set()
    assert store.awake_rooms.nudged() == {"awake", "resting"}
    monkeypatch.setattr(module, "NUDGED_S", 0.0)
    assert store.awake_rooms.nudged() == set()


async def test_what_is_appended_or_made_nudges_its_room(store: Store) -> None:
    await store.rooms.create("new", "request")
    assert store.awake_rooms.nudged() == {"new"}
    item = Item("u", "1", "c", b"x")
    await store.ingest.append("new", [item], CommentRate(0, 1), store.now_ms())
    assert await store.awake_rooms.backlogged(["other", "new"]) == ["new"]
    assert await store.awake_rooms.backlogged([]) == []


async def test_a_room_whose_stream_is_something_else_stops_no_other(
    store: Store,
) -> None:
    await store.rooms.create("new", "request")
    item = Item("u", "1", "c", b"x")
    await store.ingest.append("new", [item], CommentRate(0, 1), store.now_ms())
    await store.awake_rooms._reader.ask("SET", keys.ingest("odd"), "no stream")
    with capture_logs() as logs:
        assert await store.awake_rooms.backlogged(["odd", "new"]) == ["new"]
    assert [(each["event"], each["rooms"]) for each in logs] == [("rooms_unreadable", ["odd"])]
