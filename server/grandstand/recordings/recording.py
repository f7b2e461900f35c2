"""A recorded chat, read: every line is a comment or what is wrong with it. Pure.

The first character tells the form: ``<`` is Bilibili's XML, ``[`` a JSON list, all else NDJSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from grandstand.recordings import bilibili
from grandstand.recordings.line import Line

_BOM = b"\xef\xbb\xbf"


class NotARecordingError(Exception):
    """The whole can't be read: where and why."""


@dataclass(frozen=True, slots=True)
class Recording:
    """``lines`` are numbered as they stand in the file, comments of a list from 1.

    ``start`` is the programme time (ms) of second 0, if the recording tells it.
    """

    form: Literal["ndjson", "json", "bilibili-xml"]
    lines: list[tuple[int, Line | str]]
    start: int | None = None

    @property
    def comments(self) -> list[tuple[int, Line]]:
        """The lines that are comments, with their numbers."""
        return [(number, line) for number, line in self.lines if isinstance(line, Line)]

    @property
    def faults(self) -> list[tuple[int, str]]:
        """The numbers of the lines that are none, and why."""
        return [(number, line) for number, line in self.lines if isinstance(line, str)]


def read(payload: bytes, kind: type[Line] = Line) -> Recording:
    """The recording; ``kind`` may be stricter than a plain Line.

    Raises NotARecordingError if it is a JSON list that can't be read, or isn't UTF-8.
    """
    payload = payload.removeprefix(_BOM)
    first = payload.lstrip()[:1]
    if first == b"<":
        try:
            text = payload.decode()
        except UnicodeDecodeError as fault:
            number = payload.count(b"\n", 0, fault.start) + 1
            raise NotARecordingError(f"line {number} isn't UTF-8") from None
        return Recording("bilibili-xml", [*bilibili.read(text)], bilibili.start_of(text))
    if first == b"[":
        try:
            items = msgspec.json.decode(payload, type=list[msgspec.Raw])
        except (msgspec.MsgspecError, RecursionError) as fault:
            raise NotARecordingError(f"it is no list in JSON: {fault}") from None
        return Recording("json", [*_each(enumerate(items, 1), kind)])
    rows = ((number, row) for number, row in enumerate(payload.splitlines(), 1) if row.strip())
    return Recording("ndjson", [*_each(rows, kind)])


def _each(rows: Iterator[tuple[int, Any]], kind: type[Line]) -> Iterator[tuple[int, Line | str]]:
    decoder = msgspec.json.Decoder(kind)
    for number, row in rows:
        try:
            yield number, decoder.decode(row)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
            yield number, str(fault)
