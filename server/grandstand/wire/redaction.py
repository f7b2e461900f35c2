"""Comments, and words of highlights, that leave frames and snapshots after they were shown. Pure.

Both are msgpack, and stay as they are but for these: what a newer server wrote isn't lost,
and every node makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from grandstand.wire.highlights import KIND, Highlight
from grandstand.wire.messages import Overlay


class _Commented(Struct):
    id: str


class _Outline(Struct):
    comments: list[_Commented] = []
    recent: list[_Commented] = []
    retract: list[str] = []


class _Overlaid(Struct):
    overlays: list[Overlay] = []


class _Worded(Struct):
    id: str
    at: int
    data: Mapping[str, Any]


class _Told(Struct):
    overlays: list[_Worded] = []


_decoder = msgspec.msgpack.Decoder(_Outline)
_overlays_decoder = msgspec.msgpack.Decoder(_Overlaid)
_told_decoder = msgspec.msgpack.Decoder(_Told)


def retracted(frames: Iterable[bytes]) -> set[str]:
    """Return the ids of the comments that these frames take back."""
    return {
        each
        for frame in frames
        if b"retract" in frame  # most have none
        for each in _decoder.decode(frame).retract
    }


def overlays_with_text(frames: Iterable[bytes]) -> frozenset[tuple[str, int]]:
    """Return id and ``at`` of the overlays that these frames tell and that people read."""
    return frozenset(
        (each.id, each.at)
        for frame in frames
        if b"overlays" in frame and b"text" in frame  # most have none
        for each in _told_decoder.decode(frame).overlays
        if isinstance(each.data.get("text"), str)
    )


def commented(message: bytes) -> set[str]:
    """Return the ids of the comments that a frame or a snapshot shows."""
    outline = _decoder.decode(message)
    return {each.id for each in (*outline.comments, *outline.recent)}


def shown_comments(frames: Iterable[bytes]) -> set[str]:
    """Return the ids of the comments that these frames show."""
    return {each for frame in frames if b"comments" in frame for each in commented(frame)}


def without(message: bytes, ids: Collection[str]) -> bytes:
    """Return a frame or a snapshot without the comments of these ids. A frame that has nothing else
    stays as an empty frame, so that no number is missing."""
    if commented(message).isdisjoint(ids):
        return message
    parts = msgspec.msgpack.decode(message)
    for name in parts.keys() & {"comments", "recent"}:
        parts[name] = [each for each in parts[name] if each["id"] not in ids]
    if not parts.get("comments", True):
        del parts["comments"]
    return msgspec.msgpack.encode(parts)


def highlights(message: bytes) -> Iterator[Highlight]:
    """Return the highlights that a frame or a snapshot tells of."""
    if KIND.encode() in message:  # most have none
        for overlay in _overlays_decoder.decode(message).overlays:
            if overlay.kind == KIND:
                yield Highlight.of(overlay)


def without_words(message: bytes, words: Mapping[str, Collection[str]]) -> tuple[bytes, int]:
    """Return a frame or a snapshot without these words of its highlights, by their ids; and how
    many they were."""
    count = sum(
        word in words.get(each.id, ()) for each in highlights(message) for word in each.words
    )
    if not count:
        return message, 0
    parts = msgspec.msgpack.decode(message)
    for overlay in parts["overlays"]:
        if overlay["kind"] == KIND:
            gone, data = words.get(overlay["id"], ()), overlay["data"]
            data["words"] = [word for word in data["words"] if word not in gone]
    return msgspec.msgpack.encode(parts), count
