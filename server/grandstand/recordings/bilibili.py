"""Bilibili's XML, which danmaku players and converters read and write. Pure.

An element is ``<d p="seconds,mode,size,colour,unix seconds,pool,user,id">text</d>``; the seconds
count from the start of the span, the mode is 1 to 3 and 6 scroll, 4 bottom, 5 top. Ours tells when
second 0 was in ``<start>``, which others pass over.

It is read by pattern, element by element: what one finds on disks is cut short, or has characters
that XML forbids, and one bad element must not hide the others. Nothing is ever expanded.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from msgspec import UNSET, UnsetType

from grandstand.recordings.line import MAX_ID_CHARS, Line
from grandstand.rules.record import Row
from grandstand.wire.messages import MAX_TIME_MS, Mode, Size

MODES = {"scroll": 1, "bottom": 4, "top": 5}
SIZES = {"small": 18, "normal": 25, "large": 36}
WHITE = 0xFFFFFF

_MODES_READ: dict[str, Mode] = {
    **dict.fromkeys(("1", "2", "3", "6"), "scroll"),
    "4": "bottom",
    "5": "top",
}
_SMALL_MAX, _NORMAL_MAX = 20, 30

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't say, not even escaped (its production 2)."""

_ELEMENT = re.compile(r"<d(?=[\s>/])([^<>]*)(?:>([^<]*)(</d\s*>)?)?")
_PLACE = re.compile(r"""\bp\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_START = re.compile(r"<start>(\d{1,16})</start>")


async def document(
    room: str, start: int, chunks: AsyncIterator[Sequence[Row]]
) -> AsyncIterator[bytes]:
    """The document in parts; ``start`` is the programme time (ms) of second 0."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<i><chatserver>grandstand</chatserver><chatid>{escape(room)}</chatid>"
        f"<source>grandstand</source><start>{start}</start>\n"
    ).encode()
    async for chunk in chunks:
        yield "".join(_element(row, start) for row in chunk).encode()
    yield b"</i>\n"


def _element(row: Row, start: int) -> str:
    fields = (
        f"{(row.at - start) / 1000:.3f}",
        MODES[row.mode],
        SIZES[row.size],
        WHITE if row.color is None else row.color,
        row.at // 1000,
        0,
        row.user,
        row.id,
    )
    text = escape(_NOT_XML.sub("", row.text))
    return f"<d p={quoteattr(','.join(map(str, fields)))}>{text}</d>\n"


def start_of(text: str) -> int | None:
    """The programme time (ms) of second 0, if the document tells it."""
    match = _START.search(text, 0, 10_000)
    return None if match is None else int(match[1])


def read(text: str) -> Iterator[tuple[int, Line | str]]:
    """Every ``d`` element with the number of its line: a comment, or what is wrong with it."""
    number, counted = 1, 0
    for match in _ELEMENT.finditer(text):
        number += text.count("\n", counted, match.start())
        counted = match.start()
        attributes, said, end = match.groups()
        if end is None:
            yield number, "the element has no end"
        else:
            yield number, _line(attributes, said)


def _line(attributes: str, said: str) -> Line | str:
    place = _PLACE.search(attributes)
    if place is None:
        return "the element has no p"
    fields = html.unescape(place[1] or place[2] or "").split(",")
    if len(fields) < 4:
        return f"p has {len(fields)} fields, where at least 4 must be"
    try:
        at = float(fields[0]) * 1000
        size, color = int(fields[2]), int(fields[3])
    except ValueError:
        return "p has words where numbers must be"
    if not (math.isfinite(at) and 0 <= at <= MAX_TIME_MS):
        return f"{fields[0]} seconds are no moment of a broadcast"
    mode = _MODES_READ.get(fields[1].strip())
    if mode is None:
        return f"mode {fields[1]} is a drawing or a script, no comment"
    shade: int | UnsetType = color if 0 <= color < WHITE else UNSET
    return Line(
        at=round(at, 3),
        user=(fields[6].strip()[:100] if len(fields) > 6 else "") or "viewer",
        text=html.unescape(said),
        mode=mode,
        color=shade,
        size=_size(size),
        id=fields[7].strip()[:MAX_ID_CHARS] if len(fields) > 7 else "",
    )


def _size(points: int) -> Size:
    if points <= _SMALL_MAX:
        return "small"
    return "normal" if points <= _NORMAL_MAX else "large"
