"""The slots of a cluster: which one a key is in (Redis Cluster's own rule)."""

from __future__ import annotations

from binascii import crc_hqx
from itertools import count

SLOTS = 16_384

Key = str | bytes


def tag_of(key: Key) -> bytes:
    """Return the part of a key that decides its slot: what stands in its first braces, if there is
    something, else all of it."""
    whole = key.encode() if isinstance(key, str) else key
    _, opening, rest = whole.partition(b"{")
    tag, closing, _ = rest.partition(b"}")
    return tag if opening and closing and tag else whole


def slot_of(key: Key) -> int:
    """Return a key's slot: the CRC16 (XMODEM) of its tag."""
    return crc_hqx(tag_of(key), 0) % SLOTS


def tag_between(first: int, last: int) -> str:
    """Return a hash tag whose slot is one of these; for a single slot some 16,000 are tried."""
    return next(tag for tag in map(str, count()) if first <= slot_of(tag) <= last)
