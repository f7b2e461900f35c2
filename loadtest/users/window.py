"""What came in a stretch of time, and what it cost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from loadtest.seats.counts import Totals


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
