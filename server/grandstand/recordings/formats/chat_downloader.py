"""Chats as chat-downloader writes them (YouTube, Twitch and others): JSON lines, or a list.

{``message``, ``message_id``, ``time_in_seconds`` (of the recording; below 0 before it began) or
``timestamp`` (us since 1970) alone, ``author`` {``id``, ``name``}, ``colour``, ``message_type``}.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from grandstand.recordings.formats.format import Found, JsonFormat
from grandstand.recordings.line import Other, UnreadableError, made


class _Author(Struct):
    id: str | None = None
    name: str | None = None
    display_name: str | None = None


class _Comment(Struct):
    message: str | None = None
    message_id: str | None = None
    message_type: str | None = None
    time_in_seconds: float | None = None
    timestamp: float | None = None
    author: _Author | None = None
    colour: str | int | None = None


_decoder = msgspec.json.Decoder(_Comment)


def _read(raw: bytes) -> Found:
    comment = _decoder.decode(raw)
    if not comment.message:
        return Other(f"{comment.message_type or 'event'} without words"[:60])
    if comment.time_in_seconds is not None:
        at_ms = comment.time_in_seconds * 1000
    elif comment.timestamp is not None:
        at_ms = comment.timestamp / 1000
    else:
        raise UnreadableError("it has neither `time_in_seconds` nor `timestamp`")
    who = comment.author or _Author()
    return made(
        at_ms,
        who.id or who.name,
        comment.message,
        name=who.display_name or who.name,
        color=comment.colour,
        own_id=comment.message_id,
    )


def _knows(item: object) -> bool:
    return (
        isinstance(item, dict)
        and "author" in item
        and ("message" in item or "message_id" in item)
        and ("time_in_seconds" in item or "timestamp" in item)
    )


FORMAT = JsonFormat(
    "chat-downloader",
    'chat-downloader\'s JSON, {"time_in_seconds", "author", "message"} a line or in a list',
    frozenset({()}),
    True,
    _knows,
    _read,
)
