"""Programme time: which moment of the broadcast a thing belongs to. Milliseconds, integers.

The room's programme clock is the store's clock minus the room's ``programme_offset``. A node asks
the store for its clock. Of several answers it uses the one with the shortest round trip.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from grandstand.wire.codes import ErrorCode, RefusedError

AHEAD_MS = 2000
"""How far ahead of the programme clock an ``at`` may be (contract)."""

SAMPLE_LIFE_MS = 60_000
"""How long a sample is used before a slower but newer one replaces it: clocks drift by up to 50
ppm, 3 ms in that time."""


JUMP_MS = 2000
"""By how much more than the round trip explains the store's clock may differ from this process's
monotonic clock. More is a jump: somebody set the store's clock, or this machine slept."""

HELD_MS = 30_000
"""How long a jump is ignored. A jump that is taken back by then has had no effect."""


@dataclass(slots=True)
class StoreClock:
    """The store's wall clock, computed from this process's monotonic one.

    A jump is ignored at first: the clock goes on as it was, and ``jumped_ms`` says by how much the
    store's differs from it. Only a jump that lasts is accepted.
    """

    jumped_ms: float = 0.0

    _ahead_ms: float = 0.0
    _round_trip_ms: float = float("inf")
    _sampled_ms: float = float("-inf")
    _jumped_at_ms: float = 0.0

    def sample(self, asked_ms: float, answered_ms: float, store_ms: float) -> None:
        """Take one answer of the store, with the monotonic times before and after it."""
        round_trip_ms = answered_ms - asked_ms
        ahead_ms = store_ms - (asked_ms + answered_ms) / 2
        bound_ms = JUMP_MS + round_trip_ms / 2
        distance_ms = ahead_ms - self._ahead_ms
        if self._sampled_ms > float("-inf") and abs(distance_ms) > bound_ms:
            if not self.jumped_ms or abs(distance_ms - self.jumped_ms) > bound_ms:
                self._jumped_at_ms = answered_ms
            self.jumped_ms = distance_ms
            if answered_ms - self._jumped_at_ms < HELD_MS:
                return
            self._sampled_ms = float("-inf")
        self.jumped_ms = 0.0
        stale = answered_ms - self._sampled_ms > SAMPLE_LIFE_MS
        if round_trip_ms <= self._round_trip_ms or stale:
            self._ahead_ms = ahead_ms
            self._round_trip_ms = round_trip_ms
            self._sampled_ms = answered_ms

    def now(self, monotonic_ms: float) -> float:
        """Return the store's time at this process's ``monotonic_ms``."""
        return monotonic_ms + self._ahead_ms


@dataclass(slots=True)
class ProgrammeClock:
    """One room's clock in one epoch; never runs backwards, whatever the store's clock does."""

    _latest: int = field(default=0)

    def now(self, store_ms: float, programme_offset_ms: int) -> int:
        """Return programme time at the store's ``store_ms``."""
        self._latest = max(self._latest, int(store_ms) - programme_offset_ms)
        return self._latest

    def ahead_ms(self, store_ms: float, programme_offset_ms: int) -> float:
        """Return how far it is ahead of the store's clock; for that long it will stand still."""
        return max(0.0, self._latest - (store_ms - programme_offset_ms))

    def seen(self, now: int) -> None:
        """Note a time that some node has already reached."""
        self._latest = max(self._latest, now)


def next_tick(room: str, after_ms: float, tick_ms: int) -> int:
    """Return the room's first tick later than ``after_ms``, by the store's clock.

    Ticks are moments that every node can compute. Each room's are shifted by its name, so that a
    store's rooms don't tick all at once.
    """
    shift_ms = zlib.crc32(room.encode()) % tick_ms
    return int((after_ms - shift_ms) // tick_ms + 1) * tick_ms + shift_ms


def check_at(at: int, now: int, max_latency_ms: int) -> None:
    """Raise RefusedError(bad_time) for an ``at`` that no viewer of this room can be at."""
    if at > now + AHEAD_MS:
        raise RefusedError(
            ErrorCode.BAD_TIME, f"`at` is {at - now} ms ahead of the room's clock: ask it by `time`"
        )
    if at < now - max_latency_ms:
        raise RefusedError(
            ErrorCode.BAD_TIME,
            f"`at` is {now - at} ms behind the room's clock; the room takes {max_latency_ms}",
        )
