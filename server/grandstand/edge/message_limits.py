"""What one connection may send: so many messages a second, so few bad ones a minute. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from grandstand.domain.limits import Rate, SpacedBucket, Window
from grandstand.wire.codes import ErrorCode, RefusedError

MESSAGES = Rate(interval_ms=50, burst=60)
"""Of one connection: 20 a second, 60 at once. A page sends less than one a second."""

BAD_MESSAGES, BAD_MESSAGES_MS = 10, 60_000


@dataclass(slots=True)
class MessageLimits(SpacedBucket):
    """What a connection has sent lately; made with its first message, since many send none."""

    bad: Window | None = None

    def over(self, now_ms: float) -> RefusedError | None:
        """Count a message; return the refusal if it is one too many."""
        if not (wait_ms := self.take(now_ms, MESSAGES)):
            return None
        words = "too many messages on one connection"
        return RefusedError(ErrorCode.RATE_LIMITED, words, wait_ms / 1000)

    def has_too_many_bad(self, now_ms: float) -> bool:
        """Count a bad message; return whether the connection must end."""
        if self.bad is None:
            self.bad = Window(BAD_MESSAGES_MS)
        return self.bad.add(now_ms) >= BAD_MESSAGES
