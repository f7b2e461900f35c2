"""The job that forecasts a room's audience: to staff, operators and autoscalers.

Theory of operation: the curve is kept by the minutes of the store's clock, so a room's clock that
is reset, or an offset that changes, moves only the run-down. The store keeps the curve by the hour;
who takes the room over reads it. Comments are counted in the record, also those of a time without a
leader. A forecast is computed in a thread, one at a time in a process, and all of them together
take at most ``SHARE`` of a core. Viewers are counted also while a room waits for its turn.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterator, Mapping, Sequence

from msgspec import UNSET
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from grandstand.crowd.coming_items import coming_items
from grandstand.crowd.history import History
from grandstand.crowd.live_curve import HOUR, KEPT, LiveCurve
from grandstand.crowd.outlook import outlook
from grandstand.crowd.show import Item, Show
from grandstand.crowd.weights import Weights
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.store.crowds import FRESH_MS, Forecast
from grandstand.telemetry import Metrics
from grandstand.wire.gauges import Crowd

EVERY_S = 10.0
SHARE = 0.05
"""Of a core: a forecast of an evening takes 20 ms of CPU, one of a week round the clock 700."""

SETTLED_MS = 20_000
"""After a minute until its comments are counted: pictures are behind live, and comments belong to
the moment that their viewers saw."""

CAUGHT_UP = 60
"""Minutes whose comments are counted at once, after a time without a leader or a long wait."""

MINUTE_MS = 60_000


class CrowdForecasting:
    """Forecasts the audiences of all rooms that this process leads."""

    name = "crowd"

    def __init__(self, metrics: Metrics, weights: Weights, past: Mapping[str, History]) -> None:
        """``past`` has the past shows of rooms by their ids; under '' those of all others."""
        self._weights = weights
        self._past = past
        self._known: dict[str, tuple[float, Crowd]] = {}
        self._turn = asyncio.Lock()
        metrics.registry.register(_ViewersForecast(self._known))

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Count and forecast, again and again. Raises StoreUnavailable, UnknownRoomError."""
        history = self._past.get(room.id) or self._past.get("") or History.of([])
        audience = _Audience(room)
        self._known[room.id] = (-math.inf, Crowd([], []))
        try:
            await audience.load()
            while True:
                await audience.look()
                room.crowd = await self._forecast(room.id, audience, history)
                await audience.keep(room.crowd)
                await asyncio.sleep(EVERY_S)
        finally:
            room.crowd = UNSET
            self._known.pop(room.id, None)

    async def _forecast(self, room: str, audience: _Audience, history: History) -> Crowd:
        await self._take_turn(audience)
        pause_s = 0.0
        try:
            asked = (audience.show(), history, self._weights)
            crowd, cpu_s = await asyncio.to_thread(_measured, *asked)
            pause_s = min(cpu_s / SHARE, EVERY_S)
            self._known[room] = time.monotonic(), crowd
            return crowd
        finally:
            asyncio.get_running_loop().call_later(pause_s, self._turn.release)

    async def _take_turn(self, audience: _Audience) -> None:
        """Wait for the turn, and look at the audience meanwhile."""
        turn = asyncio.create_task(self._turn.acquire())
        try:
            while not (await asyncio.wait([turn], timeout=EVERY_S))[0]:
                await audience.look()
        except BaseException:
            if not turn.cancel():
                self._turn.release()
            raise


def _measured(show: Show, history: History, weights: Weights) -> tuple[Crowd, float]:
    """Return a forecast, and the seconds of CPU that it took: a busy process takes longer, and must
    not forecast less for it."""
    begun_s = time.thread_time()
    crowd = outlook(show, history, weights)
    return crowd, time.thread_time() - begun_s


class _ViewersForecast(Collector):
    """The metrics by which autoscalers see what is expected of the rooms led here, and of how many
    of them nothing is."""

    def __init__(self, known: Mapping[str, tuple[float, Crowd]]) -> None:
        self._known = known

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the metrics; called at every scrape, in another thread."""
        family = GaugeMetricFamily(
            "grandstand_viewers_forecast",
            "Viewers expected in a room in so many seconds: the quantiles 0.1, 0.5 and 0.9",
            labels=["room", "ahead", "quantile"],
        )
        lacking, oldest_s = 0, time.monotonic() - FRESH_MS / 1000
        for room, (made_s, crowd) in [*self._known.items()]:
            if made_s < oldest_s:
                lacking += 1
                continue
            for each in crowd.viewers:
                for quantile, value in (("0.1", each.p10), ("0.5", each.p50), ("0.9", each.p90)):
                    family.add_metric([room, str(each.within), quantile], value)
        yield family
        yield GaugeMetricFamily(
            "grandstand_rooms_without_forecast",
            "Rooms led here whose audience has no forecast of the last two minutes",
            value=lacking,
        )


class _Audience:
    """The audience of one room, for as long as this process leads it."""

    def __init__(self, room: LeaderRoom) -> None:
        self._room = room
        self._present = 0
        self._counted = 0
        self._changed = 0
        self._hours: set[int] = set()
        self._items: Sequence[Item] = ()
        self._curve = LiveCurve()

    async def load(self) -> None:
        """Read what the process before has kept."""
        store = self._room.store
        hours = await store.crowds.hours(self._room.id)
        self._hours = set(hours)
        self._curve = LiveCurve.of(hours, int(store.now_ms() // MINUTE_MS))
        self._counted = self._curve.last_commented
        self._changed = self._curve.last

    async def look(self) -> None:
        """Count the viewers of this minute, and the comments of those that are over; read the
        run-down, unless there has never been one."""
        room, store, curve = self._room, self._room.store, self._curve
        now_ms = store.now_ms()
        minute = int(now_ms // MINUTE_MS)
        self._present = await store.rooms.viewers(room.id, now_ms)
        curve.count_viewers(minute, float(self._present))
        self._changed = min(self._changed, minute)
        over = int((now_ms - SETTLED_MS) // MINUTE_MS) - 1
        if over != self._counted:
            first = max(min(self._counted, over - 1), over - CAUGHT_UP, curve.begin)
            for each in range(first, over + 1):
                start = each * MINUTE_MS + self._ahead_ms
                comments = await store.record.count(room.id, start, start + MINUTE_MS)
                curve.count_comments(each, float(comments))
            self._changed = min(self._changed, first)
            self._counted = over
        if room.rundown.version:
            _, _, rundown = await store.rundowns.get(room.id)
            self._items = coming_items(rundown, room.now(), self._ahead_ms)

    def show(self) -> Show:
        """Return what forecasts are made of."""
        return self._curve.show(self._items)

    async def keep(self, crowd: Crowd) -> None:
        """Keep the hours that changed, and the forecast. Raises StoreUnavailable,
        UnknownRoomError."""
        room, curve = self._room, self._curve
        last = curve.last // HOUR
        first = max(self._changed, curve.begin) // HOUR
        hours = {each: curve.hour(each) for each in range(first, last + 1)}
        old = {each for each in self._hours if not last - KEPT // HOUR <= each <= last}
        forecast = Forecast(int(room.store.now_ms()), self._present, crowd)
        await room.store.crowds.keep(room.id, hours, sorted(old), forecast)
        self._hours = (self._hours - old) | hours.keys()
        self._changed = curve.last

    @property
    def _ahead_ms(self) -> int:
        """Return by how much programme time is ahead of the store's clock."""
        return self._room.now() - int(self._room.store.now_ms())
