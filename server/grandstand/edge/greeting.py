"""Reads a viewer's ``hello``: whether it is one, and whose. Pure.

Who comes in at once and who waits in a line are judged alike, at the moment when ``hello`` arrives.
"""

from __future__ import annotations

from msgspec import UNSET

from grandstand.domain.identity import Identity
from grandstand.edge.validation import Identifier, by_token, identified
from grandstand.wire.codec import BadMessageError, Codec, decode
from grandstand.wire.messages import ClientMessage, Hello


def decoded(payload: bytes, is_text: bool, codec: Codec) -> ClientMessage:
    """Return a message of a socket that speaks ``codec``. Raises BadMessageError."""
    if is_text != (codec == "json"):
        kind = "text" if codec == "json" else "binary"
        raise BadMessageError(f"this socket takes {kind} frames")
    return decode(payload, codec)


def read_hello(
    payload: bytes, is_text: bool, codec: Codec, room: str, tokens: Identifier
) -> tuple[Hello, Identity | None]:
    """Return the first message of a socket, and who sent it; None: nobody in particular. Raises
    RefusedError."""
    try:
        message = decoded(payload, is_text, codec)
        if not isinstance(message, Hello):
            raise BadMessageError("the first message must be `hello`")
    except BadMessageError as fault:
        raise by_token(fault, room, tokens) from None
    if message.token is UNSET:
        return message, None
    return message, identified(message.token, room, tokens)
