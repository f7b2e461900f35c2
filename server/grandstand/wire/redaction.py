"""Comments that leave frames and snapshots after they were shown. Pure.

Both are msgpack, and stay as they are but for the comments: what a newer server wrote isn't lost,
and every node makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec
from msgspec import Struct


class _Commented(Struct):
    id: str


class _Outline(Struct):
    comments: list[_Commented] = []
    recent: list[_Commented] = []
    retract: list[str] = []


_decoder = msgspec.msgpack.Decoder(_Outline)


def retracted(frames: Iterable[bytes]) -> set[str]:
    """Return the ids of the comments that these frames take back."""
    return {
        each
        for frame in frames
        if b"retract" in frame  # most have none
        for each in _decoder.decode(frame).retract
    }


def commented(message: bytes) -> set[str]:
    """Return the ids of the comments that a frame or a snapshot shows."""
    outline = _decoder.decode(message)
    return {each.id for each in (*outline.comments, *outline.recent)}


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
