"""Comments as DPlayer's servers give them.

{``code``, ``data`` [[seconds, type (0 scrolls, 1 top, 2 bottom), colour, author, text]]}.
"""

from __future__ import annotations

import msgspec

from grandstand.recordings.formats.format import Found, JsonFormat
from grandstand.recordings.line import UnreadableError, made, number
from grandstand.wire.messages import Mode

_MODES: dict[object, Mode] = {
    **dict.fromkeys((0, "0", "right", "scroll"), "scroll"),
    **dict.fromkeys((1, "1", "top"), "top"),
    **dict.fromkeys((2, "2", "bottom"), "bottom"),
}
_FIELDS = 5
_decoder = msgspec.json.Decoder(list[int | float | str | bool | None])


def _read(raw: bytes) -> Found:
    fields = _decoder.decode(raw)
    if len(fields) < _FIELDS:
        raise UnreadableError(f"it has {len(fields)} fields, where {_FIELDS} must be")
    seconds, kind, color, author, text = fields[:_FIELDS]
    return made(
        number(seconds, "the time") * 1000,
        author,
        "" if text is None else str(text),
        mode=_MODES.get(kind, "scroll"),
        color=color,
    )


FORMAT = JsonFormat(
    "dplayer",
    'DPlayer\'s JSON, {"data": [[seconds, type, colour, author, text]]}',
    frozenset({(), ("data",)}),
    False,
    lambda item: isinstance(item, list) and len(item) >= _FIELDS,
    _read,
)
