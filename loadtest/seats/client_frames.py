"""WebSocket frames as a client writes them, and whole frames found in what a server sent. Pure.

The zero mask is legal; RFC 6455 section 5.3 asks for an unpredictable one only where a proxy could
be fooled.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_FIN, _RSV1 = 0x80, 0x40
_NO_MASK = b"\0\0\0\0"
_FLUSHED = b"\x00\x00\xff\xff"


class StreamError(Exception):
    """The server's bytes are none that this seat understands."""


class Found(NamedTuple):
    """One whole frame of a server's: what it carries, and where the next one begins."""

    opcode: int
    payload: bytes
    end: int


def masked(opcode: int, payload: bytes) -> bytes:
    """One whole message as a client's frame."""
    size = len(payload)
    if size < 126:
        head = bytes((_FIN | opcode, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((_FIN | opcode, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FIN | opcode, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + _NO_MASK + payload


def found(data: bytes, at: int) -> Found | None:
    """The frame that begins at ``at``, inflated if it was deflated; None while bytes are missing.

    Raises StreamError for a masked frame, one of several fragments (none of the servers that we
    measure sends such), or one that can't be inflated.
    """
    if len(data) < at + 2:
        return None
    first, size, start = data[at], data[at + 1], at + 2
    if size == 126:
        size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
    elif size == 127:
        size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
    if not first & _FIN or not first & 0xF or data[at + 1] & 0x80:
        raise StreamError("a fragment, or a frame with a mask")
    if len(data) < start or len(data) < start + size:
        return None
    payload = data[start : start + size]
    if first & _RSV1:
        try:
            payload = zlib.decompressobj(wbits=-15).decompress(payload + _FLUSHED)
        except zlib.error as error:
            raise StreamError(f"deflate: {error}") from None
    return Found(first & 0xF, payload, start + size)
