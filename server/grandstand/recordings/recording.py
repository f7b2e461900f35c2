"""Reading of a recorded chat: each part is a comment, or a description of its fault. Pure.

The format is recognised by the content. ``Reader`` reads a stream in bounded memory; ``read`` reads
a whole at once. One comment that can't be read hides no other, in whatever format.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

import msgspec

from grandstand.recordings.documents import MAX_ITEM_BYTES, Document, Item, Lines
from grandstand.recordings.encodings import MARK, decoder, encoding_of
from grandstand.recordings.formats import (
    artplayer,
    bilibili,
    bilibili_live,
    chat_downloader,
    dplayer,
    niconico,
    own,
    twitch,
)
from grandstand.recordings.formats.format import Format, Found, JsonFormat, XmlFormat
from grandstand.recordings.line import Line, Other, UnreadableError
from grandstand.recordings.markup import Element, Flaw, Markup

HEAD_BYTES = 65_536
"""This much of a file is read to recognise its encoding and format."""
SOUGHT_BYTES = 32_768
"""The first comment of a JSON document must come within this; a longer search would cost 50 ms."""
SAMPLES = 20
PARSED_AT_ONCE = 65_536
"""Characters or bytes that are processed between two checks of what was found."""

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG_NAME = re.compile(r"<([A-Za-z][\w.-]{0,40})(?=[\s/>])")
_DIGITS = re.compile(r"\d{1,16}")
_WORDS_MAX_CHARS = 300


def formats(kind: type[Line] = Line) -> tuple[Format, ...]:
    """Return the formats that can be read, our own first."""
    return (
        own.format(kind),
        bilibili.FORMAT,
        bilibili_live.FORMAT,
        niconico.FORMAT,
        niconico.JSON_FORMAT,
        twitch.FORMAT,
        chat_downloader.FORMAT,
        dplayer.FORMAT,
        artplayer.FORMAT,
    )


NAMES = tuple(format.name for format in formats())


class NotARecordingError(ValueError):
    """The whole can't be read: why, and what could be."""


def known_formats() -> str:
    """Return each format that can be read, in one line."""
    return "; ".join(f"{format.name}: {format.title}" for format in formats())


class Entry(NamedTuple):
    """One part of a recording.

    ``number`` is its line in NDJSON, else its number among the parts, from 1. ``where`` is for
    people: the line, line and column, or the number of an item. ``found`` is a comment, or what is
    wrong.
    """

    number: int
    where: str
    found: Line | str


class Reader:
    """Reads a recording from its bytes as they come.

    ``format`` is a format's name, or None to recognise it by the content; ``kind`` may be stricter
    than a plain Line. After the first bytes ``name`` is the format's; after ``close`` ``others``
    counts the parts that are no comments. ``start`` is the programme time (ms) of second 0, if the
    recording has it.
    """

    def __init__(self, format: str | None = None, kind: type[Line] = Line) -> None:
        if format is not None and format not in NAMES:
            raise NotARecordingError(f"there is no format {format!r}; known are {', '.join(NAMES)}")
        self.name = ""
        self.start: int | None = None
        self.others: Counter[str] = Counter()
        self._formats = [each for each in formats(kind) if format in (None, each.name)]
        self._head = b""
        self._format: Format | None = None
        self._decode = decoder("utf-8")
        self._is_plain = True
        self._cutter: Document | Lines | None = None
        self._markup: Markup | None = None
        self._number = 0

    @property
    def is_cut_off(self) -> bool:
        """Return whether a JSON document ended before its end."""
        return isinstance(self._cutter, Document) and not self._cutter.is_whole

    def feed(self, chunk: bytes) -> Iterator[Entry]:
        """Yield what has become whole. Raises NotARecordingError once it is clear that none is."""
        if self._format is None:
            self._head += chunk
            if len(self._head) < HEAD_BYTES:
                return
            chunk = self._begun()
        for first in range(0, len(chunk), PARSED_AT_ONCE):
            yield from self._fed(chunk[first : first + PARSED_AT_ONCE])

    def close(self) -> Iterator[Entry]:
        """Yield what is left. Raises NotARecordingError if the format isn't known."""
        if self._format is None:
            chunk = self._begun()
            for first in range(0, len(chunk), PARSED_AT_ONCE):
                yield from self._fed(chunk[first : first + PARSED_AT_ONCE])
        left = self._decode.decode(b"", final=True)
        if self._markup is not None:
            yield from self._elements(chain(self._markup.feed(left), self._markup.close()))
        elif self._cutter is not None:
            rest = left.encode("utf-8", "surrogatepass")
            yield from self._items(chain(self._cutter.feed(rest), self._cutter.close()))

    def _begun(self) -> bytes:
        """Recognise the format by the head; return the head, which must be read."""
        encoding, mark = encoding_of(self._head[:HEAD_BYTES])
        head, self._head = self._head[mark:], b""
        self._decode = decoder(encoding)
        self._is_plain = encoding == "utf-8"
        text = decoder(encoding).decode(head[:HEAD_BYTES])
        self._format, self._cutter = _recognised(text, self._formats)
        self.name = self._format.name
        if isinstance(self._format, XmlFormat):
            self._markup = Markup(self._format.names | {bilibili.START})
        return head

    def _fed(self, chunk: bytes) -> Iterator[Entry]:
        if self._markup is not None:
            return self._elements(self._markup.feed(self._decode.decode(chunk)))
        assert self._cutter is not None
        if not self._is_plain:
            chunk = self._decode.decode(chunk).encode("utf-8", "surrogatepass")
        return self._items(self._cutter.feed(chunk))

    def _elements(self, elements: Iterator[Element | Flaw]) -> Iterator[Entry]:
        format = self._format
        assert isinstance(format, XmlFormat)
        for element in elements:
            where = f"{element.line}:{element.column}"
            if isinstance(element, Flaw):
                yield self._entry(where, element.words)
            elif element.name == bilibili.START:
                if self.start is None and _DIGITS.fullmatch(element.text.strip()):
                    self.start = int(element.text)
            else:
                found: Found | str
                try:
                    found = format.read(element)
                except UnreadableError as fault:
                    found = str(fault)
                if isinstance(found, Other):
                    self.others[found.kind] += 1
                else:
                    yield self._entry(where, found)

    def _items(self, items: Iterator[Item]) -> Iterator[Entry]:
        format, in_lines = self._format, isinstance(self._cutter, Lines)
        assert isinstance(format, JsonFormat)
        for item in items:
            if item.path not in format.paths:
                continue
            where = f"{item.number}" if in_lines else f"#{item.number}"
            self._number = item.number - 1
            found: Found | str
            if not item.is_whole:
                found = f"it is cut off, or longer than {MAX_ITEM_BYTES} bytes"
            else:
                try:
                    found = format.read(item.raw)
                except UnreadableError as fault:
                    found = str(fault)
                except (msgspec.MsgspecError, ValueError, RecursionError) as fault:
                    found = str(fault)
            if isinstance(found, Other):
                self.others[found.kind] += 1
            else:
                yield self._entry(where, found)

    def _entry(self, where: str, found: Line | str) -> Entry:
        self._number += 1
        if isinstance(found, str):
            found = found[:_WORDS_MAX_CHARS]
        return Entry(self._number, where, found)


