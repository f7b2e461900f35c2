"""The archive's files: a part has the segments of one span of an epoch. Pure.

A part's name says which segments it has, so a folder's list tells what there is and what is
missing. Its content follows from the commits alone: two processes that write the same span write
the same, and a process that was replaced and goes on writing does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import zstandard
from msgspec import Struct

from grandstand.domain.segments import MINUTE, Segment, find, offsets_before

LEVEL = 3
MAX_BYTES = 2**28
"""A part that says it has more is broken: a minute of the largest frames is 80 MB."""

_NAME = re.compile(r"([0-9]{12})-([0-9]{12})\.msgpack\.zst")


class BrokenPartError(Exception):
    """A file of the archive can't be read."""


class Part(Struct, frozen=True):
    """Segments from ``since`` to before ``until``; those that ``frames`` doesn't have are empty.

    ``before`` is the last offset before them. ``snapshots`` are states at the beginning of some of
    them, encoded.
    """

    since: int
    until: int
    before: int
    frames: dict[int, list[bytes]]
    snapshots: dict[int, bytes] = {}

    @property
    def offset(self) -> int:
        """Return the last offset."""
        return self.before + sum(map(len, self.frames.values()))

    @property
    def span(self) -> Span:
        """Return which segments it has."""
        return Span(self.since, self.until)

    def segment(self, n: int) -> Segment[bytes] | None:
        """Return segment ``n``, if it is here."""
        if not self.since <= n < self.until:
            return None
        before = offsets_before(self.frames, self.before)
        return Segment(n, *find(self.frames, before, n, self.offset))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The segments from ``since`` to before ``until``, and the name of their part."""

    since: int
    until: int

    @classmethod
    def read(cls, name: str) -> Span | None:
        """Return what a file's name says; None if it is another file."""
        match = _NAME.fullmatch(name)
        return None if match is None else cls(int(match[1]), int(match[2]))

    @property
    def name(self) -> str:
        """Return the part's name; names sort as their segments do."""
        return f"{self.since:012d}-{self.until:012d}.msgpack.zst"


def having(spans: Sequence[Span], n: int) -> Span | None:
    """Return the longest part that has segment ``n``."""
    found = [span for span in spans if span.since <= n < span.until]
    return max(found, key=lambda span: span.until - span.since, default=None)


def pack(part: Part) -> bytes:
    """Return a part as the bytes of its file."""
    packed = msgspec.msgpack.encode(part)
    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(packed)


def unpack(data: bytes) -> Part:
    """Return the part in a file. Raises BrokenPartError."""
    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= MAX_BYTES:
            raise BrokenPartError(f"it says that it has {size} bytes")
        packed = zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_BYTES)
        return msgspec.msgpack.decode(packed, type=Part)
    except (zstandard.ZstdError, msgspec.MsgspecError, ValueError) as fault:
        raise BrokenPartError(str(fault)) from None


def to_join(spans: Sequence[Span]) -> list[list[Span]]:
    """Return which parts can become one: those of a minute that is over, and follow each other."""
    found: list[list[Span]] = []
    last = max((span.until for span in spans), default=0)
    chosen: list[Span] = []
    for span in sorted(spans, key=lambda each: (each.since, -each.until)):
        if chosen and span.until <= _reach(chosen):
            chosen.append(span)  # what it has is in one before
        elif chosen and span.since == _reach(chosen) and _minute(span) == _minute(chosen[0]):
            chosen.append(span)
        else:
            chosen = [span]
            found.append(chosen)
    return [each for each in found if len(each) > 1 and _minute(each[0]) < (last // MINUTE)]


def _reach(spans: Sequence[Span]) -> int:
    return max(span.until for span in spans)


def _minute(span: Span) -> int:
    """Return the minute in which a part ends: it may begin long before, if nothing happened."""
    return (span.until - 1) // MINUTE


def join(parts: Sequence[Part]) -> Part:
    """Return parts that follow each other, or lie in one another, as one."""
    first = min(parts, key=lambda part: part.since)
    until = max(part.until for part in parts)
    frames = {n: each for part in parts for n, each in part.frames.items()}
    snapshots = {n: each for part in parts for n, each in part.snapshots.items()}
    return Part(
        first.since,
        until,
        first.before,
        dict(sorted(frames.items())),
        dict(sorted(snapshots.items())),
    )
