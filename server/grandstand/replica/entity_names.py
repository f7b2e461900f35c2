"""An index of names: finds those in which words begin as they were typed. Pure.

Theory of operation: a name is folded (case, accents, widths) and becomes a line of its words, each
behind a space. Scripts without gaps have a space before each letter, so that they are found from
any letter on. A search is one for a space and the first letters of a word in all lines together,
which C does at a gigabyte a second: 100,000 names take about 1 ms where nothing is found. An index
of all beginnings of words would be faster and take ten times the memory.

Lines are kept in their order, so that pages are the same on all nodes.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

_MARKS = re.compile("[\u0300-\u036f]")
_GAPLESS = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff])")
_OTHERS = re.compile(r"[\W_]+")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})
"""Latin letters that Unicode doesn't take apart, as people type them who don't have them."""

FOLDED_CHARS = 200
"""Of a name's line: what stands behind isn't found. Some letters become eighteen when folded, and a
line is what the next page is asked for by."""

_END = "\t"
"""Stands between a line's words and its entity."""

_NO_WORD = "\x1f"
"""Stands in place of an entity's spaces, so that no word is found in it."""


@lru_cache(maxsize=256)
def folded(text: str) -> str:
    """Return the words of a name in lower case and without accents, each behind a space."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    spaced = _GAPLESS.sub(r" \1", unicodedata.normalize("NFC", plain).translate(_LETTERS))
    words = _OTHERS.sub(" ", spaced).strip()
    return f" {words}" if words else ""


class EntityNames:
    """The names of a room's entities."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._of: dict[str, str] = {}
        self._all: str | None = None

    def __contains__(self, entity: str) -> bool:
        return entity in self._of

    def put(self, entity: str, name: str) -> None:
        """Note an entity's name, in place of the one before; "" if it isn't to be found."""
        line = f"{folded(name)[:FOLDED_CHARS]}{_END}{entity.replace(' ', _NO_WORD)}" if name else ""
        before = self._of.get(entity, "")
        if line == before:
            return
        self._all = None
        if before:
            del self._lines[bisect_left(self._lines, before)]
            del self._of[entity]
        if line:
            self._lines.insert(bisect_left(self._lines, line), line)
            self._of[entity] = line

    def search(self, words: str, after: str, most: int) -> list[tuple[str, str]]:
        """Return the line and the entity of at most so many names that have words which begin like
        these, in the order of the lines, from behind the line ``after`` on; of all names without
        words."""
        first = bisect_right(self._lines, after)
        needle = folded(words)
        lines = self._found(needle, first) if needle else self._lines[first : first + most]
        return [
            (line, line.partition(_END)[2].replace(_NO_WORD, " ")) for line in islice(lines, most)
        ]

    def _found(self, needle: str, first: int) -> Iterator[str]:
        if first == len(self._lines):
            return
        if self._all is None:
            self._all = "\n".join(["", *self._lines, ""])
        everything = self._all
        place = everything.find(f"\n{self._lines[first]}\n")
        while (place := everything.find(needle, place)) >= 0:
            start, end = everything.rfind("\n", 0, place) + 1, everything.find("\n", place)
            yield everything[start:end]
            place = end
