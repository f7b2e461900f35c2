"""Whether a worker hangs: it has said nothing for too long. Pure.

Theory of operation: a worker that serves says a word every ``WORD_S`` from its event loop, and the
parent looks as often. Silence is counted in looks, not read off a clock: a parent that was itself
stopped, or late, or asleep with its machine, has looked once meanwhile and finds no more silence
than that, and what its workers said before is read by the next look.
"""

from __future__ import annotations

from dataclasses import dataclass

WORD_S = 2.0
"""How often a worker says that it lives, and the parent looks whether it did, in s."""

HUNG_S = 8.0
"""Who has said nothing for so long hangs. Known 8 to 10 s after the last word: ten times the
longest stall of a loop that lives (0.7 s: 10,000 viewers sent away at once), and no more than the
10 s that a viewer may be without a frame by the wire contract; a client gives up after 30."""


@dataclass(slots=True)
class Watch:
    """One process. Nothing is expected of it before its first word, nor after ``rest``."""

    patience: int = round(HUNG_S / WORD_S)
    _looks: int | None = None
    _rests: bool = False

    def heard(self) -> None:
        """A word came."""
        if not self._rests:
            self._looks = 0

    def rest(self) -> None:
        """It is to end, and may be silent."""
        self._rests = True
        self._looks = None

    def hangs(self) -> bool:
        """The look of every ``WORD_S``; true once, after ``patience`` of them since the first that
        heard nothing new."""
        if self._looks is None:
            return False
        self._looks += 1
        if self._looks <= self.patience:
            return False
        self.rest()
        return True
