"""Acts on what is expected, within limits that the operator set, and tells what it did.

Every process does so for itself, by what all rooms' leaders and all processes wrote into the store.
If that can't be read, it goes on as it is.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterable, Mapping

import structlog

from grandstand.crowd.outlook import total
from grandstand.edge.house import Bounds, Houses, Why, admission_rate, advice, needed_per_s
from grandstand.edge.waiting_room import WaitingRoom
from grandstand.store.crowds import Forecast
from grandstand.store.errors import StoreUnavailable, UnknownRoomError
from grandstand.store.houses import House, Said
from grandstand.wire.gauges import Expected

ROUND_S = 5.0
LOOK_S = 0.1
"""Between two looks at how late the event loop is."""

READ_MS = 30_000
"""Forecasts are read again: one read for each room in which something happens, by each process. A
minute is the shortest time that they look ahead."""

REMEMBERED = 20
"""Things done that are told."""

WORTH_TELLING = 1.1
"""A rate is told again once it has changed by so much."""

PREWARM_FROM = 50
"""Viewers that come into a room within five minutes, in the worst of ten cases."""

AWAITED_MS = 3_600_000
"""How long a room that was loaded for viewers counts, if none comes here: rooms stay loaded, so
their number is bounded, and what was expected may never come."""

WHY: Mapping[Why, str] = {
    "late": "the event loop was {late:.0f} ms late",
    "waiting": "{waiting} wait here",
    "expected": "up to {needed:.1f} a second are likely to come in",
    "usual": "as usual",
}

log = structlog.get_logger(__name__)


class CrowdControl:
    """What one process does about the crowd. Without ``bounds`` its rate stays as it is; at most
    ``prewarmed`` rooms are loaded before their viewers come."""

    def __init__(
        self, waiting_room: WaitingRoom, bounds: Bounds | None = None, prewarmed: int = 0
    ) -> None:
        self._room = waiting_room
        self._node = waiting_room.node
        self._store = waiting_room.node.rooms.store
        self._bounds = bounds
        self._prewarmed = prewarmed
        self._loaded: dict[str, int] = {}
        self._forecasts: Mapping[str, Forecast] = {}
        self._read_ms = -math.inf
        self._told_per_s = self._node.handshake_limit.per_s
        self._advice: dict[str, Said] = {}
        self._done: deque[Said] = deque(maxlen=REMEMBERED)

    async def run(self) -> None:
        """Act again and again until cancelled."""
        while True:
            late_ms = await _lateness_ms()
            try:
                await self.step(late_ms)
            except StoreUnavailable as away:
                log.info("crowd_control_paused", reason=away.reason)
            except Exception:
                log.exception("crowd_control_failed")

    async def step(self, late_ms: float) -> None:
        """Look at what is expected, and act. Raises StoreUnavailable."""
        store, now_ms = self._store, self._store.now_ms()
        if abs(now_ms - self._read_ms) >= READ_MS:
            awake = sorted(await store.awake_rooms.due(now_ms))
            self._forecasts = await store.crowds.latest(awake, now_ms)
            self._read_ms = now_ms
        forecasts = self._forecasts
        known = await store.houses.all(now_ms) | {store.node: self._house(now_ms)}
        houses = together(known.values(), forecasts.values())
        if self._bounds is not None:
            self._set_rate(self._bounds, late_ms, houses, int(now_ms))
        self._advice = {
            code: Said(self._since(code, int(now_ms)), code, text)
            for code, text in advice(houses).items()
        }
        await self._prewarm(forecasts, int(now_ms))
        await store.houses.report(store.node, self._house(now_ms))

    def _since(self, code: str, now_ms: int) -> int:
        known = self._advice.get(code)
        return now_ms if known is None else known.at

    def _house(self, now_ms: float) -> House:
        waiting = len(self._room)
        return House(
            int(now_ms),
            self._room.seats,
            self._room.taken,
            waiting,
            self._node.handshake_limit.per_s,
            [*self._advice.values()],
            [*self._done],
        )

    def _set_rate(self, bounds: Bounds, late_ms: float, houses: Houses, now_ms: int) -> None:
        limit, needed = self._node.handshake_limit, needed_per_s(houses)
        waiting = len(self._room) if self._room.free >= 1 else 0  # no rate helps without a seat
        per_s, why = admission_rate(bounds, limit.per_s, late_ms, waiting, needed)
        limit.pace(per_s)
        before = self._told_per_s
        is_at_an_end = per_s != before and per_s in (bounds.low, bounds.usual, bounds.high)
        if max(per_s, before) < WORTH_TELLING * min(per_s, before) and not is_at_an_end:
            return
        reason = WHY[why].format(late=late_ms, waiting=waiting, needed=needed)
        code = "rate_raised" if per_s > before else "rate_lowered"
        self._did(now_ms, code, f"from {before} to {per_s} handshakes a second: {reason}")
        self._told_per_s = per_s

    async def _prewarm(self, forecasts: Mapping[str, Forecast], now_ms: int) -> None:
        """Load the rooms that fill, so that their first viewers here don't wait for it."""
        come = {*self._node.visited()}
        self._loaded = {
            room: at
            for room, at in self._loaded.items()
            if room not in come and abs(now_ms - at) < AWAITED_MS
        }
        rising = {
            room: max((one.p90 - each.present for one in each.crowd.viewers[:2]), default=0.0)
            for room, each in forecasts.items()
            if self._node.rooms.peek(room) is None
        }
        for room in sorted(rising, key=lambda each: -rising[each]):
            if rising[room] < PREWARM_FROM or len(self._loaded) >= self._prewarmed:
                return
            try:
                await self._node.rooms.get(room)
            except UnknownRoomError:  # it was deleted meanwhile
                continue
            except StoreUnavailable as away:  # of a cluster a part: it is tried again
                log.info("room_not_loaded", room=room, reason=away.reason)
                return
            self._loaded[room] = now_ms
            self._did(now_ms, "room_loaded", f"{room}: {rising[room]:.0f} more are likely there")

    def _did(self, now_ms: int, code: str, text: str) -> None:
        log.info("crowd_control", done=code, what=text)
        self._done.append(Said(now_ms, code, text))


def together(known: Iterable[House], forecasts: Iterable[Forecast]) -> Houses:
    """Return all processes and rooms as one. Who is here beyond the forecasts is likely to stay."""
    houses, rooms = [*known], [*forecasts]
    seats = [each.seats for each in houses]
    present = sum(each.present for each in rooms)
    others = max(0, sum(each.here for each in houses) - present)
    return Houses(
        len(houses),
        sum(seats) if all(seats) else 0,
        present + others,
        sum(each.waiting for each in houses),
        [
            Expected(one.within, one.p10 + others, one.p50 + others, one.p90 + others)
            for one in total(each.crowd for each in rooms).viewers
        ],
    )


async def _lateness_ms() -> float:
    """Wait for a round; return by how much the event loop was late in it, the longest."""
    loop, longest_s = asyncio.get_running_loop(), 0.0
    for _ in range(round(ROUND_S / LOOK_S)):
        due_s = loop.time() + LOOK_S
        await asyncio.sleep(LOOK_S)
        longest_s = max(longest_s, loop.time() - due_s)
    return longest_s * 1000
