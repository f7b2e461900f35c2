"""Authors who were shown lately, so that others get their turn. Pure; bounded."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

TURN_MS = 60_000
"""How long having been shown counts against an author, less and less."""

REMEMBERED = 10_000
"""At most this many authors: at 30 shown a second a minute has 1,800."""


@dataclass(slots=True)
class Authors:
    """When each author was shown last, the longest ago first."""

    _shown_ms: OrderedDict[str, int] = field(default_factory=OrderedDict)

    def had(self, user: str, now_ms: int) -> float:
        """Return how recently an author was shown: 1 just now, 0 a minute ago or never."""
        shown_ms = self._shown_ms.get(user)
        if shown_ms is None:
            return 0.0
        return min(1.0, max(0.0, 1.0 - (now_ms - shown_ms) / TURN_MS))

    def note(self, user: str, now_ms: int) -> None:
        """Note that an author is shown now."""
        self._shown_ms[user] = now_ms
        self._shown_ms.move_to_end(user)
        while len(self._shown_ms) > REMEMBERED:
            self._shown_ms.popitem(last=False)

    def forget(self, now_ms: int) -> None:
        """Forget authors who were shown too long ago."""
        while self._shown_ms:
            user, shown_ms = next(iter(self._shown_ms.items()))
            if now_ms - shown_ms < TURN_MS:
                break
            del self._shown_ms[user]
