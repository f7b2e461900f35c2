"""The job that forecasts a room's audience."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any
from uuid import uuid4

import msgspec
import numpy as np
import pytest
import pytest_asyncio
from grandstand.crowd.history import History
from grandstand.crowd.live_curve import HOUR, KEPT, LiveCurve
from grandstand.crowd.show import Show
from grandstand.domain.events import RundownPut, SettingsPut
from grandstand.domain.rundown import Item
from grandstand.leader import crowd_forecasting as module
from grandstand.leader.crowd_forecasting import MINUTE_MS, CrowdForecasting
from grandstand.leader.gauges import Gauges
from grandstand.replica.publication import STAFF
from grandstand.store.crowds import Forecast
from grandstand.store.rundowns import stored
from grandstand.wire.codec import decode_frame
from grandstand.wire.gauges import Crowd, Expected
from grandstand.wire.gauges import Gauges as RoomGauges
from prometheus_client import generate_latest

from tests.crowd.shows import weights
from tests.edge.harness import Harness
from tests.sequencer.harness import Sequenced
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTHING = Forecast(0, 0, Crowd([], []))


def noted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Show, History]]:
    """What forecasts are asked of, in their place."""
    seen: list[tuple[Show, History]] = []

    def note(show: Show, history: History, *_: Any) -> Crowd:
        seen.append((show, history))
        return Crowd([], [])

    monkeypatch.setattr(module, "outlook", note)
    return seen


@pytest_asyncio.fixture(loop_scope="module")
async def room(node: Harness, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sequenced]:
    monkeypatch.setattr(module, "EVERY_S", 0.02)
    made = Sequenced(await node.by_hand())
    yield made
    await made.stop()


def job(room: Sequenced, **past: History) -> CrowdForecasting:
    return CrowdForecasting(room.metrics, weights(), past)


async def forecast(room: Sequenced) -> Forecast | None:
    store = room.node.store
    return (await store.crowds.latest([room.live.room], store.now_ms())).get(room.live.room)


async def present(room: Sequenced, viewers: int) -> None:
    store = room.node.store
    await store.rooms.present("elsewhere", {room.live.room: viewers}, store.now_ms())


async def kept_curve(room: Sequenced) -> LiveCurve:
    store = room.node.store
    hours = await store.crowds.hours(room.live.room)
    return LiveCurve.of(hours, int(store.now_ms() // MINUTE_MS))


async def test_staff_the_store_and_autoscalers_are_told_what_is_expected(room: Sequenced) -> None:
    await present(room, 500)
    room.start(job(room), Gauges())

    def told() -> list[Crowd]:
        frames = [
            decode_frame(latest.additions[STAFF].payload)
            for latest in room.listener.latests
            if STAFF in latest.additions
        ]
        gauges = [frame.gauges for frame in frames if isinstance(frame.gauges, RoomGauges)]
        return [each.crowd for each in gauges if isinstance(each.crowd, Crowd)]

    await until(told)
    assert [(each.within, each.p50) for each in told()[0].viewers] == [
        (60, 500.0),
        (300, 500.0),
        (900, 500.0),
    ]
    assert not any(b"crowd" in latest.payload for latest in room.listener.latests)
    await until(lambda: forecast(room))
    known = await forecast(room)
    assert known is not None
    assert (known.present, known.crowd.viewers[0].p50) == (500, 500.0)
    labels = f'ahead="900",quantile="0.5",room="{room.live.room}"'
    metrics = generate_latest(room.metrics.registry).decode()
    assert f"grandstand_viewers_forecast{{{labels}}} 500.0" in metrics
    await room.stop()
    assert room.live.room not in generate_latest(room.metrics.registry).decode()


async def test_the_curve_survives_a_takeover(room: Sequenced) -> None:
    store, minute = room.node.store, int(room.node.store.now_ms() // MINUTE_MS)
    before = LiveCurve()
    for at in range(minute - 90, minute - 1):
        before.count_viewers(at, 1000.0)
    hours = {each: before.hour(each) for each in range((minute - 90) // HOUR, minute // HOUR + 1)}
    await store.crowds.keep(room.live.room, hours, [], NOTHING)
    await present(room, 1000)
    room.start(job(room))
    await until(lambda: forecast(room))
    curve = await kept_curve(room)
    assert (curve.begin, curve.viewers[0]) == (minute - 90, 1000.0)
    assert curve.last >= minute
    assert curve.viewers[-1] == 1000.0


async def test_comments_are_counted_in_the_record_also_those_of_before(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLED_MS", -MINUTE_MS)  # the present minute counts as over
    await room.append(*room.said("a", "b", "c"))
    room.start(Gauges())
    await until(lambda: room.listener.texts)
    await room.stop()
    room.start(job(room))
    await until(lambda: forecast(room))
    assert sum(np.nan_to_num((await kept_curve(room)).comments)) == 3.0


async def test_comments_of_all_minutes_are_counted_however_long_nobody_did(room: Sequenced) -> None:
    store, minute = room.node.store, int(room.node.store.now_ms() // MINUTE_MS)
    before = LiveCurve()
    for at in range(minute - 20, minute):
        before.count_viewers(at, 1000.0)
        if at < minute - 10:
            before.count_comments(at, 7.0)
    hours = {each: before.hour(each) for each in range((minute - 20) // HOUR, minute // HOUR + 1)}
    await store.crowds.keep(room.live.room, hours, [], NOTHING)
    early = [
        msgspec.structs.replace(each, at=each.at - 5 * MINUTE_MS)
        for each in room.said("a", "b", "c")
    ]
    await room.append(*early)
    room.start(Gauges())
    await until(lambda: store.record.size(room.live.room))
    await room.stop()
    room.start(job(room))
    await until(lambda: forecast(room))
    curve = await kept_curve(room)
    counted = curve.comments[: minute - 2 - curve.begin]
    assert counted[:9] == [7.0] * 9  # the last is counted once more
    assert (len(counted), sum(counted[9:])) == (18, 3.0)


async def test_hours_of_earlier_days_and_of_a_wrong_clock_are_forgotten(room: Sequenced) -> None:
    store, hour = room.node.store, int(room.node.store.now_ms() // MINUTE_MS // HOUR)
    yesterday, kept = hour - 24, KEPT // HOUR
    strange = [hour - 20 * kept, hour - kept - 2, hour - kept - 1, hour + 500]
    hours = dict.fromkeys([*strange, yesterday], LiveCurve().hour(0))
    await store.crowds.keep(room.live.room, hours, [], NOTHING)
    room.start(job(room))
    await until(lambda: forecast(room))
    found = await store.crowds.hours(room.live.room)
    assert yesterday in found
    assert not found.keys() & strange


async def test_the_last_comments_of_an_hour_are_kept_with_it(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = room.node.store
    start_ms = (store.now_ms() // (HOUR * MINUTE_MS) + 1) * HOUR * MINUTE_MS
    now_ms = start_ms - 2 * MINUTE_MS
    monkeypatch.setattr(store, "now_ms", lambda: now_ms)

    async def count(of: str, start: int, end: int) -> int:
        return 4

    monkeypatch.setattr(store.record, "count", count)
    room.start(job(room))
    for seconds in (-65, -35, 5, 25):
        now_ms = start_ms + 1000 * seconds
        await until(partial(kept_at, room, now_ms))
    assert (await kept_curve(room)).comments[:2] == [4.0] * 2


async def kept_at(room: Sequenced, now_ms: float) -> bool:
    known = await forecast(room)
    return known is not None and known.at_ms == now_ms


async def test_a_forecast_that_waited_for_a_busy_machine_does_not_keep_others_waiting(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[float] = []

    def slow(*_: Any) -> Crowd:
        begun.append(time.monotonic())
        time.sleep(0.3)  # without CPU
        return Crowd([], [])

    monkeypatch.setattr(module, "outlook", slow)
    monkeypatch.setattr(module, "EVERY_S", 30.0)
    other = Sequenced(await room.node.by_hand())
    shared = job(room)
    room.start(shared)
    other.start(shared)
    await until(lambda: len(begun) == 2)
    await other.stop()
    assert begun[1] - begun[0] < 0.3 / module.SHARE / 2


async def test_viewers_are_counted_while_a_room_waits_and_old_forecasts_are_not_told(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows: list[Show] = []
    counted: list[int] = []
    may_go_on = threading.Event()
    viewers = room.node.store.rooms.viewers

    def wait(show: Show, *_: Any) -> Crowd:
        shows.append(show)
        may_go_on.wait(60)
        return Crowd([Expected(60, 1.0, 2.0, 3.0)], [])

    async def noted_viewers(of: str, now_ms: float) -> int:
        counted.append(await viewers(of, now_ms))
        return counted[-1]

    monkeypatch.setattr(module, "outlook", wait)
    monkeypatch.setattr(room.node.store.rooms, "viewers", noted_viewers)
    other = Sequenced(await room.node.by_hand())
    shared = job(room)

    def told() -> bytes:
        return generate_latest(room.metrics.registry)

    room.start(shared)
    try:
        await until(lambda: shows)
        other.start(shared)
        await until(lambda: b"grandstand_rooms_without_forecast 2.0" in told())
        await present(other, 5)
        await until(lambda: 5 in counted)
    finally:
        may_go_on.set()
    await until(lambda: len(shows) > 1)
    assert shows[1].viewers[-1] == 5
    await until(lambda: b"grandstand_rooms_without_forecast 0.0" in told())
    monkeypatch.setattr(module, "FRESH_MS", -1)
    assert b"grandstand_rooms_without_forecast 2.0" in told()
    assert b"grandstand_viewers_forecast{" not in told()
    await other.stop()


async def test_a_forecast_that_fails_leaves_the_room_alone(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(show: Show, *_: Any) -> Crowd:
        raise np.linalg.LinAlgError

    monkeypatch.setattr(module, "outlook", fail)
    working = job(room)
    room.start(working)
    failures = room.metrics.job_failures.labels(working.name)
    await until(lambda: failures._value.get())
    await room.append(*room.said("still there"))
    await until(lambda: room.listener.texts == ["still there"])


async def test_a_room_has_its_own_past_or_that_of_all(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = noted(monkeypatch)
    own, every = History.of([]), History.of([])
    room.start(CrowdForecasting(room.metrics, weights(), {room.live.room: own, "": every}))
    await until(lambda: seen)
    assert seen[0][1] is own


async def test_the_rundown_is_read_by_the_curves_clock(
    room: Sequenced, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, store = noted(monkeypatch), room.node.store
    item = Item("a", "note", "Final", room.live.now() + 90 * MINUTE_MS)
    change = RundownPut(uuid4().hex, 0, ["a"], stored([item]))
    offset = SettingsPut(uuid4().hex, {"programme_offset": -3_600_000}, merge=True)
    await room.append(change, offset)
    room.start(job(room))
    await until(lambda: room.live.now() > store.now_ms() + 59 * MINUTE_MS)

    def in_minutes() -> list[float]:
        begins = (item.start for show, _ in seen[-1:] for item in show.items)
        return [begin - store.now_ms() / MINUTE_MS for begin in begins]

    await until(lambda: [round(each) for each in in_minutes()] == [30])
