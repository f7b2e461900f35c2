"""WebSocket frames as bytes, ready for a transport (RFC 6455 section 5.2, RFC 7692 section 7.2.1).

A room's frame is made here once and written to every viewer unchanged, so nothing in it may depend
on the viewer. It has no mask, since a server sends none. It has no compression context from the
frame before; therefore the socket imposes ``no_context_takeover`` on both sides.
"""

from __future__ import annotations

import zlib

WINDOW_BITS = 15
"""log2 of the window of a deflated frame; a viewer that allows less gets plain frames."""

MEMORY_LEVEL = 9
"""zlib's maximum: 256 KB while one frame is made. Recorded chat, ten comments a frame, takes 49.9
bytes a comment, and 50.3 at the usual 8."""

_FIN = 0x80
_RSV1 = 0x40  # "this message is deflated"
_TEXT = 0x1
_BINARY = 0x2
SYNC_FLUSH_TAIL = b"\x00\x00\xff\xff"


def plain(payload: bytes, text: bool) -> bytes:
    """Return one unmasked frame with the whole ``payload``; ``text`` promises that it is UTF-8."""
    return _frame(_FIN | (_TEXT if text else _BINARY), payload)


def deflated(payload: bytes, text: bool) -> bytes:
    """Return a frame as ``plain`` does, deflated by itself; only for sockets that negotiated
    permessage-deflate."""
    deflater = zlib.compressobj(wbits=-WINDOW_BITS, memLevel=MEMORY_LEVEL)
    body = deflater.compress(payload) + deflater.flush(zlib.Z_SYNC_FLUSH)
    return _frame(_FIN | _RSV1 | (_TEXT if text else _BINARY), body.removesuffix(SYNC_FLUSH_TAIL))


def payload(frame: bytes) -> bytes:
    """Return the payload of an unmasked frame."""
    head = {126: 4, 127: 10}.get(frame[1], 2)
    return frame[head:]


def _frame(first_byte: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((first_byte, length)) + payload
    if length < 1 << 16:
        return bytes((first_byte, 126)) + length.to_bytes(2, "big") + payload
    return bytes((first_byte, 127)) + length.to_bytes(8, "big") + payload
