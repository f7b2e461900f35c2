"""Chats of Twitch recordings, as TwitchDownloader, twitch-dl and the older v5 API write them.

A document whose ``comments`` are {``_id``, ``content_offset_seconds``, ``commenter``
{``display_name``, ``_id``, ``name``} or null, ``message`` {``body``, ``user_color`` or null}}.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from grandstand.recordings.formats.format import Found, JsonFormat
from grandstand.recordings.line import made


class _Commenter(Struct):
    display_name: str | None = None
    name: str | None = None


class _Message(Struct):
    body: str
    user_color: str | None = None


class _Comment(Struct):
    content_offset_seconds: float
    message: _Message
    commenter: _Commenter | None = None
    id: str | None = msgspec.field(default=None, name="_id")


_decoder = msgspec.json.Decoder(_Comment)


def _read(raw: bytes) -> Found:
    comment = _decoder.decode(raw)
    who = comment.commenter or _Commenter()
    return made(
        comment.content_offset_seconds * 1000,
        who.name or who.display_name,
        comment.message.body,
        name=who.display_name,
        color=comment.message.user_color,
        own_id=comment.id,
    )


FORMAT = JsonFormat(
    "twitch",
    'a Twitch chat download in JSON, {"comments": [{"content_offset_seconds", "message", …}]}',
    frozenset({("comments",)}),
    False,
    lambda item: isinstance(item, dict) and "content_offset_seconds" in item,
    _read,
)
