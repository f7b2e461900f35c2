"""When a room's batches set out: shortly before the tick that is to show them. Pure.

Theory of operation: a batch that reaches the store after the tick has read is shown a whole tick
later, one that sets out early leaves behind what comes until the tick. How long the way is depends
on the machine and on the hour, so it is learnt: quickly that it is long, slowly that it is short.
"""

from __future__ import annotations

from math import inf

from grandstand.domain.clock import next_tick

FEW = 4
"""After a batch of fewer messages nobody is made to wait for the tick: acks are quick where they
cost little. A batch costs 1 ms of CPU and more, whatever it holds."""

FEW_WAIT_MS = (20, 100)
"""Then a batch waits for a quarter of the tick, within these bounds."""

WAIT_MS = 250
"""No batch waits for longer, however long the tick: an ack is waited for."""

FIRST_WAY_MS = 16
"""What the way is taken for before there was a batch."""

MARGIN_MS = 8
"""How much sooner than the way asks for a batch sets out, at a quarter of a tick at most: a thread
that is woken, a slice of writing or a scrape comes between. A ms more is a ms more for every
comment, a batch too late a whole tick for its own."""

LONGEST_WAY_MS = 50
"""A store that was away for seconds says nothing of the next batch."""

LEARNS, FORGETS = 1 / 2, 1 / 64
"""By so much of their distance the known way follows a longer one and a shorter one, batch by
batch: at once where ways have become long, not for a single one, and for 13 s of ticks of 200 ms.
"""


class BatchTiming:
    """Those of one room, one after the other; times in ms by the store's clock."""

    __slots__ = ("_due_ms", "_had", "_left_ms", "_room", "_way_ms")

    def __init__(self, room: str) -> None:
        self._room = room
        self._had = 0
        self._way_ms = float(FIRST_WAY_MS)
        self._due_ms = self._left_ms = inf

    def wait_ms(self, tick_ms: int, now_ms: float) -> float:
        """How long a batch gathers that begins now."""
        if self._had < FEW:
            shortest_ms, longest_ms = FEW_WAIT_MS
            wait_ms = min(max(tick_ms / 4, shortest_ms), longest_ms)
        else:
            ahead_ms = self.ahead_ms(tick_ms)
            until_ms = next_tick(self._room, now_ms + ahead_ms, tick_ms) - ahead_ms - now_ms
            wait_ms = min(until_ms, WAIT_MS)
        self._due_ms = now_ms + wait_ms
        return wait_ms

    def ahead_ms(self, tick_ms: int) -> float:
        """How long before a tick a batch sets out."""
        return min(self._way_ms + MARGIN_MS, tick_ms / 4)

    def left(self, messages: int, now_ms: float) -> None:
        """A batch of so many sets out: when it was due, later because the loop had other work, or
        sooner because it was full.
        """
        self._had = messages
        self._left_ms, self._due_ms = min(now_ms, self._due_ms), inf

    def arrived(self, now_ms: float) -> None:
        """The store has the comments of the batch that left last. Its clock may have been set."""
        longer_ms = min(max(now_ms - self._left_ms, 0), LONGEST_WAY_MS) - self._way_ms
        self._way_ms += longer_ms * (LEARNS if longer_ms > 0 else FORGETS)
