"""How much one comment says about the crowd: people count, not lines. Pure; bounded.

A person's first comment of half a minute counts 1, the second a half, further ones nothing. Of
comments with the same long text, as in a raid or a wave of adverts, the second counts a half, the
third a third. Cheers are short or differ, so they count in full: a hundred people who write ``GG``
or one emote are a hundred.
"""

from __future__ import annotations

import re

from grandstand.text.normalise import skeleton
from grandstand.text.word_boundaries import is_gapless

PERSON_S = 30
BY_PERSON = (1.0, 0.5)
TEXT_S = 120
MAX_PEOPLE = 50_000
MAX_TEXTS = 20_000
"""Beyond these the oldest are forgotten; some 100 bytes each."""

LONG_LETTERS = 12
"""From so many letters and two words on a text is long; in scripts without gaps from two thirds of
that, of which half must differ."""

KEY_LETTERS = 16
"""So many letters tell long texts apart, in scripts without gaps two thirds of them: what a spammer
varies stands mostly at the end."""

_WORD = re.compile(r"[^\W\d_]+")


def long_text_key(text: str) -> str:
    """Return what is equal for copies of a long text, ``""`` for a short one."""
    words = _WORD.findall(skeleton(text))
    letters = "".join(words)
    if is_gapless(letters):
        is_long = 3 * len(letters) >= 2 * LONG_LETTERS and 3 * len(set(letters)) >= LONG_LETTERS
        return letters[: KEY_LETTERS * 2 // 3] if is_long else ""
    is_long = len(letters) >= LONG_LETTERS and len(set(words)) > 1
    return letters[:KEY_LETTERS] if is_long else ""


class _Recent:
    """How often each key came within a span that begins with its first."""

    def __init__(self, span_s: int, most: int) -> None:
        self._span_s = span_s
        self._most = most
        self._counts: dict[str, tuple[int, int]] = {}

    def before(self, key: str, second: int) -> int:
        """Count the key; return how often it came before."""
        since, count = self._counts.get(key, (second, 0))
        if second - since >= self._span_s:
            since, count = second, 0
        if count == 0:
            self._counts.pop(key, None)  # the dict stays in the order of its firsts
        self._counts[key] = (since, count + 1)
        if len(self._counts) > self._most:
            del self._counts[next(iter(self._counts))]
        return count


class Voices:
    """Weighs the comments of one room."""

    def __init__(self) -> None:
        self._people = _Recent(PERSON_S, MAX_PEOPLE)
        self._texts = _Recent(TEXT_S, MAX_TEXTS)

    def weigh(self, second: int, user: str, text: str) -> float:
        """Return how much a comment counts, 0 to 1. An unknown ``user`` is ``""``: each of their
        comments counts as another person's."""
        share = 1.0
        if user:
            before = self._people.before(user, second)
            if before >= len(BY_PERSON):
                return 0.0
            share = BY_PERSON[before]
        key = long_text_key(text)
        return share / (1 + self._texts.before(key, second)) if key else share
