"""What lurkers have counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """A pool's, since it began. Times in ms; whoever reports them empties the lists."""

    lurker_s: float = 0.0
    """Seconds of all lurkers together, from the first answer of each on."""
    watching: int = 0
    """Lurkers that have had an answer."""
    requests: Counter[str] = field(default_factory=Counter)
    """By what was asked for."""
    bytes_sent: int = 0
    bytes_received: int = 0
    """HTTP with its heads, without what TCP and TLS add."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Of answers other than 200 and 204, such as ``segment 404``."""
    faults: Counter[str] = field(default_factory=Counter)
    """Connections and answers that failed, by what was wrong."""
    answer_ms: dict[str, list[float]] = field(default_factory=dict)
    """By what was asked for."""
    lag_ms: list[float] = field(default_factory=list)
    """How far the end of the newest segment was behind live when it came."""

    def add(self, other: Counts, sign: int = 1) -> None:
        """Add another's numbers, or take them away; the lists and who watches stay."""
        self.lurker_s += sign * other.lurker_s
        self.bytes_sent += sign * other.bytes_sent
        self.bytes_received += sign * other.bytes_received
        for name in ("requests", "statuses", "faults"):
            for key, times in getattr(other, name).items():
                getattr(self, name)[key] += sign * times

    def figures(self) -> dict[str, Any]:
        """Return what a viewer costs in an hour."""
        hours = self.lurker_s / 3600
        asked = sum(self.requests.values())
        size = self.bytes_received + self.bytes_sent
        return {
            "viewer_hours": round(hours, 3),
            "requests": dict(self.requests),
            "statuses": dict(self.statuses),
            "faults": dict(self.faults),
            "requests_per_viewer_hour": round(asked / hours) if hours else None,
            "bytes_per_viewer_hour": round(size / hours) if hours else None,
        }
