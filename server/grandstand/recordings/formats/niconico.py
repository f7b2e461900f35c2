"""Comments of NicoNico: the XML and JSON of its message servers, and the JSON of its newer API.

XML: ``<packet><chat thread no vpos date mail user_id>text</chat></packet>``. JSON: a list or lines
of {``chat`` {the same, ``content``}}; newer: {``data`` {``threads`` [{``comments`` [{``id``,
``no``, ``vposMs``, ``body``, ``commands``, ``userId``}]}]}}. ``vpos`` counts hundredths of a second
from the start; ``mail`` holds commands for colour, size and place, blanks between them.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from grandstand.recordings.formats.format import Found, JsonFormat, XmlFormat
from grandstand.recordings.line import Line, Other, UnreadableError, made, number
from grandstand.recordings.markup import Element
from grandstand.wire.messages import Mode, Size

_COLOURS = {
    "red": 0xFF0000,
    "pink": 0xFF8080,
    "orange": 0xFFC000,
    "yellow": 0xFFFF00,
    "green": 0x00FF00,
    "cyan": 0x00FFFF,
    "blue": 0x0000FF,
    "purple": 0xC000FF,
    "black": 0x000000,
    **dict.fromkeys(("white2", "niconicowhite"), 0xCCCC99),
    **dict.fromkeys(("red2", "truered"), 0xCC0033),
    "pink2": 0xFF33CC,
    **dict.fromkeys(("orange2", "passionorange"), 0xFF6600),
    **dict.fromkeys(("yellow2", "madyellow"), 0x999900),
    **dict.fromkeys(("green2", "elementalgreen"), 0x00CC66),
    "cyan2": 0x00CCCC,
    **dict.fromkeys(("blue2", "marineblue", "marinblue"), 0x3399FF),
    **dict.fromkeys(("purple2", "nobleviolet"), 0x6633CC),
    "black2": 0x666666,
}
_MODES: dict[str, Mode] = {"ue": "top", "shita": "bottom", "naka": "scroll"}
_SIZES: dict[str, Size] = {"small": "small", "medium": "normal", "big": "large"}
_COMMANDS_MAX = 20


def _dressed(at_ms: float, who: object, text: str, commands: list[str], own_id: object) -> Line:
    """Return the comment with the look that its commands set; the first of two for the same thing
    counts."""
    mode: Mode = "scroll"
    size: Size = "normal"
    color: object = None
    for command in reversed(commands[:_COMMANDS_MAX]):
        mode = _MODES.get(command, mode)
        size = _SIZES.get(command, size)
        color = command if command.startswith("#") else _COLOURS.get(command, color)
    return made(at_ms, who, text, mode=mode, size=size, color=color, own_id=own_id)


def _chat(fields: dict[str, Any], text: object) -> Found:
    if fields.get("deleted") not in (None, "", "0", 0) or text is None:
        return Other("deleted comments")
    vpos = fields.get("vpos")
    if vpos is None:
        raise UnreadableError("the comment has no vpos")
    return _dressed(
        number(vpos, "vpos") * 10,
        fields.get("user_id"),
        str(text),
        str(fields.get("mail") or "").split(),
        f"{fields.get('thread') or ''}-{fields['no']}" if fields.get("no") else "",
    )


def _read_element(element: Element) -> Found:
    return _chat(dict(element.attributes), element.text)


class _NewComment(Struct, rename="camel"):
    vpos_ms: int | float
    body: str
    id: str | int | None = None
    commands: list[str] = []
    user_id: str | int | None = None


class _Item(Struct):
    chat: dict[str, Any] | None = None


_new_decoder = msgspec.json.Decoder(_NewComment)
_decoder = msgspec.json.Decoder(_Item)


def _read_item(raw: bytes) -> Found:
    item = _decoder.decode(raw)
    if item.chat is not None:
        return _chat(item.chat, item.chat.get("content"))
    if b'"vposMs"' not in raw:
        return Other("messages without a comment")
    comment = _new_decoder.decode(raw)
    who, commands = comment.user_id, comment.commands
    return _dressed(comment.vpos_ms, who, comment.body, commands, comment.id)


FORMAT = XmlFormat(
    "niconico-xml",
    'NicoNico\'s XML, <packet><chat vpos="…" mail="…">text</chat></packet>',
    frozenset({"chat"}),
    frozenset({"packet", "chat"}),
    _read_element,
)
JSON_FORMAT = JsonFormat(
    "niconico-json",
    'NicoNico\'s JSON, [{"chat": {"vpos", "mail", "content"}}] or with "vposMs" and "body"',
    frozenset({(), ("comments",), ("threads", "*", "comments")})
    | {("data", "threads", "*", "comments"), ("*", "comments")},
    True,
    lambda item: (
        isinstance(item, dict)
        and (isinstance(item.get("chat"), dict) or ("vposMs" in item and "body" in item))
    ),
    _read_item,
)
