"""Segments as they are served: the index, a segment, and a snapshot of the room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from grandstand.wire.codec import Codec
from grandstand.wire.gauges import Gauges
from grandstand.wire.messages import Comment, Cue, Frame, Overlay, Poll, Tally, Time
from grandstand.wire.settings import Settings
from grandstand.wire.translations import Translations

Path = Annotated[str, Meta(description="From the root; `.json` in place of `.msgpack` is there.")]


class SegmentFile(Struct, frozen=True):
    """The numbered frames of one segment, and the path of the next; where a language was asked for,
    what of them was translated until four seconds later."""

    start: Time = field(name="from")
    until: Time
    frames: list[Frame]
    next: Path
    translations: Translations | UnsetType = UNSET


class RoomSnapshot(Struct, frozen=True):
    """The state at the beginning of a segment, as in `welcome`; that segment goes on from it."""

    room: str
    epoch: str
    offset: int
    now: Time
    settings: Settings
    polls: list[Poll]
    overlays: list[Overlay]
    cues: list[Cue]
    recent: list[Comment]
    segment: Path
    translations: Translations | UnsetType = UNSET


class SegmentEntry(Struct, frozen=True):
    """A segment in the index; an empty one has a first offset that is the last plus 1."""

    epoch: str
    n: int
    start: Annotated[Time, Meta(description="Programme time of commit.")] = field(name="from")
    until: Time
    offsets: Annotated[list[int], Meta(min_length=2, max_length=2)]
    url: Path


class NextSegment(Struct, frozen=True):
    """The segment that is cut next, and when at the earliest."""

    n: int
    url: Path
    at: Time


class LatestValues(Struct, frozen=True):
    """The latest values: for playheads that have passed the index' `now`."""

    gauges: Gauges
    tallies: list[Tally]


class SegmentIndex(Struct, frozen=True):
    """Which segments there are, where the state is, and what comes next."""

    epoch: str
    now: Time
    duration: Annotated[int, Meta(description="ms")]
    snapshot: Path
    segments: list[SegmentEntry]
    next: NextSegment
    latest: LatestValues
    missing: (
        Annotated[list[list[Time]], Meta(description="Programme times: [from, until].")] | UnsetType
    ) = UNSET


def encode_segment(
    start: int,
    until: int,
    frames: Sequence[bytes],
    after: str,
    codec: Codec,
    translations: Translations | UnsetType = UNSET,
) -> bytes:
    """Return a segment of ``frames``, which are msgpack; each stays as it was published."""
    parts: list[Any]
    if codec == "msgpack":
        parts = [msgspec.Raw(frame) for frame in frames]
    else:  # untyped: a frame of a newer server loses nothing
        parts = [msgspec.msgpack.decode(frame) for frame in frames]
    return encode(SegmentFile(start, until, parts, after, translations), codec)


def encode(document: SegmentFile | RoomSnapshot | SegmentIndex, codec: Codec) -> bytes:
    """Return a document as bytes."""
    return msgspec.json.encode(document) if codec == "json" else msgspec.msgpack.encode(document)


def decode_snapshot(payload: bytes) -> RoomSnapshot:
    """Return a snapshot from its msgpack."""
    return msgspec.msgpack.decode(payload, type=RoomSnapshot)
