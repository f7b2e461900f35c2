"""How many characters may be sent to engines: a minute, and a show, by room and language. Pure.

A minute's characters are a bucket that refills steadily. A show's are a sum, which the store keeps
over takeovers (``store/translations.py``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Characters by room and language; 0 sets no limit. ``price`` is of a million characters."""

    minute: int = 0
    show: int = 0
    price: float = 0.0

    def cost(self, characters: int) -> float:
        """Return what characters cost, in the currency of the price."""
        return characters * self.price / 1_000_000


class Budget:
    """What one room may spend on one language."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = float(limits.minute)
        self._at_s: float | None = None
        self.spent = 0
        self._uncounted = 0

    def spent_elsewhere(self, characters: int) -> None:
        """Take over a sum that others may have raised."""
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
        self.spent += characters
        self._uncounted += characters
        return True

    def take_uncounted(self) -> int:
        """Return the characters that were spent since this was asked last: also those of requests
        that nobody waited for."""
        uncounted, self._uncounted = self._uncounted, 0
        return uncounted
