"""Payloads: bytes to typed messages and back, in msgpack and in JSON.

The quick path decodes and validates in one step. What it refuses is examined again slowly, for two
reasons. The contract fixes the order in which faults are looked for (decoding, type, identity,
fields) and wants the field named. And a lone surrogate in a text is not an error: it is removed.
"""

from __future__ import annotations

import json
from typing import Any, Literal, NoReturn

import msgpack
import msgspec

from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import (
    Appeal,
    AskTime,
    ClientMessage,
    Follow,
    Frame,
    Hello,
    PostComment,
    ServerMessage,
    SetLang,
    Vote,
)

Codec = Literal["msgpack", "json"]

CLIENT_TYPES: dict[str, type[ClientMessage]] = {
    "hello": Hello,
    "comment": PostComment,
    "vote": Vote,
    "follow": Follow,
    "lang": SetLang,
    "appeal": Appeal,
    "time": AskTime,
}

_to_msgpack = msgspec.msgpack.Encoder()
_to_json = msgspec.json.Encoder()
_from_msgpack: msgspec.msgpack.Decoder[ClientMessage] = msgspec.msgpack.Decoder(ClientMessage)
_from_json: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)
_frame_from_msgpack = msgspec.msgpack.Decoder(Frame)


class BadMessageError(RefusedError):
    """A client's message can't be read. ``message_id`` is its id where it could be found.

    ``kind`` and ``token`` are set where they could be read, because a fault of identity is reported
    before a fault of a field.
    """

    def __init__(
        self,
        message: str,
        message_id: str | None = None,
        kind: str | None = None,
        token: str | None = None,
    ):
        super().__init__(ErrorCode.BAD_MESSAGE, message)
        self.message_id = message_id
        self.token = token
        self.kind = kind


def encode(message: ServerMessage, codec: Codec) -> bytes:
    """Return a message of the server as payload bytes."""
    return _to_msgpack.encode(message) if codec == "msgpack" else _to_json.encode(message)


def raw(part: object, codec: Codec) -> msgspec.Raw:
    """Return a field's value, encoded once for all messages that have it."""
    return msgspec.Raw((_to_msgpack if codec == "msgpack" else _to_json).encode(part))


def decode(payload: bytes, codec: Codec) -> ClientMessage:
    """Return a client's message.

    Raises BadMessageError, which names the field. Its ``kind`` is the message's type if that is
    known, so that a caller can report a fault of identity before one of a field.
    """
    try:
        return _from_msgpack.decode(payload) if codec == "msgpack" else _from_json.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _decode_slowly(payload, codec)


def decode_frame(payload: bytes) -> Frame:
    """Return a frame as the sequencer published it (msgpack)."""
    return _frame_from_msgpack.decode(payload)


def _decode_slowly(payload: bytes, codec: Codec) -> ClientMessage:
    message = _untyped(payload, codec)
    if not isinstance(message, dict):
        raise BadMessageError("a message is a map with a string `type`")
    given_id = message.get("id")
    message_id = given_id if isinstance(given_id, str) and _can_be_sent(given_id) else None
    kind = message.pop("type", None)
    struct = CLIENT_TYPES.get(kind) if isinstance(kind, str) else None
    if struct is None:
        known = ", ".join(CLIENT_TYPES)
        raise BadMessageError(f"`type` must be one of: {known}", message_id)
    if isinstance(given_id, str) and not (message_id and len(message_id) <= 36):
        raise BadMessageError(f"{kind}: `id` must be 1 to 36 characters of text", message_id, kind)
    try:
        typed: ClientMessage = msgspec.convert(message, struct, strict=True)
        return typed
    except (ValueError, RecursionError) as fault:  # a field, or a key that is no text
        token = message.get("token")
        known_token = token if isinstance(token, str) else None
        raise BadMessageError(f"{kind}: {fault}", message_id, kind, known_token) from None


def _can_be_sent(text: str) -> bool:
    return bool(text) and not any("\ud800" <= char <= "\udfff" for char in text)


def _untyped(payload: bytes, codec: Codec) -> Any:
    try:
        if codec == "msgpack":
            return msgpack.unpackb(payload, unicode_errors="surrogatepass", strict_map_key=True)
        return json.loads(payload, parse_constant=_refuse_constant)
    except (ValueError, RecursionError, msgpack.UnpackException) as fault:
        raise BadMessageError(f"not {codec}: {fault or type(fault).__name__}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
