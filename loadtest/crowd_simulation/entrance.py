"""What becomes of those who find no seat, and what is counted of a run."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from loadtest.crowd_simulation.audience import STEP_S

RETRY_S, TRIES = 10, 3
PATIENCE_S = 120
LATE_S = 10


@dataclass
class Outcome:
    """What a run had."""

    short_s: float = 0.0
    refused: float = 0.0
    gave_up: float = 0.0
    waited: float = 0.0
    hours: float = 0.0


class Refused:
    """Those who were refused and will try again."""

    def __init__(self, found: Outcome) -> None:
        self._found = found
        self._waiting: deque[tuple[int, float, int]] = deque()
        self.count = 0.0

    def let_in(self, now_s: int, arrivals: float, free: float) -> float:
        """Return how many come in, of those who arrive and those who try again."""
        asking = [(arrivals, 0)]
        while self._waiting and self._waiting[0][0] <= now_s:
            _, count, tries = self._waiting.popleft()
            asking.append((count, tries))
        in_all = sum(count for count, _ in asking)
        share = min(1.0, free / in_all) if in_all else 0.0
        for count, tries in asking:
            refused = count * (1 - share)
            if refused <= 0:
                continue
            self._found.refused += refused
            if tries + 1 >= TRIES:
                self._found.gave_up += refused
            else:
                self._waiting.append((now_s + RETRY_S, refused, tries + 1))
            self._found.waited += count * share if tries > 1 else 0.0
        self.count = sum(count for _, count, _ in self._waiting)
        return in_all * share


class Line:
    """Those who wait, the first first."""

    def __init__(self, found: Outcome) -> None:
        self._found = found
        self._waiting: deque[tuple[int, float]] = deque()
        self.count = 0.0

    def let_in(self, now_s: int, arrivals: float, free: float) -> float:
        """Return how many come in."""
        stay = math.exp(-STEP_S / PATIENCE_S)
        self._found.gave_up += self.count * (1 - stay)
        self._waiting = deque((since, count * stay) for since, count in self._waiting)
        self._waiting.append((now_s, arrivals))
        let_in = 0.0
        while self._waiting and free > let_in:
            since, count = self._waiting.popleft()
            enter = min(count, free - let_in)
            let_in += enter
            if now_s - since > LATE_S:
                self._found.waited += enter
            if enter < count:
                self._waiting.appendleft((since, count - enter))
        self.count = sum(count for _, count in self._waiting)
        return let_in
