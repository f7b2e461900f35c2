"""What is kept of a room's audience."""

from __future__ import annotations

import pytest
from grandstand.crowd.live_curve import HOUR, LiveCurve
from grandstand.store.crowds import Forecast
from grandstand.wire.gauges import Crowd

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_producer_gets_each_minute_that_was_counted(on_stage: Harness) -> None:
    room, store = await on_stage.room(), on_stage.store
    path = f"/v1/rooms/{room}/crowd"
    minute = int(store.now_ms() // 60_000)
    none = (await on_stage.call("GET", path)).json()
    assert (none["viewers"], none["comments"]) == ([], [])
    assert none["from"] in (minute * 60_000, (minute + 1) * 60_000)
    curve = LiveCurve()
    for at, viewers in ((minute - 70, 3.0), (minute - 69, 4.0), (minute - 67, 5.0)):
        curve.count_viewers(at, viewers)
    curve.count_comments(minute - 69, 7.0)
    hours = range((minute - 70) // HOUR, (minute - 67) // HOUR + 1)
    forecast = Forecast(0, 0, Crowd([], []))
    await store.crowds.keep(room, {each: curve.hour(each) for each in hours}, [], forecast)
    kept = (await on_stage.call("GET", path)).json()
    assert kept["from"] == (minute - 70) * 60_000
    assert kept["viewers"] == [3, 4, None, 5]
    assert kept["comments"] == [None, 7, None, None]
    assert abs(kept["ahead"]) < 1000
    assert (await on_stage.call("GET", path, role="viewer")).status_code == 403
