"""The names of an event, which no engine may change. Pure.

Names are plain text, whatever characters they have. They are found as they are written, so that
``rosa`` isn't the athlete ``Rosa``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape

from ahocorasick_rs import MATCHKIND_LEFTMOST_LONGEST, AhoCorasick

from grandstand.text.word_boundaries import is_part

NAMES_MAX = 20_000
NAME_MAX_CHARS = 100

WORD_MIN_CHARS = 3
"""Of a surname: shorter ones are too often words."""

_BRACKETED = re.compile(r"\[\s?(\d{1,3})\s?\]")
_TAGGED = re.compile(r"<k>(.*?)</k>", re.DOTALL)


class Glossary:
    """Some names."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """What is longer than ``NAME_MAX_CHARS``, and more than ``NAMES_MAX``, is left out."""
        kept = dict.fromkeys(name.strip() for name in names if 1 < len(name) <= NAME_MAX_CHARS)
        self.names: Sequence[str] = [name for name in kept if name][:NAMES_MAX]
        self._find = AhoCorasick(self.names, MATCHKIND_LEFTMOST_LONGEST) if self.names else None

    def names_in(self, text: str) -> tuple[str, ...]:
        """Return the names in a text, each once; 1 us for a comment."""
        if self._find is None:
            return ()
        found = {
            self.names[place]: None
            for place, start, end in self._find.find_matches_as_indexes(text)
            if not is_part(text, start, end)
        }
        return tuple(found)


def spoken(name: str) -> Iterator[str]:
    """Yield what people say of a name: all of it, and its last word, as they call Declan Rice."""
    name = name.strip()
    if name:
        yield name
    *before, last = name.split() or [""]
    if before and len(last) >= WORD_MIN_CHARS and last.isalpha() and last[0].isupper():
        yield last


def without(text: str, names: Sequence[str]) -> str:
    """Return a text with a space in place of each name."""
    return _any_of(names).sub(" ", text) if names else text


@dataclass(frozen=True, slots=True)
class Cover:
    """A text in which names are covered, and how to uncover them in its translation."""

    text: str
    uncovered: Callable[[str], str]

    @classmethod
    def brackets(cls, text: str, names: Sequence[str]) -> Cover:
        """Cover names by numbers in brackets, as in ``[1]``, other than those that the text has."""
        if not names:
            return cls(text, lambda answer: answer)
        taken = {int(number) for number in _BRACKETED.findall(text)}
        free = (number for number in range(1, 1000) if number not in taken)
        numbers = {name: next(free) for name in names}
        back = {number: name for name, number in numbers.items()}
        covered = _any_of(names).sub(lambda found: f"[{numbers[found[0]]}]", text)
        return cls(
            covered,
            lambda answer: _BRACKETED.sub(lambda found: back.get(int(found[1]), found[0]), answer),
        )

    @classmethod
    def tags(cls, text: str, names: Sequence[str]) -> Cover:
        """Return the text as XML, with names in elements ``k``."""
        parts = _any_of(names).split(text) if names else [text]
        kept = _any_of(names).findall(text) if names else []
        covered = escape(parts[0], quote=False)
        for name, part in zip(kept, parts[1:], strict=True):
            covered += f"<k>{escape(name, quote=False)}</k>{escape(part, quote=False)}"
        return cls(covered, lambda answer: unescape(_TAGGED.sub(r"\1", answer)))


def _any_of(names: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))
