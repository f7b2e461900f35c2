"""A viewer's follows are known at every node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from grandstand.domain.identity import Identity
from grandstand.edge import inquiries as module
from grandstand.edge.follows import Follows
from grandstand.edge.inquiries import Inquiries
from grandstand.edge.node import Node
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.moderation.moderator import Moderator
from grandstand.replica.rooms import LiveRooms
from grandstand.store import keys
from grandstand.store.store import open_store
from grandstand.tasks import cancel_all
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry

from tests.edge.harness import Harness
from tests.moderation.rules import RULES
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = frozenset(["*"])


@asynccontextmanager
async def asking(node: Node) -> AsyncIterator[Inquiries]:
    """The inquiries of a node."""
    made = Inquiries(node.rooms.store, Follows(node))
    task = asyncio.create_task(made.run())
    await until(lambda: made._bus._listeners and made._bus.hears)
    try:
        yield made
    finally:
        await cancel_all([task])


@asynccontextmanager
async def empty_node(harness: Harness) -> AsyncIterator[Node]:
    """Another node on the same store, where nobody is."""
    store = await open_store(harness.store.url)
    moderator, metrics = Moderator(None, RULES), Metrics(CollectorRegistry())
    try:
        yield Node(LiveRooms(store), harness.tokens, moderator, Keepalive(), metrics)
    finally:
        await moderator.close()
        await store.close()


def viewer(sub: str, rooms: frozenset[str] = ALL) -> Identity:
    return Identity(sub, sub.title(), "viewer", rooms)


async def test_a_node_asks_the_others_of_a_viewer_whom_it_does_not_know(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 60.0)  # all others answer, so nobody waits for that
    harness = on_still_harness
    room = await harness.by_hand()
    harness.seat(room.room, token=harness.token("ada"), follow=["a:1"])
    harness.seat(room.room, token=harness.token("bo"), follow=["b:1"])
    async with (
        empty_node(harness) as first,
        empty_node(harness) as second,
        asking(harness.node) as here,
        asking(first) as elsewhere,
        asking(second),
    ):
        assert await here.of(viewer("ada")) == (["a:1"], [room.room])
        found = await asyncio.gather(
            elsewhere.of(viewer("ada")),
            elsewhere.of(viewer("nobody")),
            elsewhere.of(viewer("bo", frozenset([room.room]))),
            elsewhere.of(viewer("bo", frozenset(["another"]))),
        )
        assert list(found) == [
            (["a:1"], [room.room]),
            ([], []),
            (["b:1"], [room.room]),
            ([], []),
        ]
        await harness.store.recommendations.publish(keys.INQUIRIES, b"another version's")
        assert (await elsewhere.of(viewer("ada"))).topics == ["a:1"]
        await until(lambda: not elsewhere._rounds)


async def test_who_asks_often_and_follows_much_is_answered_once_and_by_the_latest(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 60.0)
    harness = on_still_harness
    room = await harness.by_hand()
    for seat in range(3):
        topics = [f"athlete:{seat * 100 + number}" for number in range(100)]
        harness.seat(room.room, token=harness.token("ada"), follow=topics)
    sizes, publish = list[int](), harness.store.recommendations.publish

    async def measured(channel: str, payload: bytes) -> int:
        sizes.append(len(payload))
        return await publish(channel, payload)

    monkeypatch.setattr(harness.store.recommendations, "publish", measured)
    async with (
        empty_node(harness) as first,
        asking(harness.node),
        asking(first) as elsewhere,
    ):
        found = await asyncio.gather(*(elsewhere.of(viewer("ada")) for _ in range(500)))
    assert all(each is found[0] for each in found)
    assert len(set(found[0].topics)) == 100
    (answer,) = sizes
    assert answer < 2000


async def test_who_is_alone_asks_once_a_second(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ALONE_S", 60.0)
    store, asked = on_still_harness.store, 0
    publish = store.recommendations.publish

    async def counted(channel: str, payload: bytes) -> int:
        nonlocal asked
        asked += 1
        return await publish(channel, payload)

    monkeypatch.setattr(store.recommendations, "publish", counted)
    async with asking(on_still_harness.node) as here:
        for _ in range(3):
            assert await here.of(viewer("nobody")) == ([], [])
    assert asked == 1


async def test_a_silent_node_holds_nobody_up_and_questions_have_a_bound(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.02)
    monkeypatch.setattr(module, "MOST_ASKED", 2)
    store = on_still_harness.store
    bus = store.bus(lambda _, payload: None, lambda: None)
    await bus.subscribe(keys.INQUIRIES)
    silent = asyncio.create_task(bus.run())
    await until(lambda: bus.hears)
    async with asking(on_still_harness.node) as here:
        found = await asyncio.gather(*(here.of(viewer(f"v{number}")) for number in range(5)))
        assert found == [([], [])] * 5
        monkeypatch.setattr(module, "MOST_WAITING", 0)
        assert await here.of(viewer("v9")) == ([], [])
    await cancel_all([silent])
