"""The playheads of one room's viewers on this node, counted. Pure.

It must not know sessions or the store. Theory of operation: each viewer who told its playhead is
in one bin of a histogram, and holds that bin. So what it says next moves it at the cost of two
additions, and nobody ever walks over viewers. Bins belong to a generation of half a minute. A
client tells every 30 s; viewers who haven't for four generations are dropped with theirs, together.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Literal, TypeAlias

from grandstand.domain.audience_report import AudienceReport
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.latency_histogram import bin_of
from grandstand.edge.playhead import Bin, Playhead, PutOffVotes
from grandstand.wire.messages import AskTime

GENERATION_S, GENERATIONS = 30.0, 4

Value: TypeAlias = Literal["behind", "sync"]
Bins: TypeAlias = dict[int, Bin]


class Playheads:
    """The playheads that this node was told. ``put_off`` are votes that it asked to send again."""

    def __init__(self) -> None:
        self.put_off = PutOffVotes()
        self._generations: deque[dict[Value, Bins]] = deque(maxlen=GENERATIONS)
        self._turned_s = -inf

    def claim(self, known: Playhead | None, at: int, now: int) -> Playhead | None:
        """Keep a claim of one connection, unless no picture can be there; return its claims so far.

        ``at`` and ``now`` are programme time, ms.
        """
        if at > now + AHEAD_MS:
            return known
        known = known or Playhead()
        known.claim(at)
        return known

    def tell(
        self, known: Playhead | None, message: AskTime, now: int, now_s: float
    ) -> Playhead | None:
        """Keep what a ``time`` tells, as ``claim`` does, and count it.

        ``now`` is programme time, ms; ``now_s`` is monotonic.
        """
        if isinstance(message.at, int):
            known = self.claim(known, message.at, now)
            if known is not None and message.at <= now + AHEAD_MS:
                known.behind = self._move(known.behind, "behind", now - message.at, now_s)
        if known is not None and isinstance(message.sync, int):
            known.sync = self._move(known.sync, "sync", message.sync, now_s)
        return known

    def forget(self, known: Playhead | None) -> None:
        """Count a viewer no more: it is gone."""
        if known is not None:
            for held in (known.behind, known.sync):
                if held is not None:
                    held.count -= 1
            known.behind = known.sync = None

    def restart(self) -> None:
        """Forget the counts: the room's clock may have been set."""
        self._generations.clear()
        self._turned_s = -inf

    def report(self, now_s: float) -> AudienceReport:
        """Return the counts."""
        self._turn(now_s)
        return AudienceReport(self._sum("behind"), self._sum("sync"))

    def _move(self, held: Bin | None, value: Value, value_ms: int, now_s: float) -> Bin:
        self._turn(now_s)
        if held is not None:
            held.count -= 1
        bins = self._generations[-1][value]
        number = bin_of(value_ms)
        entered = bins.get(number) or bins.setdefault(number, Bin())
        entered.count += 1
        return entered

    def _turn(self, now_s: float) -> None:
        """Begin a new generation when it is time, or several if nothing happened for long."""
        while now_s >= self._turned_s + GENERATION_S:
            first = max(self._turned_s + GENERATION_S, now_s - GENERATIONS * GENERATION_S)
            self._turned_s = first
            self._generations.append({"behind": {}, "sync": {}})

    def _sum(self, value: Value) -> dict[int, int]:
        total: dict[int, int] = {}
        for generation in self._generations:
            for number, held in generation[value].items():
                if held.count:
                    total[number] = total.get(number, 0) + held.count
        return total
