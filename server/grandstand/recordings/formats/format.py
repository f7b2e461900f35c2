"""Descriptions of the formats of recorded chats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grandstand.recordings.documents import Path
from grandstand.recordings.line import Line, Other
from grandstand.recordings.markup import Element

Found = Line | Other


@dataclass(frozen=True, slots=True)
class XmlFormat:
    """A format in XML: ``names`` are the elements that are read, ``signs`` those by which it is
    recognised.

    ``read`` raises UnreadableError for an element that is no comment.
    """

    name: str
    title: str
    names: frozenset[str]
    signs: frozenset[str]
    read: Callable[[Element], Found]


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """A format in JSON: a document with comments in the lists at ``paths``, or one on each line.

    ``knows`` returns whether a decoded item is of this format. ``read`` takes an item as it is
    written, and raises UnreadableError or what msgspec raises for one that is no comment.
    """

    name: str
    title: str
    paths: frozenset[Path]
    has_lines: bool
    knows: Callable[[object], bool]
    read: Callable[[bytes], Found]


Format = XmlFormat | JsonFormat
