from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from grandstand.store import keys
from grandstand.store.recommendations import ALIKENESS_S
from grandstand.store.store import Store
from grandstand.tasks import cancel_all
from grandstand.wire.highlights import Highlight
from grandstand.wire.settings import Settings

from tests.waiting import until


async def test_a_room_is_seen_as_it_is(store: Store) -> None:
    for room in ("a", "b"):
        await store.rooms.create(room, uuid4().hex, Settings(title=room.upper()))
    now = store.now_ms()
    (plain,) = (await store.recommendations.glances(["a", "none"], now)).values()
    assert (plain.settings.title, plain.viewers, plain.excitement) == ("A", 0, 0.0)
    assert (plain.highlight, plain.entities) == (None, 0)
    await store.rooms.present("n", {"b": 3}, now)
    await store.recommendations.keep_gauges("b", 200, 0.5)
    first, last = (Highlight(3.0, [], [], at, at + 5, at + 9, id=f"h{at}") for at in (10, 20))
    await store.highlights.keep("b", 1, b"", {}, [last, first], 0)
    redis: Any = store.topology.client(keys.entities("b"))
    await redis.hset(keys.entities("b"), "athlete:1", b"")
    seen = (await store.recommendations.glances(["a", "b"], now))["b"]
    assert (seen.viewers, seen.excitement) == (203, 0.5)
    assert (seen.highlight, seen.entities) == (last, 1)
    assert seen.committed >= 0


async def test_a_room_that_was_deleted_or_cant_be_read_is_left_out(store: Store) -> None:
    for room in ("gone", "odd", "well"):
        await store.rooms.create(room, uuid4().hex)
    await store.deletions.end("gone")
    redis: Any = store.topology.client(keys.edges("odd"))
    await redis.set(keys.edges("odd"), "no hash")
    seen = await store.recommendations.glances(["gone", "odd", "well"], store.now_ms())
    assert seen.keys() == {"well"}
    assert await store.recommendations.glances([], 0) == {}


async def test_an_alikeness_is_kept_under_its_name_until_the_next_one(store: Store) -> None:
    assert await store.recommendations.alikeness("one") is None
    await store.recommendations.keep_alikeness("one", b"1")
    await store.recommendations.keep_alikeness("two", b"2")
    assert await store.recommendations.alikeness("one") is None
    assert await store.recommendations.alikeness("two") == b"2"
    redis: Any = store.topology.client(keys.ALIKENESS)
    assert 0 < await redis.ttl(keys.ALIKENESS) <= ALIKENESS_S


async def test_what_is_published_comes_to_those_who_listen_and_is_not_kept(store: Store) -> None:

    heard: list[tuple[str, bytes]] = []
    bus = store.bus(lambda channel, payload: heard.append((channel, payload)), lambda: None)
    await bus.subscribe(keys.FOLLOWS)
    listening = asyncio.create_task(bus.run())
    await until(lambda: bus.hears)
    await store.recommendations.publish(keys.FOLLOWS, b"x")
    await until(lambda: heard == [(keys.FOLLOWS, b"x")])
    await cancel_all([listening])
    for node in await store.topology.nodes():
        assert not [key async for key in node.redis.scan_iter("*follows*")]
