"""Rate limits by the generic cell rate algorithm, with one number per key.

The same arithmetic is in ``store/scripts/append.lua`` for the limit over all nodes; here it is for
the limits of one process: a connection's messages, an address's guests.
Source: ITU-T I.371, annex A.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

ROUNDING_MS = 0.001
"""Sums of clock readings have a smaller error: a caller who is exactly in time needn't wait."""

LONGEST_MS = 10_000.0
"""The longest wait in a ``SpacedBucket``."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` at once, then one every ``interval_ms``."""

    interval_ms: float
    burst: int


@dataclass(slots=True)
class Bucket:
    """One key's state: the theoretical arrival time of the next in a steady row."""

    arrival_ms: float = 0.0

    def take(self, now_ms: float, rate: Rate) -> float:
        """Take one; return 0, or, if there is none, how many ms to wait (and take nothing)."""
        arrival_ms = max(self.arrival_ms, now_ms) + rate.interval_ms
        wait_ms = arrival_ms - now_ms - rate.interval_ms * rate.burst
        if wait_ms > ROUNDING_MS:
            return self._retry_ms(now_ms, wait_ms, rate)
        self.arrival_ms = arrival_ms
        return 0.0

    def _retry_ms(self, now_ms: float, wait_ms: float, rate: Rate) -> float:
        """Return in how many ms a refused caller is told to try again: at least ``wait_ms``."""
        return wait_ms


def turn_ms(
    promised_ms: float, now_ms: float, wait_ms: float, interval_ms: float, longest_ms: float
) -> float:
    """Return when a refused caller must try again, after ``promised_ms``, the last one's turn.

    With the same answer all would come again together. Past ``longest_ms`` from now turns are given
    out from the beginning again.
    """
    turn = max(promised_ms + interval_ms, now_ms + wait_ms)
    return turn if turn <= now_ms + longest_ms else now_ms + min(wait_ms, longest_ms)


@dataclass(slots=True)
class SpacedBucket(Bucket):
    """A bucket that gives each refused caller a turn, at most ``LONGEST_MS`` ahead."""

    promised_ms: float = 0.0

    def _retry_ms(self, now_ms: float, wait_ms: float, rate: Rate) -> float:
        interval_ms = rate.interval_ms
        self.promised_ms = turn_ms(self.promised_ms, now_ms, wait_ms, interval_ms, LONGEST_MS)
        return self.promised_ms - now_ms


@dataclass(slots=True)
class Buckets:
    """Buckets of many keys, bounded: those unused for longest are forgotten first."""

    rate: Rate
    capacity: int = 100_000
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def take(self, key: str, now_ms: float) -> float:
        """As ``Bucket.take``, for ``key``."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket()
            if len(self._buckets) > self.capacity:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now_ms, self.rate)


@dataclass(slots=True)
class Window:
    """Counts in the last ``span_ms``: for "ten in a minute"."""

    span_ms: float
    _times_ms: list[float] = field(default_factory=list)

    def add(self, now_ms: float) -> int:
        """Add one at ``now_ms``; return how many are in the span."""
        self._times_ms = [t for t in self._times_ms if now_ms - t < self.span_ms]
        self._times_ms.append(now_ms)
        return len(self._times_ms)
