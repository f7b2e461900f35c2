"""How many processes there are, by thresholds or by forecasts."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from loadtest.crowd_simulation.audience import STEP_S, Audience
from loadtest.crowd_simulation.entrance import Line, Outcome, Refused

SEATS = 5000
DECIDE_S = 15
KEEP_S = 1800
READY_S = (120, 300)
"""From asking for a process to its first viewer: a pod on a machine that is there, and one for
which a machine has to be started."""

AHEAD = {120: 5, 300: 15}
"""The shortest distance in minutes that is longer than that by a minute or more."""

THRESHOLDS = (0.6, 0.7, 0.8, 0.9)
TARGETS = (0.8, 0.9, 1.0)
"""Of a process's seats: what is to be there, and what is to be expected."""


@dataclass(frozen=True)
class Policy:
    """What decides how many processes there are, what becomes of those who find no seat, and how
    long a process takes to be ready. ``by`` is ``thresholds`` or ``forecast``, ``of`` its target as
    a share of the seats."""

    by: str
    of: float
    has_line: bool
    ready_s: int

    def asked(self, who: Audience, step: int, wanting: float) -> int:
        """Return how many processes there should be."""
        viewers = wanting
        if self.by == "forecast":
            minute = min(step * STEP_S // 60, len(who.p90[AHEAD[self.ready_s]]) - 1)
            viewers = max(wanting, float(who.p90[AHEAD[self.ready_s]][minute]))
        return max(1, math.ceil(viewers / (self.of * SEATS)))


class Pool:
    """The processes: those that are ready, and those that will be."""

    def __init__(self, count: int, ready_s: int) -> None:
        self.ready = count
        self._ready_s = ready_s
        self._coming: deque[tuple[int, int]] = deque()
        self._asked: deque[tuple[int, int]] = deque()

    def step(self, now_s: int) -> None:
        """Let those that were asked for in time be ready."""
        while self._coming and self._coming[0][0] <= now_s:
            self.ready += self._coming.popleft()[1]

    def ask(self, now_s: int, count: int) -> None:
        """Ask for more at once, give one back after half an hour of less."""
        self._asked.append((now_s, count))
        while self._asked[0][0] < now_s - KEEP_S:
            self._asked.popleft()
        there = self.ready + sum(more for _, more in self._coming)
        if count > there:
            self._coming.append((now_s + self._ready_s, count - there))
        elif not self._coming and max(each for _, each in self._asked) < self.ready:
            self.ready -= 1
            self._asked.clear()
            self._asked.append((now_s, self.ready))


def run(who: Audience, policy: Policy) -> Outcome:
    """Return what a policy makes of an audience."""
    found, present = Outcome(), who.first
    pool = Pool(policy.asked(who, 0, present), policy.ready_s)
    outside = Line(found) if policy.has_line else Refused(found)
    steps = zip(who.arrivals.tolist(), who.leaving.tolist(), strict=True)
    for step, (arrivals, share) in enumerate(steps):
        now_s = step * STEP_S
        pool.step(now_s)
        present *= 1 - share
        free = max(0.0, pool.ready * SEATS - present)
        present += outside.let_in(now_s, arrivals, free)
        wanting = present + outside.count
        if outside.count >= 1:
            found.short_s += STEP_S
        if now_s % DECIDE_S == 0:
            pool.ask(now_s, policy.asked(who, step, wanting))
        found.hours += pool.ready * STEP_S / 3600
    return found


def policies() -> Iterator[Policy]:
    """Yield all that are compared."""
    for ready_s in READY_S:
        for has_line in (False, True):
            for by, shares in (("thresholds", THRESHOLDS), ("forecast", TARGETS)):
                for of in shares:
                    yield Policy(by, of, has_line, ready_s)
