"""When a room's batches leave: shortly before the tick that is to show them. Pure.

Theory of operation: a batch that reaches the store after the tick has read is shown a whole tick
later. A batch that leaves early misses messages that come before the tick. How long the way to the
store takes depends on the machine and on the hour, so it is learnt: quickly when it gets longer,
slowly when it gets shorter.
"""

from __future__ import annotations

from math import inf

from grandstand.domain.clock import next_tick

FEW = 4
"""After a batch of fewer messages nobody has to wait for the tick: acks are quick where they cost
little. A batch costs 1 ms of CPU and more, whatever it holds."""

FEW_WAIT_MS = (20, 100)
"""Then a batch waits for a quarter of the tick, within these bounds."""

WAIT_MS = 250
"""No batch waits for longer, however long the tick is, since its senders wait for their acks."""

FIRST_WAY_MS = 16
"""The assumed way before there was a batch."""

MARGIN_MS = 8
"""How much earlier than the way requires a batch leaves, but at most a quarter of a tick. A thread
that must wake, a slice of writing or a scrape can delay it. Each ms more delays every comment by a
ms; a batch that is too late delays its comments by a whole tick."""

LONGEST_WAY_MS = 50
"""A longer way isn't learnt: a store that was away for seconds says nothing about the next
batch."""

LEARNS, FORGETS = 1 / 2, 1 / 64
"""By this share of the difference the learnt way follows a longer one and a shorter one, batch by
batch. So it follows at once where ways have become long, but not for a single one, and takes 13 s
of ticks of 200 ms to become short."""


class BatchTiming:
    """The timing of one room's batches, one after the other; times in ms by the store's clock."""

    __slots__ = ("_due_ms", "_had", "_left_ms", "_room", "_way_ms")

    def __init__(self, room: str) -> None:
        self._room = room
        self._had = 0
        self._way_ms = float(FIRST_WAY_MS)
        self._due_ms = self._left_ms = inf

    def wait_ms(self, tick_ms: int, now_ms: float) -> float:
        """Return how long a batch that begins now collects messages."""
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
        """Return how long before a tick a batch leaves."""
        return min(self._way_ms + MARGIN_MS, tick_ms / 4)

    def left(self, messages: int, now_ms: float) -> None:
        """Note that a batch leaves: when it was due, later because the loop had other work, or
        earlier because it was full."""
        self._had = messages
        self._left_ms, self._due_ms = min(now_ms, self._due_ms), inf

    def arrived(self, now_ms: float) -> None:
        """Note that the store has the comments of the batch that left last. Its clock may have been
        set."""
        longer_ms = min(max(now_ms - self._left_ms, 0), LONGEST_WAY_MS) - self._way_ms
        self._way_ms += longer_ms * (LEARNS if longer_ms > 0 else FORGETS)
