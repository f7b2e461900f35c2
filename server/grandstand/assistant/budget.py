"""How many characters may be sent in a minute and in a show: to engines by room and language, to
the assistant's model by room. Pure.

A minute's characters are a bucket that refills steadily. A show's are a sum, which the store keeps
over takeovers (``store.translations``, ``store.suggestions``). Both forget it at the end of the
show.
"""

from __future__ import annotations

from dataclasses import dataclass

from grandstand.store.keys import SHOW_S


@dataclass(frozen=True, slots=True)
class Limits:
    """Characters; 0 sets no limit. ``price`` is of a million characters."""

    minute: int = 0
    show: int = 0
    price: float = 0.0

    def cost(self, characters: int) -> float:
        """Return what characters cost, in the currency of the price."""
        return characters * self.price / 1_000_000


class Budget:
    """What one room may spend, on translations by language; ``now_s`` is of a clock that never runs
    backwards."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = float(limits.minute)
        self._at_s: float | None = None
        self._spent_at_s = 0.0
        self.spent = 0
        self._uncounted = 0

    def spent_elsewhere(self, characters: int, now_s: float) -> None:
        """Take over the store's sum of the show, which others may have raised."""
        if now_s - self._spent_at_s >= SHOW_S:  # the store has forgotten it, too
            self.spent = 0
        self.spent = max(self.spent, characters)

    def take(self, characters: int, now_s: float) -> bool:
        """Return whether so many characters may be sent now; if so they are spent."""
        limits = self._limits
        if limits.show and self.spent + characters > limits.show:
            return False
        if limits.minute:
            passed_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
            self._left = min(limits.minute, self._left + passed_s * limits.minute / 60)
            self._at_s = now_s
            if characters > self._left:
                return False
            self._left -= characters
        self._spent_at_s = now_s
        self.spent += characters
        self._uncounted += characters
        return True

    def take_uncounted(self) -> int:
        """Return the characters that were spent since this was asked last: also those of requests
        that nobody waited for."""
        uncounted, self._uncounted = self._uncounted, 0
        return uncounted
