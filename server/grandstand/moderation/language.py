"""Guesses the language of a comment: by its script, and in Latin letters by the scorer. Pure.

The result is a hint. Of languages in Latin letters only English and German are told apart. Chinese
characters are Chinese unless there are kana among them; Cyrillic ones are Russian. Emoji and signs,
Latin letters among others (``GOAL 加油``) and the middle dot and long mark of katakana, which faces
are made of, say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from grandstand.wire.messages import UNKNOWN_LANG as UNKNOWN

GERMAN_FROM = 0.9

_ENGLISH = frozenset(
    [
        "the",
        "you",
        "your",
        "are",
        "is",
        "what",
        "that",
        "this",
        "these",
        "they",
        "it",
        "its",
        "it's",
        "and",
        "of",
        "to",
        "for",
        "with",
        "have",
        "has",
        "not",
        "don't",
        "can't",
        "how",
        "who",
        "why",
        "when",
        "where",
        "my",
        "we",
        "i'm",
        "just",
        "get",
        "from",
        "would",
        "will",
        "been",
    ]
)
"""Common words that other languages in Latin letters don't have."""

_SCRIPTS = {
    "ja": "\u3041-\u3096\u30a1-\u30fa",
    "ko": "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff",
    "ru": "\u0400-\u052f",
    "ar": "\u0620-\u064a\u066e-\u06d3\u0750-\u077f",
    "th": "\u0e01-\u0e30",
    "hi": "\u0904-\u0939",
}
_LETTER = re.compile(  # checking first whether it is any of them takes a sixth of the time
    f"(?=[{''.join(_SCRIPTS.values())}])(?:"
    + "|".join(f"(?P<{tag}>[{letters}])" for tag, letters in _SCRIPTS.items())
    + ")"
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]{2}.*[A-Za-z\u00c0-\u024f]{2}", re.DOTALL)
_KANA = re.compile(f"[{_SCRIPTS['ja']}]")


def languages(texts: list[str], german: Iterable[float] | None = None) -> list[str]:
    """Return a BCP 47 tag for each text, ``und`` if unknown. About 0.2 us a text.

    ``german`` is the scorer's probability that a text in Latin letters, if English or German, is
    German; without it those are unknown.
    """
    if german is None:
        return [UNKNOWN if text.isascii() else _language(text) for text in texts]
    return [
        _of_latin(text, chance) if text.isascii() or (tag := _language(text)) == UNKNOWN else tag
        for text, chance in zip(texts, german, strict=True)
    ]


def _of_latin(text: str, german: float) -> str:
    if german >= GERMAN_FROM:
        return "de" if _LATIN.search(text) else UNKNOWN
    return UNKNOWN if _ENGLISH.isdisjoint(text.lower().split()) else "en"


def _language(text: str) -> str:
    found = _LETTER.search(text)
    if found is None or found.lastgroup is None:
        return UNKNOWN
    if found.lastgroup == "zh" and _KANA.search(text, found.end()):
        return "ja"
    return found.lastgroup
