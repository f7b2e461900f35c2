"""Comments as ArtPlayer's danmaku plugin, and similar players, read them.

[{``text``, ``time`` (s), ``mode`` (0 scrolls, 1 top, 2 bottom), ``color`` ``#rrggbb``}].
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from grandstand.recordings.formats.format import Found, JsonFormat
from grandstand.recordings.line import made, number
from grandstand.wire.messages import Mode

_MODES: dict[object, Mode] = {
    **dict.fromkeys((1, "1", "top"), "top"),
    **dict.fromkeys((2, "2", "bottom"), "bottom"),
}


class _Comment(Struct):
    text: str
    time: int | float | str = 0
    mode: int | float | str | None = 0
    color: int | float | str | None = None
    user: str | int | None = None
    id: str | int | None = None


_decoder = msgspec.json.Decoder(_Comment)


def _read(raw: bytes) -> Found:
    comment = _decoder.decode(raw)
    return made(
        number(comment.time, "`time`") * 1000,
        comment.user,
        comment.text,
        mode=_MODES.get(comment.mode, "scroll"),
        color=comment.color,
        own_id=comment.id,
    )


FORMAT = JsonFormat(
    "artplayer",
    'ArtPlayer\'s JSON, [{"text", "time", "mode", "color"}]',
    frozenset({(), ("data",), ("danmaku",)}),
    False,
    lambda item: isinstance(item, dict) and "text" in item and "time" in item and "at" not in item,
    _read,
)