def _recognised(text: str, among: list[Format]) -> tuple[Format, Document | Lines | None]:
    """Return the format of a text, and what cuts it into parts. Raises NotARecordingError."""
    begins = text.lstrip(" \t\r\n\0\ufeff" + MARK)[:1]
    xml_formats = [format for format in among if isinstance(format, XmlFormat)]
    if xml_formats and (begins == "<" or (not begins and len(among) == 1)):
        return _recognised_xml(text, xml_formats), None
    json_formats = [format for format in among if isinstance(format, JsonFormat)]
    if not json_formats:
        raise NotARecordingError(f"it is no XML, as {among[0].name} is")
    head = text.encode("utf-8", "surrogatepass")
    by_line = [format for format in json_formats if format.has_lines]
    if begins != "[":
        for item in islice(Lines().feed(head + b"\n"), SAMPLES):
            found = _knowing(item, by_line)
            if found is not None:
                return found, Lines()
    paths = {path for format in json_formats for path in format.paths}
    for item in islice(Document(paths).feed(head[:SOUGHT_BYTES]), SAMPLES):
        found = _knowing(item, [format for format in json_formats if item.path in format.paths])
        if found is not None:
            return found, Document(found.paths)
    if begins == "[" or not by_line:
        return json_formats[0], Document(json_formats[0].paths)
    return by_line[0], Lines()


def _recognised_xml(text: str, among: list[XmlFormat]) -> XmlFormat:
    if len(among) == 1:
        return among[0]
    for found in _TAG_NAME.finditer(_COMMENT.sub("", text)):
        for format in among:
            if found[1] in format.signs:
                return format
    raise NotARecordingError(
        f"it is XML of no format that can be read; these are: {known_formats()}"
    )


def _knowing(item: Item, among: list[JsonFormat]) -> JsonFormat | None:
    try:
        decoded = msgspec.json.decode(item.raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return next((format for format in among if format.knows(decoded)), None)


@dataclass(frozen=True, slots=True)
class Recording:
    """All of a recording: its format's name, its parts, and a count of what is no comment.

    ``start`` is the programme time (ms) of second 0, if the recording has it. ``is_cut_off`` is
    whether a JSON document ended before its end.
    """

    format: str
    lines: list[Entry]
    start: int | None = None
    others: Counter[str] = field(default_factory=Counter)
    is_cut_off: bool = False

    @property
    def comments(self) -> list[tuple[int, Line]]:
        """Return the parts that are comments, with their numbers."""
        return [(each.number, each.found) for each in self.lines if isinstance(each.found, Line)]

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Return the places of the parts that are none, and why."""
        return [(each.where, each.found) for each in self.lines if isinstance(each.found, str)]


def read(payload: bytes, kind: type[Line] = Line, format: str | None = None) -> Recording:
    """Return the recording; ``kind`` may be stricter than a plain Line.

    Raises NotARecordingError if it is of no format that can be read.
    """
    reader = Reader(format, kind)
    lines = [*reader.feed(payload), *reader.close()]
    return Recording(reader.name, lines, reader.start, reader.others, reader.is_cut_off)
