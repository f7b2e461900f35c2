"""What of a sentence the phrase book knows by itself, at either end: ``yes, that was close``. Pure.

It is translated by the book, and only the rest is asked for. What marks set apart is a sentence of
its own in every language. Without a mark only a few words are, at either end of one without being
a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

from grandstand.translation.trimmed import Trimmed

Find: TypeAlias = Callable[[str], str | None]
"""Return what the book has for a text, with the marks around it; None if it has nothing."""

_END = re.compile(r"(?<=[,.!?;…])\s+|(?<=[，。！？；])(?![，。！？；\s])")
_SAYS = (
    r"(?:i|i'?m|he|he'?s|she|we|they|you|it|it'?s|that|that'?s|this|please|don'?t|stop|wait|not)"
)
_BEFORE = re.compile(
    r"(?:hi+|hey+|hello+|ye+s+|ye+a+h*|yep|nah|omg|wow|please|pls|plz|okay|ok)"
    r"(?=\s+(?!(?:there|kitty|again)\b)\w)"
    rf"|no+(?=\s+{_SAYS}\s+\w)|wait(?=\s+(?:{_SAYS}|what|why|who|how|is|are|was|no|so)\s+\w)",
    re.IGNORECASE,
)
_AFTER = re.compile(r"(?<=\w)\s+(?:please|pls|plz)$", re.IGNORECASE)


def rest_of(parts: Trimmed, find: Find) -> Trimmed:
    """Return the parts of a text with what the book knows at an end of the core in its translation,
    outside of the core."""
    if parts.times > 1:
        return parts
    before, rest, after = beside(parts.core, find)
    covers = {cover: word for cover, word in parts.covers.items() if cover in rest}
    return Trimmed(parts.before + before, rest, after + parts.after, covers=covers)


AT_AN_END = 6
"""Pieces and words that are looked up at most at either end: a comment may be a hundred of them."""


def beside(text: str, find: Find) -> tuple[str, str, str]:
    """Return the translation of what stands before, the rest as it is, and the translation of what
    stands after; the rest is "" if the book knows all."""
    pieces = _pieces(text)
    before, after = "", ""
    for _ in range(AT_AN_END):
        if not pieces or (said := find(pieces[0])) is None:
            break
        before += said
        pieces.pop(0)
    for _ in range(AT_AN_END):
        if not pieces or (said := find(pieces[-1])) is None:
            break
        after = said + after
        pieces.pop()
    rest = "".join(pieces)
    for _ in range(AT_AN_END):
        if (word := _BEFORE.match(rest)) is None or (said := find(word[0])) is None:
            break
        before, rest = f"{before}{said} ", rest[word.end() :].lstrip()
    if (word := _AFTER.search(rest)) and (said := find(word[0])) is not None:
        after, rest = said + after, rest[: word.start()]
    if after:  # an answer comes without the space that stands between
        bare = rest.rstrip(", ")
        after, rest = rest[len(bare) :] + after, bare
    return before, rest, after


def _pieces(text: str) -> list[str]:
    """Return what marks set apart, each with its marks and what space follows."""
    ends = [found.end() for found in _END.finditer(text)]
    places = [0, *ends, len(text)]
    return [text[start:end] for start, end in pairwise(places) if start < end]
