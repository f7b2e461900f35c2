"""The job that forecasts a room's audience: to staff, operators and autoscalers.

Theory of operation: the curve is kept by the minutes of the store's clock, so a room's clock that
is reset, or an offset that changes, moves only the run-down. The store keeps the curve by the hour;
who takes the room over reads it. Comments are counted in the record, also those of a time without a
leader. A forecast is computed in a thread, one at a time in a process, and all of them together
take at most ``SHARE`` of its time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping

from msgspec import UNSET
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from grandstand.crowd.coming_items import coming_items
from grandstand.crowd.history import History
from grandstand.crowd.live_curve import HOUR, KEPT, LiveCurve
from grandstand.crowd.outlook import outlook
from grandstand.crowd.show import Item
from grandstand.crowd.weights import Weights
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.store.crowds import Forecast
from grandstand.telemetry import Metrics
from grandstand.wire.gauges import Crowd

EVERY_S = 10.0
SHARE = 0.05
"""Of a process's time: a forecast of an evening takes 20 ms, one of a week round the clock 700."""

SETTLED_MS = 20_000
"""After a minute until its comments are counted: pictures are behind live, and comments belong to
the moment that their viewers saw."""

MINUTE_MS = 60_000


class CrowdForecasting:
    """Forecasts the audiences of all rooms that this process leads."""

    name = "crowd"

    def __init__(self, metrics: Metrics, weights: Weights, past: Mapping[str, History]) -> None:
        """``past`` has the past shows of rooms by their ids; under '' those of all others."""
        self._weights = weights
        self._past = past
        self._known: dict[str, Crowd] = {}
        self._turn = asyncio.Lock()
        metrics.registry.register(_ViewersForecast(self._known))

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Count and forecast, again and again. Raises StoreUnavailable."""
        history = self._past.get(room.id) or self._past.get("") or History.of([])
        audience = _Audience(room)
        await audience.load()
        try:
            while True:
                await audience.count()
                await self._forecast(room, audience, history)
                await audience.keep()
                await asyncio.sleep(EVERY_S)
        finally:
            room.crowd = UNSET
            self._known.pop(room.id, None)

    async def _forecast(self, room: LeaderRoom, audience: _Audience, history: History) -> None:
        show = audience.curve.show(await audience.items())
        async with self._turn:
            begun_s = time.monotonic()
            crowd = await asyncio.to_thread(outlook, show, history, self._weights)
            took_s = time.monotonic() - begun_s
            room.crowd = self._known[room.id] = crowd
            await asyncio.sleep(min(took_s / SHARE, EVERY_S))


class _ViewersForecast(Collector):
    """The metric by which autoscalers see what is expected of the rooms led here."""

    def __init__(self, known: Mapping[str, Crowd]) -> None:
        self._known = known

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the metric; called at every scrape, in another thread."""
        family = GaugeMetricFamily(
            "grandstand_viewers_forecast",
            "Viewers expected in a room in so many seconds: the quantiles 0.1, 0.5 and 0.9",
            labels=["room", "ahead", "quantile"],
        )
        for room, crowd in [*self._known.items()]:
            for each in crowd.viewers:
                for quantile, value in (("0.1", each.p10), ("0.5", each.p50), ("0.9", each.p90)):
                    family.add_metric([room, str(each.within), quantile], value)
        yield family


class _Audience:
    """The audience of one room, for as long as this process leads it."""

    def __init__(self, room: LeaderRoom) -> None:
        self._room = room
        self._present = 0
        self._counted = 0
        self._kept = 0
        self._version = -1
        self.curve = LiveCurve()

    async def load(self) -> None:
        """Read what the process before has kept."""
        store = self._room.store
        hours = await store.crowds.hours(self._room.id)
        self.curve = LiveCurve.of(hours, int(store.now_ms() // MINUTE_MS))
        self._kept = self.curve.last // HOUR

    @property
    def _ahead_ms(self) -> int:
        """Return by how much programme time is ahead of the store's clock."""
        return self._room.now() - int(self._room.store.now_ms())

    async def count(self) -> None:
        """Count the viewers of this minute, and the comments of those that are over."""
        room, store = self._room, self._room.store
        now_ms = store.now_ms()
        minute = int(now_ms // MINUTE_MS)
        self._present = await store.rooms.viewers(room.id, now_ms)
        self.curve.count_viewers(minute, float(self._present))
        over = int((now_ms - SETTLED_MS) // MINUTE_MS) - 1
        if over == self._counted:
            return
        for each in (over - 1, over):
            start = each * MINUTE_MS + self._ahead_ms
            comments = await store.record.count(room.id, start, start + MINUTE_MS)
            self.curve.count_comments(each, float(comments))
        self._counted = over

    async def items(self) -> list[Item]:
        """Return the run-down; without asking the store where there has never been one."""
        room = self._room
        if not room.rundown.version:
            return []
        _, _, rundown = await room.store.rundowns.get(room.id)
        return coming_items(rundown, room.now(), self._ahead_ms)

    async def keep(self) -> None:
        """Keep the hours that aren't yet, and the forecast."""
        room, curve = self._room, self.curve
        if room.crowd is UNSET:
            return
        last = curve.last // HOUR
        hours = {each: curve.hour(each) for each in range(max(self._kept, last - 1), last + 1)}
        forecast = Forecast(int(room.store.now_ms()), self._present, room.crowd)
        oldest = last - KEPT // HOUR - 1
        await room.store.crowds.keep(room.id, hours, oldest, forecast)
        self._kept = last
