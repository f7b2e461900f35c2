from __future__ import annotations

from typing import Any

from grandstand.store import keys
from grandstand.store.followers import LIFE_S
from grandstand.store.store import Store


async def test_followers_are_summed_over_the_nodes_that_have_viewers(store: Store) -> None:
    for node in ("one", "two"):
        await store.rooms.present(node, {"r": 1}, store.now_ms())
    assert await store.followers.of("r", ["a"]) == [0]
    assert await store.followers.report("one", {"r": {"a": 2, "b": 1}}) == {"r": False}
    assert await store.followers.report("two", {"r": {"a": 5}, "other": {}}) == {
        "r": False,
        "other": False,
    }
    assert await store.followers.report("one", {"r": {"b": 0}}) == {"r": True}
    assert await store.followers.of("r", ["a", "b", "c"]) == [7, 0, 0]
    redis: Any = store.topology.client(keys.followers("r", "one"))
    assert 0 < await redis.ttl(keys.followers("r", "one")) <= LIFE_S
    await redis.delete(keys.followers("r", "two"))
    assert await store.followers.of("r", ["a"]) == [2]
