"""What a process does by itself about the crowd."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from grandstand.edge import crowd_control as module
from grandstand.edge.crowd_control import AWAITED_MS, PREWARM_FROM, READ_MS, CrowdControl
from grandstand.edge.house import Bounds
from grandstand.edge.node import Node
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.waiting_room import WaitingRoom
from grandstand.store.crowds import Forecast
from grandstand.store.houses import House
from grandstand.wire.gauges import Crowd, Expected

from tests.edge.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOUNDS = Bounds(100, 1000, 3000)
Control = Callable[..., CrowdControl]


@pytest_asyncio.fixture(loop_scope="module")
async def control(
    on_still_harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Control]:
    node = on_still_harness.node
    monkeypatch.setattr(node, "handshake_limit", HandshakeLimit(1000))
    monkeypatch.setattr(node, "connections", 0)
    monkeypatch.setattr(module, "READ_MS", 0)
    await node.rooms.store.rooms._reader.ask("DEL", "gs:{*}:houses", "gs:awake")

    def make(bounds: Bounds | None = BOUNDS, prewarmed: int = 0, seats: int = 0) -> CrowdControl:
        return CrowdControl(WaitingRoom(node, seats=seats), bounds, prewarmed)

    yield make


async def expect(harness: Harness, room: str, present: int, p90: float) -> None:
    """Let a room's leader expect so many in five minutes."""
    store = harness.store
    crowd = Crowd([Expected(300, present, present, p90)], [])
    await store.rooms.create(room, room)
    await store.crowds.keep(room, {}, [], Forecast(int(store.now_ms()), present, crowd))
    await store.awake_rooms.wake([room], 0)


async def house(harness: Harness) -> House:
    return (await harness.store.houses.all(harness.store.now_ms()))[harness.store.node]


async def test_the_rate_rises_before_viewers_come_and_it_says_why(
    on_still_harness: Harness, control: Control
) -> None:
    await expect(on_still_harness, "gala", 1000, 301_000)
    made = control()
    await made.step(0)
    assert on_still_harness.node.handshake_limit.per_s == 2001
    (done,) = (await house(on_still_harness)).done
    assert (done.code, done.text) == (
        "rate_raised",
        "from 1000 to 2001 handshakes a second: up to 1000.3 a second are likely to come in",
    )
    await made.step(0)
    assert len((await house(on_still_harness)).done) == 1


async def test_a_late_event_loop_lets_fewer_in_down_to_the_bound(
    on_still_harness: Harness, control: Control
) -> None:
    made = control()
    for _ in range(20):
        await made.step(400)
    assert on_still_harness.node.handshake_limit.per_s == BOUNDS.low
    done = (await house(on_still_harness)).done
    assert {each.code for each in done} == {"rate_lowered"}
    assert "400 ms late" in done[-1].text


async def test_a_line_raises_the_rate_only_where_seats_are_free(
    on_still_harness: Harness, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = on_still_harness.node
    for taken, then in ((10, 1000), (9, 1250)):
        made = control(seats=10)
        monkeypatch.setattr(WaitingRoom, "__len__", lambda _: 1)
        monkeypatch.setattr(node, "connections", taken + 1)
        await made.step(0)
        assert node.handshake_limit.per_s == then


async def test_without_bounds_the_rate_stays(on_still_harness: Harness, control: Control) -> None:
    await expect(on_still_harness, "gala", 1000, 301_000)
    await control(None).step(400)
    assert on_still_harness.node.handshake_limit.per_s == 1000
    assert (await house(on_still_harness)).done == []


async def test_advice_lasts_since_it_was_given_first(
    on_still_harness: Harness, control: Control
) -> None:
    await expect(on_still_harness, "gala", 1000, 2500)
    made = control(seats=2000)
    await made.step(0)
    (first,) = (await house(on_still_harness)).advice
    await made.step(0)
    (again,) = (await house(on_still_harness)).advice
    assert (first.code, again.at) == ("seats_short", first.at)
    await expect(on_still_harness, "gala", 1000, 1500)
    await made.step(0)
    assert (await house(on_still_harness)).advice == []


async def test_the_fullest_rooms_to_come_are_loaded_within_the_limit(
    on_still_harness: Harness, control: Control
) -> None:
    store, rooms = on_still_harness.store, on_still_harness.rooms
    for room, growth in (("calm", PREWARM_FROM - 1), ("fuller", 200), ("fullest", 900)):
        await expect(on_still_harness, room, 10, 10 + growth)
    await expect(on_still_harness, "deleted", 10, 10_000)
    await store.deletions.end("deleted")
    made = control(None, prewarmed=2)
    await made.step(0)
    assert [rooms.peek(room) is not None for room in ("calm", "fuller", "fullest")] == [
        False,
        True,
        True,
    ]
    done = (await house(on_still_harness)).done
    assert [each.text for each in done] == [
        "fullest: 900 more are likely there",
        "fuller: 200 more are likely there",
    ]
    fewer = control(None, prewarmed=0)
    await fewer.step(0)
    assert (await house(on_still_harness)).done == []


async def test_rooms_are_loaded_for_others_once_their_viewers_have_come_or_never_did(
    on_still_harness: Harness, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = on_still_harness.store
    made = control(None, prewarmed=1)
    come: list[str] = []
    now_ms = store.now_ms()
    monkeypatch.setattr(Node, "visited", lambda _: come)
    monkeypatch.setattr(store, "now_ms", lambda: now_ms)

    async def loads(room: str) -> bool:
        await expect(on_still_harness, room, 10, 1000)
        await made.step(0)
        return on_still_harness.rooms.peek(room) is not None

    assert await loads("monday")
    assert not await loads("tuesday")
    come = ["monday"]
    assert await loads("tuesday")
    assert not await loads("wednesday")
    now_ms += AWAITED_MS
    assert await loads("wednesday")


async def test_forecasts_are_read_every_half_minute(
    on_still_harness: Harness, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, now_ms = on_still_harness.store, on_still_harness.store.now_ms()
    monkeypatch.setattr(module, "READ_MS", READ_MS)
    monkeypatch.setattr(store, "now_ms", lambda: now_ms)
    made = control(seats=2000)
    for later_ms, present, codes in (
        (0, 1000, []),
        (READ_MS - 1, 2500, []),
        (1, 2500, ["house_full", "seats_short"]),
    ):
        now_ms += later_ms
        await expect(on_still_harness, "gala", present, present)
        await made.step(0)
        assert [each.code for each in (await house(on_still_harness)).advice] == codes
