"""Sums over all stands of a process, and what came in a stretch of time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from loadtest.seats.counts import Counts


@dataclass(slots=True)
class Totals:
    """Of stands, those that have ended among them; see ``Counts``."""

    frames: int = 0
    receives: int = 0
    bytes_received: int = 0
    gaps: int = 0
    restarts: int = 0
    comebacks: int = 0
    seated: int = 0
    sampled: int = 0

    def add(self, counts: Counts | Totals | None) -> None:
        """One more."""
        for name in self.__slots__ if counts is not None else ():
            setattr(self, name, getattr(self, name) + getattr(counts, name))


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, from its beginning on: what there was then."""

    began_s: float
    used_s: float
    frames: int
    receives: int
    bytes_received: int

    @classmethod
    def begun(cls, totals: Totals) -> Window:
        """It begins now."""
        return cls(
            time.perf_counter(),
            time.process_time(),
            totals.frames,
            totals.receives,
            totals.bytes_received,
        )

    def figures(self, totals: Totals) -> dict[str, Any]:
        """What came since it began, and this process' CPU for it."""
        took_s = time.perf_counter() - self.began_s
        cpu_s = time.process_time() - self.used_s
        receives = totals.receives - self.receives
        return {
            "seconds": round(took_s, 2),
            "frames": totals.frames - self.frames,
            "frames_per_s": round((totals.frames - self.frames) / took_s),
            "receives": receives,
            "bytes": totals.bytes_received - self.bytes_received,
            "cpu_s": round(cpu_s, 2),
            "cpu_us_per_receive": round(cpu_s / receives * 1e6, 2) if receives else None,
        }
