"""What share of a room's comments its sequencer can take, by what it measures of itself. Pure.

Theory of operation: a sequencer that keeps up rests between two ticks, and edges append every
comment. One that doesn't finds as many entries as it reads at a time, and the oldest of them has
waited for more than two ticks. From then on its commits name a share, and edges append only so much
of what viewers say, the best by weight. The sequencer alone names it, so it is the same at all
edges: none has to know what the others do.

    share = what it can take / what is said

What it can take is the comments of a round over the time of that round, where it read as many as it
may. A round that read fewer could have taken more, since a round costs something by itself; it only
raises the estimate. What is said is the comments that came over the time in which they came, where
each part of that time counts by the share that was in force. So neither a backlog nor the time
until a share reaches the edges makes it swing. A sequencer that is behind for another reason (a
store that was away, a takeover) finds that it can take more than is said, and its share is 1.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

USED, USED_BEHIND = 0.85, 0.6
"""The part of its time that a sequencer plans with, and that while it is behind. What is left lets
a costly tick end in time, and brings it back: two seconds' worth of backlog in five."""

BEHIND_TICKS = 2

LEARN_MS = 300.0
"""How fast changes of what is said are followed: in this time by 63 %."""

LEARNS, HOPES = 0.3, 0.05
"""By these parts of the difference the estimate of what it can take follows a full round, and,
while there is a share, a faster one that wasn't full. The less is appended, the faster is a round,
since both need the slot: a share that followed at once would let in too much, and swing."""

LEAST = 0.001

KEPT = 256
"""Shares that are remembered, one for each round: of five seconds and more. Entries don't wait that
long, since the store takes 50,000."""


class Intake:
    """The share of one room, as long as one sequencer has it; times in ms of the store's clock."""

    def __init__(self) -> None:
        self.share = 1.0
        self._can_take = self._said = 0.0
        self._shares = deque([(-math.inf, 1.0)], KEPT)
        self._seen_ms = self._began_ms = -math.inf
        self._unweighed = self._comments = 0
        self._is_full = False

    @property
    def is_new(self) -> bool:
        """Return whether the share isn't in force yet, so that it takes a commit."""
        return self._shares[-1][1] != self.share

    def read(
        self,
        began_ms: float,
        comments: int,
        oldest_ms: float,
        newest_ms: float,
        is_full: bool,
        tick_ms: int,
    ) -> None:
        """Note what a round has read that began at ``began_ms``: so many comments, in entries that
        came from ``oldest_ms`` to ``newest_ms`` (of no meaning if there are none); ``is_full`` if
        more may wait."""
        is_behind = is_full and began_ms - oldest_ms > BEHIND_TICKS * tick_ms
        self._hear(comments, newest_ms if is_full else began_ms, began_ms - self._began_ms)
        self._began_ms, self._comments, self._is_full = began_ms, comments, is_full
        if self._can_take and (is_behind or self.share < 1):
            can_take = self._can_take * (USED_BEHIND if is_behind else USED)
            self.share = max(LEAST, can_take / max(can_take, self._said))

    def committed(self, now_ms: float) -> None:
        """Note that the round is committed, and its share in force."""
        taken = self._comments / max(1.0, now_ms - self._began_ms)
        if self._is_full and self._can_take:
            self._can_take += LEARNS * (taken - self._can_take)
        elif taken > self._can_take:
            learns = HOPES if self.share < 1 else 1.0
            self._can_take += learns * (taken - self._can_take)
        if self.is_new:
            self._shares.append((now_ms, self.share))

    def _hear(self, comments: int, until_ms: float, elapsed_ms: float) -> None:
        """Learn what is said from comments that came since the last time, until ``until_ms``."""
        self._unweighed += comments
        if until_ms <= self._seen_ms:  # within the same ms
            return
        since_ms, self._seen_ms = self._seen_ms, until_ms
        said, self._unweighed = self._unweighed, 0
        if since_ms > -math.inf:
            learns = 1 - math.exp(-max(0.0, elapsed_ms) / LEARN_MS)
            self._said += learns * (said / self._let_in_ms(since_ms, until_ms) - self._said)

    def _let_in_ms(self, since_ms: float, until_ms: float) -> float:
        """Return the length of a time, each part of it multiplied by its share."""
        ends = [*self._shares, (math.inf, 1.0)]
        return sum(
            share * max(0.0, min(until_ms, end_ms) - max(since_ms, from_ms))
            for (from_ms, share), (end_ms, _) in pairwise(ends)
        )
