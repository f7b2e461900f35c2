"""WebSocket frames as bytes, ready for a transport (RFC 6455 section 5.2, RFC 7692 section 7.2.1).

A room's frame is framed here once and then written to every viewer as it is, so nothing here may
depend on the viewer: no mask (a server sends none) and no compression context from the frame
before, which is why the socket imposes ``no_context_takeover`` on both sides.
"""

from __future__ import annotations

import zlib

WINDOW_BITS = 15
"""log2 of the window a ready frame is deflated with: a viewer that allows less gets plain ones."""

MEMORY_LEVEL = 9
"""zlib's most, 256 KB while one frame is made: recorded chat, ten comments a frame, takes 49.9
bytes a comment, and 50.3 at the usual 8."""

_FIN = 0x80
_RSV1 = 0x40  # "this message is deflated"
_TEXT = 0x1
_BINARY = 0x2
SYNC_FLUSH_TAIL = b"\x00\x00\xff\xff"


def plain(payload: bytes, text: bool) -> bytes:
    """One unmasked frame holding the whole ``payload``; ``text`` promises that it is UTF-8."""
    return _frame(_FIN | (_TEXT if text else _BINARY), payload)


def deflated(payload: bytes, text: bool) -> bytes:
    """As ``plain``, deflated by itself; only for sockets that negotiated permessage-deflate."""
    deflater = zlib.compressobj(wbits=-WINDOW_BITS, memLevel=MEMORY_LEVEL)
    body = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return _frame(_FIN | _RSV1 | (_TEXT if text else _BINARY), body.removesuffix(SYNC_FLUSH_TAIL))


def payload(frame: bytes) -> bytes:
    """Return what an unmasked frame holds."""
    head = {126: 4, 127: 10}.get(frame[1], 2)
    return frame[head:]


def _frame(first_byte: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((first_byte, length)) + payload
    if length < 1 << 16:
        return bytes((first_byte, 126)) + length.to_bytes(2, "big") + payload
    return bytes((first_byte, 127)) + length.to_bytes(8, "big") + payload
