"""The programme clock, read from a client's own: the counterpart of the SDK's clock. Pure.

A ``time`` round trip bounds the difference between the two clocks from both sides: the server
stamped its answer after we sent and before we received. The shortest trip bounds it best. A
message's ``now`` bounds it from below only. What contradicts the estimate replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

KEPT = 8
"""Round trips remembered: clocks drift, and an old short trip must not win for ever."""


@dataclass(slots=True)
class ProgrammeClock:
    """One room's, at one client; local times in seconds, programme time in ms."""

    _trips: list[tuple[float, float]] = field(default_factory=list)
    """The least and the most that the programme clock is ahead of ours, each in ms."""
    _ahead_ms: float | None = None

    def answered(self, sent_s: float, now_s: float, now: int) -> None:
        """Take a ``time`` that came back."""
        trip = now - now_s * 1000, now - sent_s * 1000
        if any(low > trip[1] or high < trip[0] for low, high in self._trips):
            self._trips.clear()
        self._trips = [*self._trips, trip][-KEPT:]
        low, high = min(self._trips, key=lambda each: each[1] - each[0])
        self._ahead_ms = (low + high) / 2

    def heard(self, now_s: float, now: int) -> None:
        """Take the ``now`` of a message."""
        low = now - now_s * 1000
        if self._ahead_ms is not None and low <= self._ahead_ms:
            return
        if any(high < low for _, high in self._trips):
            self._trips.clear()
        self._ahead_ms = low

    def read(self, now_s: float) -> int:
        """Return the programme time, in ms; 0 before anything told it."""
        return 0 if self._ahead_ms is None else int(now_s * 1000 + self._ahead_ms)
