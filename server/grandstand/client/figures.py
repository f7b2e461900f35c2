"""What the crowd itself measures: what it sent, what became of it, how soon it was seen."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """Counts since the last ``line``; ``screen_ms`` runs from a comment's sending to its arrival in
    a frame at its own author, of those that were shown by themselves (not merged, not left out);
    ``ack_ms`` from a message's last sending to its ack. ``put_off`` are refusals of what was sent
    again.
    """

    sent: int = 0
    acked: int = 0
    held: int = 0
    votes: int = 0
    shown: int = 0
    overflow: int = 0
    gaps: int = 0
    returns: int = 0
    screen_ms: list[float] = field(default_factory=list)
    ack_ms: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    put_off: Counter[str] = field(default_factory=Counter)

    def line(self, viewers: int, over_s: float) -> dict[str, object]:
        """The figures as a log entry's fields, and a fresh start.

        ``shown_s`` counts comments that stand on the screen a second, ``overflow_s`` those that the
        budget left out.
        """
        told: dict[str, object] = {
            "viewers": viewers,
            "comments_s": round(self.sent / over_s, 1),
            "shown_s": round(self.shown / over_s, 1),
            "overflow_s": round(self.overflow / over_s, 1),
            "p50_ms": percentile(self.screen_ms, 0.50),
            "p99_ms": percentile(self.screen_ms, 0.99),
            "votes": self.votes,
            "held": self.held,
            "refused": dict(self.refused + self.put_off),
            "gaps": self.gaps,
            "returns": self.returns,
        }
        for each in ("sent", "acked", "held", "votes", "shown", "overflow", "gaps", "returns"):
            setattr(self, each, 0)
        self.screen_ms.clear()
        self.ack_ms.clear()
        self.refused.clear()
        self.put_off.clear()
        return told


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest of the values that at least ``share`` of them don't exceed; None without any."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 1)
