"""Which comments an edge refuses while more is said than the room's sequencer can take. Pure.

Theory of operation: the sequencer names a share (``sequencer.intake``). Of each batch the best by
weight stay, so many that all batches together keep the share: what a batch may keep beyond whole
comments is owed to the next one. So a small batch is as likely to keep a comment as a large one.
"""

from __future__ import annotations

from collections.abc import Sequence


class Thinning:
    """The thinning of one room's batches, one after the other."""

    __slots__ = ("_owed",)

    def __init__(self) -> None:
        self._owed = 0.0

    def refused(self, weights: Sequence[float], share: float) -> list[int]:
        """Return the places of the comments to refuse; of equal weights the first stay.

        ``share`` is above 0 and at most 1.
        """
        self._owed += share * len(weights)
        kept = int(self._owed)
        self._owed -= kept
        return sorted(range(len(weights)), key=lambda place: -weights[place])[kept:]
