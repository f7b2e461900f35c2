"""How many entries a sequencer takes at a time. Pure.

Theory of operation: an entry that kills a sequencer, or makes it raise, stays in the ingest stream
and meets the next sequencer. So the next one takes fewer entries at a time. After one loss it takes
pieces of ``SMALL`` entries, until it has passed all that the lost one may have read. After a second
loss it takes the first ``SMALL`` of them singly: the piece that the second one was lost over begins
there, since what is committed has left the stream. So a fatal entry is found at the price of few
sequencers, not of one for each halving. A cautious sequencer doesn't compare texts, which costs
the most of all that it does.
"""

from __future__ import annotations

from dataclasses import dataclass

ALL = 2000
"""Entries of one tick at most: their commit holds the store for about 10 ms."""

SMALL = 50


@dataclass(slots=True)
class Caution:
    """How many entries must still be taken singly, and how many in small pieces."""

    single: int = 0
    small: int = 0

    @classmethod
    def after(cls, lost: int) -> Caution:
        """Return the caution of a sequencer that follows ``lost`` holders."""
        return cls(single=SMALL if lost > 1 else 0, small=ALL if lost else 0)

    @property
    def size(self) -> int:
        """Return how many entries to read now."""
        if self.single:
            return 1
        return SMALL if self.small else ALL

    @property
    def is_cautious(self) -> bool:
        """Return whether there is a reason for caution."""
        return self.size < ALL

    def committed(self, count: int, more: bool) -> None:
        """Note that ``count`` entries are committed, and whether ``more`` may be waiting."""
        if not more:
            self.single = self.small = 0
        else:
            self.single = max(0, self.single - count)
            self.small = max(0, self.small - count)

    def failed(self) -> None:
        """Make the next pieces smaller: a piece of ``size`` could not be folded."""
        if self.small:
            self.single = SMALL
        self.small = ALL
