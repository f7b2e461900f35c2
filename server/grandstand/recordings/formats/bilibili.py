"""Bilibili's XML, which danmaku players and converters read and write. Pure.

An element is ``<d p="seconds,mode,size,colour,unix seconds,pool,user,id">text</d>``. The seconds
count from the start of the span; modes 1 to 3 and 6 scroll, 4 is bottom, 5 top. Recorders of live
rooms add the author's name as ``user``, and ``sc`` (which may have words), ``gift``, ``guard`` and
``toast`` elements. Our own files have the time of second 0 in ``<start>``, which other readers
skip, and in ``uid`` an author whose id has a comma.
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from msgspec import UNSET

from grandstand.domain.record import Row
from grandstand.recordings.formats.format import Found, XmlFormat
from grandstand.recordings.line import (
    WHITE,
    Other,
    UnreadableError,
    made,
    number,
    size_of,
)
from grandstand.recordings.markup import Element
from grandstand.wire.messages import Mode, Size

MODES = {"scroll": 1, "bottom": 4, "top": 5}
SIZES = {"small": 18, "normal": 25, "large": 36}
MODES_READ: dict[str, Mode] = {
    **dict.fromkeys(("1", "2", "3", "6"), "scroll"),
    "4": "bottom",
    "5": "top",
}
_SIZES_READ: dict[str, Size] = {"18": "small", "25": "normal", "": "normal", "36": "large"}
START = "start"
"""The element with the programme time (ms) of second 0."""

_DRAWN = {"7": "drawings (mode 7)", "8": "scripts (mode 8)", "9": "scripts (mode 9)"}
_PLACE_MAX_CHARS = 1000
GOLD = 0xFFD700
"""The colour of comments that somebody paid for."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 can't contain, not even escaped (its production 2)."""


async def document(
    room: str, start: int, chunks: AsyncIterator[Sequence[Row]]
) -> AsyncIterator[bytes]:
    """Yield the document in parts; ``start`` is the programme time (ms) of second 0."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<i><chatserver>grandstand</chatserver><chatid>{escape(room)}</chatid>"
        f"<source>grandstand</source><start>{start}</start>\n"
    ).encode()
    async for chunk in chunks:
        yield "".join(_element(row, start) for row in chunk).encode()
    yield b"</i>\n"


def _element(row: Row, start: int) -> str:
    said = row.utterance
    fields = (
        f"{(said.at - start) / 1000:.3f}",
        MODES[said.look.mode],
        SIZES[said.look.size],
        WHITE if said.look.color is UNSET else said.look.color,
        said.at // 1000,
        0,
        said.user.replace(",", "_"),
        row.id,
    )
    attributes = f"p={_quoted(','.join(map(str, fields)))}"
    if "," in said.user:
        attributes += f" uid={_quoted(said.user)}"
    if said.name:
        attributes += f" user={_quoted(said.name)}"
    return f"<d {attributes}>{escape(_NOT_XML.sub('', said.text))}</d>\n"


def _quoted(value: str) -> str:
    return quoteattr(_NOT_XML.sub("", value))


def _read(element: Element) -> Found:
    match element.name:
        case "d":
            return _comment(element)
        case "sc":
            return _super_chat(element)
        case name:
            return Other(f"{name} elements")


def _comment(element: Element) -> Found:
    place = element.attributes.get("p")
    if place is None:
        raise UnreadableError("the element has no p")
    if len(place) > _PLACE_MAX_CHARS:
        raise UnreadableError(f"p has {len(place)} characters; {_PLACE_MAX_CHARS} may be")
    fields = place.split(",")
    if len(fields) < 4:
        raise UnreadableError(f"p has {len(fields)} fields, where at least 4 must be")
    seconds = number(fields[0], "the time in p")
    mode, size = _mode(fields[1].strip()), fields[2].strip()
    if isinstance(mode, Other):
        return mode
    return made(
        seconds * 1000,
        element.attributes.get("uid") or (fields[6] if len(fields) > 6 else ""),
        element.text,
        name=element.attributes.get("user", ""),
        mode=mode,
        color=fields[3],
        size=_SIZES_READ.get(size) or size_of(number(size, "the size in p")),
        own_id=fields[7] if len(fields) > 7 else "",
    )


def _mode(word: str) -> Mode | Other:
    if word in MODES_READ:
        return MODES_READ[word]
    value = number(word or "1", "the mode in p")
    digits = f"{value:g}" if math.isfinite(value) else word
    if digits in _DRAWN:
        return Other(_DRAWN[digits])
    mode = MODES_READ.get(digits)
    if mode is None:
        raise UnreadableError(f"mode {word[:20]} isn't known: it must be 1 to 9")
    return mode


def _super_chat(element: Element) -> Found:
    """Return a comment that somebody paid for: at the top, if it has words."""
    if not element.text.strip():
        return Other("sc elements without words")
    seconds = number(element.attributes.get("ts"), "ts")
    who = element.attributes
    return made(
        seconds * 1000,
        who.get("uid", ""),
        element.text,
        name=who.get("user", ""),
        mode="top",
        color=GOLD,
    )


FORMAT = XmlFormat(
    "bilibili-xml",
    "Bilibili's XML, <d p=\"seconds,mode,size,colour,…\">text</d>, and its recorders'",
    frozenset({"d", "sc", "gift", "guard", "toast"}),
    frozenset({"i", "d", "sc", "gift", "guard", "toast"}),
    _read,
)
