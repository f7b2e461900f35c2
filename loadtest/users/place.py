"""Where one viewer is in the show: epoch, offset, programme time, polls; and when it is lost. Pure.

Times in s of any one clock, programme time in ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

GAP_S = 2.0
"""So long after a gap a welcome may come; then the viewer comes back with its place."""


class Step(Enum):
    """What a frame was to a viewer."""

    NEXT = auto()
    KNOWN = auto()
    GAP = auto()


@dataclass(slots=True)
class Place:
    """Of one viewer, over all its connections."""

    welcomes: int = 0
    _epoch: str | None = None
    _offset: int = 0
    _gap_s: float | None = None
    _ahead_ms: float = 0.0
    _polls: set[str] = field(default_factory=set)

    def resume(self) -> dict[str, Any]:
        """What a hello says of it."""
        if self._epoch is None:
            return {}
        return {"resume": {"epoch": self._epoch, "offset": self._offset}}

    def welcomed(self, welcome: dict[str, Any], now_s: float) -> bool:
        """A welcome: the frames that were missed follow, or all begins; whether it begins anew."""
        anew = self._epoch is not None and not welcome["recovered"]
        self.welcomes += 1
        self._gap_s = None
        self._tick(welcome, now_s)
        if not welcome["recovered"]:
            self._epoch, self._offset = welcome["epoch"], welcome["offset"]
        self._polls.update(poll["id"] for poll in welcome["polls"])
        return anew

    def framed(self, frame: dict[str, Any], now_s: float) -> Step:
        """A frame; after a gap those that follow it are no further gaps."""
        self._tick(frame, now_s)
        offset = frame.get("offset")
        missing = (
            frame.get("head", 0) > self._offset if offset is None else offset > self._offset + 1
        )
        if missing:
            first, self._gap_s = self._gap_s is None, self._gap_s or now_s
            return Step.GAP if first else Step.KNOWN
        if offset is None or offset <= self._offset:
            return Step.KNOWN
        self._offset = offset
        return Step.NEXT

    def is_lost(self, now_s: float) -> bool:
        """Whether a gap has waited for its welcome in vain."""
        return self._gap_s is not None and now_s - self._gap_s >= GAP_S

    def patience_s(self, now_s: float, silence_s: float) -> float:
        """How long to wait for the next message."""
        if self._gap_s is None:
            return silence_s
        return max(0.01, self._gap_s + GAP_S - now_s)

    def programme_ms(self, now_s: float) -> int:
        """The programme clock, by what the server said last."""
        return int(now_s * 1000 + self._ahead_ms)

    def is_new_and_open(self, poll: dict[str, Any]) -> bool:
        """Whether this poll is to be voted in, and wasn't heard of before."""
        if poll["status"] != "open" or poll["id"] in self._polls:
            return False
        self._polls.add(poll["id"])
        return True

    def _tick(self, message: dict[str, Any], now_s: float) -> None:
        self._ahead_ms = message["now"] - now_s * 1000
