"""What one process tells all others of the rooms that are live, and the forms that it takes. Pure.

A bulletin is told each second. The alikeness changes seldom and may have some megabytes, so it goes
by itself, under a name by which the bulletin refers to it.
"""

from __future__ import annotations

import zlib

import msgspec
import numpy as np
from msgspec import Struct

from grandstand.recommendations.alikeness import MAX_THINGS, Alikeness
from grandstand.recommendations.board import LiveRoom

FAST = 1
"""Level of zlib: half the time of the usual one, and a sixth more bytes."""

MOST_BYTES = 64 * 2**20
"""Of what is unpacked: twice what the most of everything can have."""

WATCHED = "room:"
"""Begins the name of the thing that watching a room is."""


class Listed(Struct, frozen=True, array_like=True):
    """A room that is live. ``at`` is where to come in (programme ms): where its last highlight
    began, if it was noticed lately, else now. ``is_open`` says whether guests may watch."""

    room: str
    title: str
    is_open: bool
    viewers: int
    excitement: float
    at: int
    things: list[str] = []
    rise: float = 1.0
    highlight_age_s: float | None = None

    def live(self) -> LiveRoom:
        """Return it as a board takes it; the room itself is the first of its things."""
        things = (watched(self.room), *self.things)
        return LiveRoom(self.room, self.viewers, things, self.rise, self.highlight_age_s)


class Bulletin(Struct, frozen=True, array_like=True):
    """All rooms that are live, and the names of their things; ``alikeness`` is the name of the
    alikeness to use, "" while there is none."""

    alikeness: str
    rooms: list[Listed]
    names: dict[str, str]


class _Weights(Struct, frozen=True, array_like=True):
    things: list[str]
    followers: list[int]
    weights: bytes


_encode = msgspec.msgpack.Encoder().encode
_bulletin = msgspec.msgpack.Decoder(Bulletin).decode
_weights = msgspec.msgpack.Decoder(_Weights).decode


def watched(room: str) -> str:
    """Return the thing that watching a room is."""
    return WATCHED + room


def packed(bulletin: Bulletin) -> bytes:
    """Return a bulletin's bytes."""
    return zlib.compress(_encode(bulletin), FAST)


def unpacked(payload: bytes) -> Bulletin:
    """Return the bulletin of its bytes. Raises ValueError if they are none."""
    return _bulletin(_inflated(payload))


def packed_alikeness(alikeness: Alikeness) -> bytes:
    """Return an alikeness' bytes, weights in half precision: 8 MB at most before they are packed,
    and most of them are 0."""
    weights = np.ascontiguousarray(alikeness.weights, np.float16).tobytes()
    row = _Weights(list(alikeness.things), [int(each) for each in alikeness.followers], weights)
    return zlib.compress(_encode(row), FAST)


def unpacked_alikeness(payload: bytes) -> Alikeness:
    """Return the alikeness of its bytes. Raises ValueError if they are none."""
    row = _weights(_inflated(payload))
    size = len(row.things)
    if size > MAX_THINGS or len(row.followers) != size:
        raise ValueError(f"{size} things and {len(row.followers)} counts are no alikeness")
    weights = np.frombuffer(row.weights, np.float16).reshape(size, size)
    followers = np.array(row.followers, np.int64)
    return Alikeness(tuple(row.things), followers, np.asfortranarray(weights, np.float32))


def _inflated(payload: bytes) -> bytes:
    inflating = zlib.decompressobj()
    try:
        data = inflating.decompress(payload, MOST_BYTES)
    except zlib.error as fault:
        raise ValueError(str(fault)) from None
    if not inflating.eof:
        raise ValueError("it is cut off, or too large")
    return data
