"""What one connection may send: so many messages a second, so few bad ones a minute. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from grandstand.domain.limits import Rate, SpacedBucket, Window
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Appeal, ClientMessage, Follow, SetLang

MESSAGES = Rate(interval_ms=50, burst=60)
"""Of one connection: 20 a second, 60 at once. A page sends less than one a second."""

FOLLOWS = Rate(interval_ms=1000, burst=5)
"""Of one connection: each brings up to 100 present cards, which are made for it alone, 4 ms. A page
sends one when its viewer chooses."""

LANGUAGES = Rate(interval_ms=2000, burst=5)
"""Of one connection: each brings a welcome of up to 64 KB."""

APPEALS = Rate(interval_ms=10_000, burst=3)
"""Of one connection: a person reads each."""

BAD_MESSAGES, BAD_MESSAGES_MS = 10, 60_000


@dataclass(slots=True)
class MessageLimits(SpacedBucket):
    """What a connection has sent lately; made with its first message, since many send none."""

    bad: Window | None = None
    follows: SpacedBucket | None = None
    languages: SpacedBucket | None = None
    appeals: SpacedBucket | None = None

    def over(self, now_ms: float, message: ClientMessage) -> RefusedError | None:
        """Count a message; return the refusal if it is one too many."""
        wait_ms, words = self.take(now_ms, MESSAGES), "too many messages on one connection"
        if not wait_ms and isinstance(message, Follow):
            self.follows = self.follows or SpacedBucket()
            wait_ms, words = self.follows.take(now_ms, FOLLOWS), "topics are changed too often"
        elif not wait_ms and isinstance(message, SetLang):
            self.languages = self.languages or SpacedBucket()
            wait_ms = self.languages.take(now_ms, LANGUAGES)
            words = "the language is changed too often"
        elif not wait_ms and isinstance(message, Appeal):
            self.appeals = self.appeals or SpacedBucket()
            wait_ms, words = self.appeals.take(now_ms, APPEALS), "too many appeals"
        return RefusedError(ErrorCode.RATE_LIMITED, words, wait_ms / 1000) if wait_ms else None

    def has_too_many_bad(self, now_ms: float) -> bool:
        """Count a bad message; return whether the connection must end."""
        if self.bad is None:
            self.bad = Window(BAD_MESSAGES_MS)
        return self.bad.add(now_ms) >= BAD_MESSAGES
