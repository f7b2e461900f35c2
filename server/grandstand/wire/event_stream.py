"""Server-sent events (HTML, section 9.2) and the chunks in which HTTP/1.1 carries them. Pure.

It must not know what an event says.
"""

from __future__ import annotations

MEDIA_TYPE = "text/event-stream"

END = b"0\r\n\r\n"
"""The last chunk: the stream is over and was not cut."""


def event(name: str, data: bytes, last_id: str = "") -> bytes:
    """Return an event; ``data`` has no line end, as JSON has none. With ``last_id`` a client that
    comes back says that it has had everything up to here."""
    position = b"id: %b\n" % last_id.encode() if last_id else b""
    return b"event: %b\n%bdata: %b\n\n" % (name.encode(), position, data)


def comment(text: str = "") -> bytes:
    """Return a comment, which clients pass over: the stream is alive."""
    return b": %b\n\n" % text.encode()


def chunk(data: bytes) -> bytes:
    """Return ``data`` as one chunk; nothing for no data, since an empty chunk ends the stream."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def unchunked(chunked: bytes) -> bytes:
    """Return the data of a chunk that ``chunk`` made."""
    _, _, rest = chunked.partition(b"\r\n")
    return rest[:-2]
