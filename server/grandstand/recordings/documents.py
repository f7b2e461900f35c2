"""Cutting of list items out of a stream of JSON: of one document, or of lines. Pure.

A document is not decoded as a whole. The items of the wanted lists are cut out by their brackets,
and the caller decodes them one by one. So an item that can't be read hides no other, a file of
gigabytes takes the memory of one item, and everything besides the lists is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

MAX_ITEM_BYTES = 1_048_576
MAX_LEVELS = 16
"""How deep a wanted list may be."""

Path = tuple[str, ...]
"""The keys that lead to a list; ``*`` is each item of a list on the way, () the whole."""

_STRING_REST = re.compile(rb'(?:[^"\\\n]++|\\.)*', re.DOTALL)
_LANDMARK = re.compile(rb'["\[\]{},:]')
_TO_BRACKET = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\\n]++|\\.)*")*(["\[\]{}]?)', re.DOTALL)
_KEY_MAX_BYTES = 100


class Item(NamedTuple):
    """An item as it is written, its list, and its number among the items, from 1."""

    path: Path
    raw: bytes
    number: int
    is_whole: bool = True
    """False for an item that was too long to be kept, or that the file's end cuts off."""


class _Level:
    """A list or an object on the way to a wanted list."""

    __slots__ = ("is_list", "is_wanted", "key")

    def __init__(self, is_list: bool, is_wanted: bool) -> None:
        self.is_list = is_list
        self.is_wanted = is_wanted
        self.key = "*" if is_list else ""


