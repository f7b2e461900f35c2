"""The archive's files: a part has the segments of one span of an epoch. Pure.

A part's name says which segments it has, so a folder's list tells what there is and what is
missing. Its content follows from the commits alone: two processes that write the same span write
the same, and a process that was replaced and goes on writing does no harm.

A part from which comments were taken, or words of highlights, has a name of its own, with a mark of
its content. So it can't be overwritten by a process that is late, and where there are several, of
each segment the highest revision counts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import msgspec
import zstandard
from msgspec import Struct
from msgspec.structs import replace

from grandstand.domain.segments import MINUTE, Segment, find, offsets_before
from grandstand.wire import redaction
from grandstand.wire.highlights import Highlight

LEVEL = 3
MAX_BYTES = 2**28
"""A part that says it has more is broken: a minute of the largest frames is 80 MB."""

_NAME = re.compile(r"([0-9]{12})-([0-9]{12})(?:-([0-9a-f]{12}))?\.msgpack\.zst")

WORD_REVISIONS = 1000
"""By so many a word's leaving raises a revision. Nodes that cut segments by themselves know of the
comments alone, of which no segment has as many: none of theirs has the number of other bytes."""

Words: TypeAlias = Mapping[str, Collection[str]]
"""Words that leave highlights, by their ids."""

NO_WORDS: Words = {}

T = TypeVar("T")


class BrokenPartError(Exception):
    """A file of the archive can't be read."""


class Part(Struct, frozen=True, omit_defaults=True):
    """Segments from ``since`` to before ``until``; those that ``frames`` doesn't have are empty.

    ``before`` is the last offset before them. ``snapshots`` are states at the beginning of some of
    them, encoded. Both have a revision where comments, or words of highlights, were taken out.
    """

    since: int
    until: int
    before: int
    frames: dict[int, list[bytes]]
    snapshots: dict[int, bytes] = {}
    revisions: dict[int, int] = {}
    snapshot_revisions: dict[int, int] = {}

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
        found = find(self.frames, before, n, self.offset)
        return Segment(n, *found, self.revisions.get(n, 0))

    def comments(self) -> set[str]:
        """Return the ids of the comments that it shows."""
        frames = (frame for frames in self.frames.values() for frame in frames)
        shown = (redaction.commented(each) for each in (*frames, *self.snapshots.values()))
        return set[str]().union(*shown)

    def highlights(self) -> list[Highlight]:
        """Return the highlights that it tells of, each version."""
        frames = (frame for frames in self.frames.values() for frame in frames)
        told = (redaction.highlights(each) for each in (*frames, *self.snapshots.values()))
        return [each for some in told for each in some]

    def without(self, ids: Collection[str], words: Words = NO_WORDS) -> Part:
        """Return it without the comments of these ids, and without these words of its highlights:
        each segment and snapshot that has any is cut again."""
        frames, revisions = _without(self.frames, self.revisions, ids, words)
        packed = {n: [each] for n, each in self.snapshots.items()}
        snapshots, snapshot_revisions = _without(packed, self.snapshot_revisions, ids, words)
        return replace(
            self,
            frames=frames,
            revisions=revisions,
            snapshots={n: each for n, (each,) in snapshots.items()},
            snapshot_revisions=snapshot_revisions,
        )


def _without(
    messages: Mapping[int, list[bytes]],
    revisions: Mapping[int, int],
    ids: Collection[str],
    words: Words,
) -> tuple[dict[int, list[bytes]], dict[int, int]]:
    left, counts = dict(messages), dict(revisions)
    for n, each in messages.items():
        gone = set[str]().union(*map(redaction.commented, each)).intersection(ids)
        cut = [redaction.without_words(redaction.without(message, gone), words) for message in each]
        changes = len(gone) + WORD_REVISIONS * sum(count for _, count in cut)
        if changes:
            left[n] = [message for message, _ in cut]
            counts[n] = counts.get(n, 0) + changes
    return left, dict(sorted(counts.items()))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The segments from ``since`` to before ``until``, and the name of their part; ``mark`` tells
    apart those from which comments were taken."""

    since: int
    until: int
    mark: str = ""

    @classmethod
    def read(cls, name: str) -> Span | None:
        """Return what a file's name says; None if it is another file."""
        match = _NAME.fullmatch(name)
        return None if match is None else cls(int(match[1]), int(match[2]), match[3] or "")

    @property
    def name(self) -> str:
        """Return the part's name; names sort as their segments do."""
        mark = f"-{self.mark}" if self.mark else ""
        return f"{self.since:012d}-{self.until:012d}{mark}.msgpack.zst"


def having(spans: Sequence[Span], n: int) -> list[Span]:
    """Return the parts that have segment ``n``: seldom more than one."""
    return [span for span in spans if span.since <= n < span.until]


def pack(part: Part) -> tuple[Span, bytes]:
    """Return a part's name and the bytes of its file."""
    packed = msgspec.msgpack.encode(part)
    is_whole = not part.revisions and not part.snapshot_revisions
    mark = "" if is_whole else hashlib.blake2b(packed, digest_size=6).hexdigest()
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return Span(part.since, part.until, mark), compressor.compress(packed)


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
    """Return parts that follow each other, or lie in one another, as one. Of what several have the
    highest revision counts."""
    first = min(parts, key=lambda part: part.since)
    frames, revisions = _newest([(part.frames, part.revisions) for part in parts])
    snapshots, snapshot_revisions = _newest(
        [(part.snapshots, part.snapshot_revisions) for part in parts]
    )
    return Part(
        first.since,
        max(part.until for part in parts),
        first.before,
        frames,
        snapshots,
        revisions,
        snapshot_revisions,
    )


def _newest(
    tables: Sequence[tuple[Mapping[int, T], Mapping[int, int]]],
) -> tuple[dict[int, T], dict[int, int]]:
    """Return the newest of what each segment has, and its revision where there is one."""
    found: dict[int, tuple[int, T]] = {}
    for contents, revisions in tables:
        for n, content in contents.items():
            revision = revisions.get(n, 0)
            if n not in found or found[n][0] < revision:
                found[n] = revision, content
    ordered = dict(sorted(found.items()))
    return (
        {n: content for n, (_, content) in ordered.items()},
        {n: revision for n, (revision, _) in ordered.items() if revision},
    )
