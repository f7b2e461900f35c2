"""What moderation refused lately, so that its author can appeal once. Pure.

A refused comment is stored nowhere. Its text stays here for as long as the store remembers the
answer to its message; who appeals puts it before a moderator. What was held and then turned away
comes to each edge by the commit; what was refused at once is known at the edge that refused it.
Whoever keeps comments here must call ``forget_old`` in time: an erased viewer's words may outlast
the erasure by ten minutes at most.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from grandstand.domain.utterance import Utterance

KEPT_MS = 300_000
KEPT = 1000
"""Of a room, the newest."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A comment that was refused, and when (ms, of any clock that doesn't run backwards)."""

    utterance: Utterance
    at_ms: float


class Refusals:
    """Those of one room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Refusal] = OrderedDict()

    def keep(self, message_id: str, utterance: Utterance, now_ms: float) -> None:
        """Keep a refused comment."""
        self._kept[utterance.user, message_id] = Refusal(utterance, now_ms)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def __len__(self) -> int:
        return len(self._kept)

    def forget_old(self, now_ms: float) -> None:
        """Forget what was kept for long enough; strangers' words stay no longer than they must."""
        while self._kept:
            oldest = next(iter(self._kept))
            if now_ms - self._kept[oldest].at_ms < KEPT_MS:
                break
            del self._kept[oldest]

    def find(self, user: str, message_id: str, now_ms: float) -> Utterance | None:
        """Return the comment that a viewer sent with this id and that was refused lately."""
        self.forget_old(now_ms)
        found = self._kept.get((user, message_id))
        return None if found is None else found.utterance
