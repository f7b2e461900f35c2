"""A circuit breaker: an engine that fails is left alone for a while. Pure.

After ``FAILURES`` failures in a row nothing is asked for a second, then one request tries it. As
long as that fails, the pause doubles. A service that says when to come back is asked then.
"""

from __future__ import annotations

FAILURES = 3
PAUSE_S = 1.0
PAUSE_MAX_S = 60.0


class Breaker:
    """The breaker of one engine; times in s, of any clock that doesn't run backwards."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause_s = PAUSE_S
        self._until_s = 0.0
        self._trying = False

    def admits(self, now_s: float) -> bool:
        """Return whether the engine may be asked; a request that is admitted must be settled."""
        if now_s < self._until_s or self._trying:
            return False
        self._trying = self._failures >= FAILURES
        return True

    @property
    def is_open(self) -> bool:
        """Return whether the engine has failed and hasn't answered since."""
        return self._failures >= FAILURES or self._until_s > 0

    def succeeded(self) -> None:
        """Settle a request that was answered."""
        self._failures, self._pause_s, self._until_s, self._trying = 0, PAUSE_S, 0.0, False

    def failed(self, now_s: float, retry_after_s: float = 0.0) -> None:
        """Settle a request that was not answered."""
        self._failures += 1
        if self._failures >= FAILURES and (self._trying or self._failures == FAILURES):
            self._until_s = max(self._until_s, now_s + self._pause_s)
            self._pause_s = min(2 * self._pause_s, PAUSE_MAX_S)
        self._until_s = max(self._until_s, now_s + retry_after_s if retry_after_s else 0.0)
        self._trying = False

    def abandoned(self) -> None:
        """Settle a request of which nobody waits for the answer any more, for no fault of its
        own."""
        self._trying = False
