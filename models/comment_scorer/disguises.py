"""Ways in which people dress up words to slip past filters, for the evaluation alone."""

from __future__ import annotations

import random
from collections.abc import Callable

_LEET = str.maketrans("aeiost", "4310$7")
_HOMOGLYPHS = str.maketrans("aceiopsxy", "асеіорѕху")  # Cyrillic twins
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_BOLD = {97 + n: 0x1D41A + n for n in range(26)} | {65 + n: 0x1D400 + n for n in range(26)}


def _inside(text: str, dress: Callable[[str], str]) -> str:
    """Dress every word of four letters and more, as people do."""
    return " ".join(dress(word) if len(word) >= 4 else word for word in text.split())


def _star(word: str, draw: random.Random) -> str:
    spot = draw.randrange(1, len(word) - 1)
    return word[:spot] + "*" + word[spot + 1 :]


def _draw_out(word: str, draw: random.Random) -> str:
    spot = draw.randrange(1, len(word))
    return word[:spot] + word[spot] * 3 + word[spot:]


DISGUISES: dict[str, Callable[[str, random.Random], str]] = {
    "leet": lambda text, _: _inside(text, lambda word: word.lower().translate(_LEET)),
    "spaced": lambda text, _: _inside(text, " ".join),
    "zero-width": lambda text, _: _inside(text, "\u200b".join),
    "full-width": lambda text, _: text.translate(_WIDE),
    "maths fonts": lambda text, _: text.translate(_BOLD),
    "zalgo": lambda text, _: "".join(letter + "\u0336\u0301" for letter in text),
    "homoglyphs": lambda text, _: text.lower().translate(_HOMOGLYPHS),
    "repeats": lambda text, draw: _inside(text, lambda word: _draw_out(word, draw)),
    "stars": lambda text, draw: _inside(text, lambda word: _star(word, draw)),
}
"""Each takes a text and a seeded source of chance."""
