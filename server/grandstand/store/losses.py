"""Counts of what the store lost, for the metrics: rooms, states of rooms, votes.

A store that evicts keys, was flushed, or was replaced by an empty one has broken its promise.
Grandstand can't bring back what was there. It must not acknowledge messages that no sequencer would
read, and it tells operators what was lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal

Kind = Literal["room", "state", "votes"]


class Losses:
    """Counts losses by their kind, since this process began."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter(room=0, state=0, votes=0)

    def count(self, kind: Kind) -> None:
        """Count one more."""
        self._counts[kind] += 1

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many of each kind."""
        return self._counts
