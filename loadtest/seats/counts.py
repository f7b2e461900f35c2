"""What seats have counted: plain numbers, of a stand or of all that a process has had."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Totals:
    """What may be summed up over stands."""

    frames: int = 0
    receives: int = 0
    bytes_received: int = 0
    gaps: int = 0
    """Numbered frames that are missing at a seat."""
    restarts: int = 0
    """Seats that came back with a place and were given the room anew."""
    comebacks: int = 0
    """Seats that came back and were given what they had missed."""
    seated: int = 0
    """Seats that are in now."""
    sampled: int = 0
    """Receives whose frames were looked into for what others had sent."""

    def add(self, other: Totals | None) -> None:
        """Those of one more stand, if there is one."""
        for name in Totals.__slots__ if other is not None else ():
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Counts(Totals):
    """A stand's, since it began. Times in ms; whoever reports them empties the lists."""

    closes: Counter[int] = field(default_factory=Counter)
    """By close code, of connections that we didn't end; 1006 without a close frame."""
    refusals: Counter[int] = field(default_factory=Counter)
    """By HTTP status."""
    faults: Counter[str] = field(default_factory=Counter)
    """Connections that failed otherwise, by what was wrong."""
    connect_ms: list[float] = field(default_factory=list)
    """From the start of the connection to the server's 101."""
    welcome_ms: list[float] = field(default_factory=list)
    """From there until the seat is in."""
