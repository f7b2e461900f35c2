"""Where a client is in a room: epoch and offset, and what is missing. Pure.

A gap is mended by the frames that were missing or by a welcome. What can't be read leaves the same
gap after every resume: the second time the client starts afresh. Times are seconds of any one
clock.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import UNSET

from grandstand.wire.messages import Frame, Resume, Welcome

GAP_S = 2.0
"""So long the server has to mend a gap with a welcome."""

NEVER = float("inf")


class Step(Enum):
    """What a frame is to the client."""

    NEXT = auto()
    REPLAYED = auto()
    """The next one, whose state the last welcome held already."""
    LATEST = auto()
    """Not numbered: latest values alone."""
    PASSED_OVER = auto()
    """Known already, or too far on."""


class Position:
    """One client's, over all its connections."""

    def __init__(self) -> None:
        self.resume: Resume | None = None
        """What a hello says of it."""
        self.gap_due_s = NEVER
        """When a gap has waited for its end in vain."""
        self._gap_end = -1
        self._doubted = -1
        self._welcome_offset = -1

    def welcomed(self, welcome: Welcome) -> None:
        """Take a welcome: the frames that were missed follow, or all begins there."""
        place = self.resume
        is_resumed = (
            welcome.recovered
            and place is not None
            and place.epoch == welcome.epoch
            and place.offset <= welcome.offset
        )
        if not is_resumed:
            self.resume = Resume(welcome.epoch, welcome.offset)
        self._welcome_offset = welcome.offset
        self.gap_due_s = NEVER

    def framed(self, now_s: float, frame: Frame) -> Step:
        """Take a frame."""
        place = self.resume
        if place is None:
            return Step.PASSED_OVER
        if frame.offset is UNSET:
            if frame.head is not UNSET and frame.head > place.offset:
                self._miss(now_s, frame.head)
            return Step.LATEST
        if frame.offset != place.offset + 1:
            if frame.offset > place.offset:
                self._miss(now_s, frame.offset)
            return Step.PASSED_OVER
        self.resume = Resume(place.epoch, frame.offset)
        if frame.offset >= self._gap_end:
            self.gap_due_s = NEVER
        return Step.REPLAYED if frame.offset <= self._welcome_offset else Step.NEXT

    def doubt(self) -> None:
        """Note that a gap was not mended; forget the position when that happens there again."""
        if self.resume is not None and self._doubted == self.resume.offset:
            self.resume = None
        self._doubted = -1 if self.resume is None else self.resume.offset

    def _miss(self, now_s: float, end: int) -> None:
        """Begin or lengthen a gap; ``end`` is an offset that is known to exist."""
        is_new = self.gap_due_s == NEVER
        self._gap_end = end if is_new else max(self._gap_end, end)
        self.gap_due_s = min(self.gap_due_s, now_s + GAP_S)
