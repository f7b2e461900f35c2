"""The record as Bilibili's XML, which danmaku players and converters read.

An element is ``<d p="seconds,mode,size,colour,unix seconds,pool,user,id">text</d>``; the seconds
count from the start of the span, the mode is 1 scroll, 4 bottom, 5 top.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from grandstand.rules.record import Row

MODES = {"scroll": 1, "bottom": 4, "top": 5}
SIZES = {"small": 18, "normal": 25, "large": 36}
WHITE = 0xFFFFFF

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't say, not even escaped (its production 2)."""


async def document(
    room: str, start: int, chunks: AsyncIterator[Sequence[Row]]
) -> AsyncIterator[bytes]:
    """The document in parts; ``start`` is the programme time (ms) of second 0."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<i><chatserver>grandstand</chatserver><chatid>{escape(room)}</chatid>"
        "<source>grandstand</source>\n"
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
