"""How much the viewers of rooms grow: how many times those of some minutes ago are there. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

STEP_S = 10.0
SPAN_S = 180.0
LEAST_S = 30.0
"""A count is remembered each ``STEP_S`` and compared with that of ``SPAN_S`` ago, or with the first
one, if that is at least ``LEAST_S`` old."""


class Rises:
    """The remembered counts of all rooms."""

    def __init__(self) -> None:
        self._counts: dict[str, deque[tuple[float, int]]] = {}

    def of(self, room: str, viewers: int, now_s: float) -> float:
        """Note a room's viewers; return how many times those of some minutes ago they are."""
        counts = self._counts.setdefault(room, deque())
        while len(counts) > 1 and now_s - counts[1][0] >= SPAN_S:
            counts.popleft()
        if not counts or now_s - counts[-1][0] >= STEP_S:
            counts.append((now_s, viewers))
        since_s, before = counts[0]
        return viewers / max(1, before) if now_s - since_s >= LEAST_S else 1.0

    def keep(self, rooms: Collection[str]) -> None:
        """Forget all other rooms."""
        self._counts = {room: counts for room, counts in self._counts.items() if room in rooms}
