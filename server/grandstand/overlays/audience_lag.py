"""How far behind live those are who comment: half of them at most so far. Pure; bounded.

A comment that was made at a moment of the picture arrives when its author has seen that moment. Who
counts comments by the picture, and doesn't wait for the half of them, sees little of any moment.
"""

from __future__ import annotations

from msgspec import Struct

from grandstand.domain.latency_histogram import bin_of, quantile_ms

HALVED_AT = 1000
"""Comments; then the past counts half."""


class AudienceLag(Struct):
    """Learns the lag of one room's audience."""

    bins: dict[int, int] = {}
    count: int = 0

    def add(self, lag_ms: float) -> None:
        """Count a comment that came so long after its moment."""
        number = bin_of(lag_ms)
        self.bins[number] = self.bins.get(number, 0) + 1
        self.count += 1
        if self.count >= HALVED_AT:
            self.bins = {each: left for each, n in self.bins.items() if (left := n // 2)}
            self.count = sum(self.bins.values())

    @property
    def ms(self) -> int:
        """Return the median; 0 before anybody spoke."""
        return quantile_ms(self.bins, 0.5)