class Document:
    """Cuts the items of the lists at ``paths`` out of the bytes that it is fed."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = frozenset(paths)
        self._ways = {path[:length] for path in self._paths for length in range(len(path) + 1)}
        self._bytes = b""
        self._at = 0
        self._levels: list[_Level] = []
        self._deeper = 0
        """How many brackets are open within an item, or in a part that is skipped."""
        self._in_string = False
        self._item_from = -1
        self._string_from = -1
        self._too_long = False
        self._word = b""
        """The string before, which is a key if a colon follows."""
        self._count = 0
        self.is_whole = False
        """Whether a document has ended, and no other has begun."""

    def feed(self, more: bytes) -> Iterator[Item]:
        """Yield the items that have become whole with more of the bytes."""
        self._bytes += more
        yield from self._scan()
        self._trim()

    def close(self) -> Iterator[Item]:
        """Yield the item that the end cuts off, if there is one."""
        if self._levels and self._levels[-1].is_wanted and not self.is_whole:
            raw = self._bytes[max(self._item_from, 0) :] if self._item_from >= 0 else b""
            if raw.strip() or self._too_long:
                self._count += 1
                yield Item(self._path(), b"", self._count, False)

    def _trim(self) -> None:
        if self._item_from >= 0 and self._at - self._item_from > MAX_ITEM_BYTES:
            self._too_long, self._item_from = True, -1
        if self._string_from >= 0 and self._at - self._string_from > _KEY_MAX_BYTES:
            self._string_from = -1
        keep = min(
            [self._at, *(each for each in (self._item_from, self._string_from) if each >= 0)]
        )
        self._bytes = self._bytes[keep:]
        self._at -= keep
        self._item_from -= keep if self._item_from >= 0 else 0
        self._string_from -= keep if self._string_from >= 0 else 0

    def _path(self) -> Path:
        return tuple(level.key for level in self._levels[:-1])

    def _scan(self) -> Iterator[Item]:
        text = self._bytes
        while True:
            if self._in_string and not self._string_ended():
                return
            wanted = bool(self._levels) and self._levels[-1].is_wanted
            if self._deeper:
                if not self._passed_over():
                    return
                continue
            found = _LANDMARK.search(text, self._at)
            if found is None:
                self._at = len(text)
                return
            self._at, mark = found.end(), found[0]
            if mark == b'"':
                self._in_string, self._string_from = True, found.start()
            elif mark == b":":
                if self._levels and not self._levels[-1].is_list:
                    self._levels[-1].key = self._word.decode(errors="replace")
            elif mark == b",":
                if wanted:
                    yield from self._item(found.start())
                    self._item_from = self._at
                elif self._levels and not self._levels[-1].is_list:
                    self._levels[-1].key = ""
            elif mark in b"[{":
                self._open(mark == b"[", wanted)
            elif self._levels:
                if wanted:
                    yield from self._item(found.start(), is_last=True)
                self._levels.pop()
                self._item_from = -1
                self.is_whole = not self._levels

    def _open(self, is_list: bool, in_wanted: bool) -> None:
        """Handle an opening bracket: a level on the way to a list, or one that is skipped."""
        if in_wanted:
            self._deeper = 1
            return
        path = tuple(level.key for level in self._levels)
        if path not in self._ways or len(self._levels) >= MAX_LEVELS:
            self._deeper = 1
            return
        self.is_whole = False
        is_wanted = is_list and path in self._paths
        self._levels.append(_Level(is_list, is_wanted))
        if is_wanted:
            self._item_from = self._at

    def _passed_over(self) -> bool:
        """Skip to the end of the open part; return whether that has come."""
        deeper, at = self._deeper, self._at
        while True:
            found = _TO_BRACKET.match(self._bytes, at)
            assert found is not None
            at, mark = found.end(), found[1]
            if mark == b"{" or mark == b"[":
                deeper += 1
            elif mark == b'"':  # a string that doesn't end on this line, or not yet
                self._deeper, self._at, self._in_string = deeper, at, True
                return True
            elif not mark:
                self._deeper, self._at = deeper, at
                return False
            elif deeper == 1:
                self._deeper, self._at = 0, at
                return True
            else:
                deeper -= 1

    def _string_ended(self) -> bool:
        """Go to the end of the string; return whether that has come."""
        found = _STRING_REST.match(self._bytes, self._at)
        assert found is not None
        self._at = found.end()
        if self._at == len(self._bytes) or (
            self._at == len(self._bytes) - 1 and self._bytes[self._at :] == b"\\"
        ):
            return False
        self._in_string = False
        if self._string_from >= 0:
            self._word = self._bytes[self._string_from + 1 : self._at][:_KEY_MAX_BYTES]
            self._string_from = -1
        self._at += 1  # the quote, or the newline that no string may contain
        return True

    def _item(self, end: int, is_last: bool = False) -> Iterator[Item]:
        raw = self._bytes[self._item_from : end].strip() if self._item_from >= 0 else b""
        too_long, self._too_long = self._too_long or len(raw) > MAX_ITEM_BYTES, False
        if is_last and not raw and not too_long:
            return  # an empty list, or a comma behind the last
        self._count += 1
        yield Item(self._path(), b"" if too_long else raw, self._count, not too_long)


class Lines:
    """Cuts lines out of the bytes that it is fed; an Item's number is its line's."""

    def __init__(self) -> None:
        self._bytes = b""
        self._number = 0
        self._too_long = False

    def feed(self, more: bytes) -> Iterator[Item]:
        """Yield the lines that have become whole, except blank ones."""
        lines = (self._bytes + more).splitlines(keepends=True)
        last = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for line in lines:
            yield from self._line(line)
        if len(last) > MAX_ITEM_BYTES:
            self._too_long, last = True, b""
        self._bytes = last

    def close(self) -> Iterator[Item]:
        """Yield the last line."""
        if self._bytes or self._too_long:
            yield from self._line(self._bytes)

    def _line(self, line: bytes) -> Iterator[Item]:
        self._number += 1
        too_long, self._too_long = self._too_long or len(line) > MAX_ITEM_BYTES, False
        raw = line.strip()
        if raw or too_long:
            yield Item((), b"" if too_long else raw, self._number, not too_long)
