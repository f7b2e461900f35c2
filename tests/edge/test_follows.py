"""What viewers follow at a node, and what others are told of it."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from grandstand.domain.state import PrivateChanges
from grandstand.edge import follows as module
from grandstand.edge.follows import Follows
from grandstand.recommendations import tastes
from grandstand.recommendations.tastes import Sample
from grandstand.store import keys
from grandstand.tasks import cancel_all

from tests.edge.harness import Harness
from tests.edge.test_topics import entity
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


ALL = frozenset(["*"])


async def test_a_viewers_follows_are_those_of_its_connections_now(
    on_still_harness: Harness,
) -> None:
    node = on_still_harness
    first, second = await node.by_hand(), await node.by_hand()
    follows = Follows(node.node)
    assert follows.of("ada", ALL) == ([], [])
    seat = node.seat(first.room, token=node.token("ada"), follow=["a:1", "a:2"])
    node.seat(second.room, token=node.token("ada"), follow=["b:1"])
    node.seat(first.room, token=node.token("bo"), follow=["a:9"])
    node.seat(first.room, follow=["a:8"])
    assert follows.of("ada", ALL) == (["a:1", "a:2", "b:1"], [first.room, second.room])
    assert follows.of("ada", frozenset([second.room, "elsewhere"])) == (["b:1"], [second.room])
    assert seat.session is not None
    message = {"type": "follow", "id": "f", "topics": ["a:3"]}
    seat.session.received(msgspec.msgpack.encode(message), is_text=False)
    assert follows.of("ada", frozenset([first.room])) == (["a:3"], [first.room])
    seat.session.lost()
    assert follows.of("ada", frozenset([first.room])) == ([], [])


async def test_a_sample_has_no_names_and_each_viewer_once(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tastes, "SAMPLE_S", 0.01)
    monkeypatch.setattr(module, "SESSIONS_AT_ONCE", 2)
    node = on_still_harness
    room = await node.by_hand()
    await room.commit(private=PrivateChanges(entities=entity("a:1", 1) | entity("a:2", 1)))
    seats = [
        node.seat(room.room, token=node.token("ada"), follow=["a:1", "a:2", "made up"])
        for _ in range(3)
    ]
    seats.append(node.seat(room.room, token=node.token("bo"), follow=["a:1"]))
    seats.append(node.seat(room.room, token=node.token("cy")))
    seats.append(node.seat(room.room, follow=["a:1"]))  # without a token anybody is anybody
    heard: list[Sample] = []
    payloads: list[bytes] = []

    def hear(_: str, payload: bytes) -> None:
        payloads.append(payload)
        heard.append(msgspec.msgpack.decode(payload, type=Sample))

    bus = node.store.bus(hear, lambda: None)
    await bus.subscribe(keys.FOLLOWS)
    tasks = [asyncio.create_task(bus.run())]
    await until(lambda: bus.hears)
    tasks.append(asyncio.create_task(Follows(node.node).run()))

    def of_the_room() -> list[list[str]]:
        people = heard[-1].people if heard else []
        return sorted(each for each in people if each[0] == f"room:{room.room}")

    thing = f"room:{room.room}"
    await until(lambda: of_the_room() == [[thing, "a:1"], [thing, "a:1", "a:2"]])
    user = node.user(room.live, "ada")
    assert not any(user.encode() in each or b"ada" in each for each in payloads)
    monkeypatch.setattr(tastes, "MOST_PEOPLE", 1)
    await until(lambda: len(heard[-1].people) == 1)
    for seat in seats:
        assert seat.session is not None
        seat.session.lost()
    await until(lambda: of_the_room() == [])
    await cancel_all(tasks)
