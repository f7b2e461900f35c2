"""One viewer without a socket: what it asks for, and when. Pure; times in s of any one clock.

It begins with the index and the snapshot that this names, and asks for one segment after the other
until one isn't there yet: so it comes to live however old the index was that a cache gave it. From
there on it asks for each segment at a moment of its own within two seconds, which begin when the
segment is cut. Every five seconds it asks for the index, for the latest values. One in a hundred
says once a minute that it is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from grandstand.domain.lurkers import SAMPLE, SPAN_S

from loadtest.lurkers.answers import Answer
from loadtest.lurkers.show import Begun, Cut, Index, Show

LATEST_S = 5.0

CUT_S = 1.25
"""After its end a segment is cut: with the next commit, and in a silent room a second later. Who
asks sooner gets a 404, and with it all whom the same cache answers in the next second."""

AGAIN_S = 1.0
"""After an answer that names no time. A cache may keep a 404 for so long."""

What = Literal["index", "snapshot", "segment", "present"]


@dataclass(slots=True)
class Lurker:
    """``place`` (0 to 1) is its own, in all that is spread over a time."""

    place: float
    samples: bool = False
    wants: What = "snapshot"
    path: str = ""
    """Of the snapshot or segment that it wants."""
    is_live: bool = False
    file_s: float = math.inf
    index_s: float = 0.0
    present_s: float = math.inf

    @classmethod
    def numbered(cls, number: int, place: float, now_s: float) -> Lurker:
        """Return the lurker of this number, which begins at ``now_s``."""
        samples = number % SAMPLE == 0
        present_s = now_s + place * SPAN_S if samples else math.inf
        return cls(place, samples, index_s=now_s, present_s=present_s)

    @property
    def next(self) -> tuple[float, What]:
        """Return when it asks next, and for what."""
        return min((self.index_s, "index"), (self.file_s, self.wants), (self.present_s, "present"))

    def answered(self, what: What, answer: Answer, show: Show, now_s: float) -> float | None:
        """Take an answer. If it is the newest segment, return how far its end lies behind live, ms.

        Raises ValueError for one that can't be read.
        """
        if what == "present":
            self.present_s = now_s + SPAN_S  # also after a 429, as the SDK does
        elif answer.status != 200:
            self._refused(what, answer, now_s)
        elif what == "index":
            index = show.read(answer, Index)
            show.duration_ms = index.duration
            show.learn(index.now, now_s)
            self.index_s = now_s + LATEST_S
            if not self.path:
                self.wants, self.path, self.file_s = "snapshot", index.snapshot, now_s
        elif what == "snapshot":
            self.wants, self.path = "segment", show.read(answer, Begun).segment
        else:
            segment = show.read(answer, Cut)
            show.learn(segment.until, now_s)
            self.path, self.file_s = segment.next, now_s
            if self.is_live:
                whole_s = show.local_s(segment.until + show.duration_ms)
                self.file_s = whole_s + CUT_S + self.place * show.duration_ms / 1000
                return show.programme_ms(now_s) - segment.until
        return None

    def _refused(self, what: What, answer: Answer, now_s: float) -> None:
        """Ask again when the answer says so, and not all at once."""
        again_s = now_s + (answer.retry_after_s or AGAIN_S) + self.place * AGAIN_S
        if what == "index":
            self.index_s = again_s
        elif answer.status == 404 and answer.retry_after_s is None:  # of an epoch that is over
            self.path, self.file_s, self.index_s = "", math.inf, again_s
            self.is_live = False
        else:
            self.file_s = again_s
            self.is_live = self.is_live or (what == "segment" and answer.status == 404)
