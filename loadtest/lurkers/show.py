"""What lurkers know of a room by its index and its segments; read once for all of a pool. Pure.

The programme clock follows from what came: an index says its `now`, and a segment that is there is
over. Both may have lain in a cache, so of all that were read the latest time counts.
"""

from __future__ import annotations

import math
import zlib
from collections import OrderedDict
from typing import TypeVar

import msgspec
from msgspec import Struct

from loadtest.lurkers.answers import Answer

KEPT = 256
"""Answers that are remembered; newcomers read the last segments again."""

GZIP = 31
"""What zlib calls a gzip stream of any window."""


class Index(Struct, frozen=True):
    """What a lurker reads of an index; times in ms of programme time."""

    epoch: str
    now: int
    duration: int
    snapshot: str


class Cut(Struct, frozen=True):
    """What a lurker reads of a segment: its end (programme time, ms), and the path of the next."""

    until: int
    next: str


class Begun(Struct, frozen=True):
    """What a lurker reads of a snapshot: the path of the segment that goes on from it."""

    segment: str


T = TypeVar("T", Index, Cut, Begun)


class Show:
    """A room, as a pool's lurkers see it."""

    def __init__(self) -> None:
        self.duration_ms = 2000
        self._ahead_ms = -math.inf
        self._read: OrderedDict[bytes, Index | Cut | Begun] = OrderedDict()

    def read(self, answer: Answer, kind: type[T]) -> T:
        """Return a body, an index' as JSON and others as msgpack. Raises ValueError."""
        known = self._read.get(answer.body)
        if isinstance(known, kind):
            return known
        try:
            body = zlib.decompress(answer.body, GZIP) if answer.is_gzipped else answer.body
        except zlib.error as fault:
            raise ValueError(f"gzip: {fault}") from None
        read = (
            msgspec.json.decode(body, type=kind)
            if kind is Index
            else msgspec.msgpack.decode(body, type=kind)
        )
        self._read[answer.body] = read
        if len(self._read) > KEPT:
            self._read.popitem(last=False)
        return read

    def learn(self, programme_ms: int, now_s: float) -> None:
        """Take a programme time that has passed at ``now_s``."""
        self._ahead_ms = max(self._ahead_ms, programme_ms - now_s * 1000)

    def programme_ms(self, now_s: float) -> float:
        """Return programme time at ``now_s``."""
        return now_s * 1000 + self._ahead_ms

    def local_s(self, programme_ms: float) -> float:
        """Return when programme time is ``programme_ms``."""
        return (programme_ms - self._ahead_ms) / 1000
