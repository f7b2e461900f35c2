"""Detects whether a worker hangs: its heartbeats have stopped. Pure.

Theory of operation: a worker that serves sends a heartbeat every ``WORD_S`` from its event loop,
and the parent checks as often. Silence is counted in checks, not read from a clock. So a parent
that was itself stopped, or late, or asleep with its machine, has checked once meanwhile and counts
one silence. What its workers sent before is read by the next check.
"""

from __future__ import annotations

from dataclasses import dataclass

WORD_S = 2.0
"""How often a worker sends a heartbeat, and the parent checks for it, in s."""

HUNG_S = 8.0
"""A worker that was silent for this long hangs. That is detected 8 to 10 s after the last
heartbeat: ten times the longest stall of a working loop (0.7 s: 10,000 viewers sent away at once),
and no more than the 10 s that a viewer may be without a frame by the wire contract. A client gives
up after 30."""

START_S = 120.0
"""A worker that has sent no heartbeat for so long since its start hangs, too. A start takes 3 s."""


@dataclass(slots=True)
class Watch:
    """The heartbeats of one process, from its start until ``rest``."""

    patience: int = round(HUNG_S / WORD_S)
    silent_s: float = START_S
    """How long it may be silent now, in s."""

    _patience: int = round(START_S / WORD_S)
    _looks: int = 0
    _rests: bool = False

    def heard(self) -> None:
        """Note that a heartbeat came."""
        self._looks = 0
        self._patience, self.silent_s = self.patience, self.patience * WORD_S

    def rest(self) -> None:
        """Expect no more heartbeats: the process must end."""
        self._rests = True

    def hangs(self) -> bool:
        """Do the check of every ``WORD_S``; return True once, after as many checks without a
        heartbeat as it may miss."""
        if self._rests:
            return False
        self._looks += 1
        if self._looks <= self._patience:
            return False
        self.rest()
        return True
