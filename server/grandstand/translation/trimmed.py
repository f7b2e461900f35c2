"""The part of a text that an engine is asked for: without what stands around it, once where it is
said several times in a row, and with stretched words cut. Pure.

A third of the characters of some chats are emotes beside words, and sentences that are copied until
the line is full. What is asked for less costs less, and is more often known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from grandstand.translation.speech import stands_apart

_TOKEN = re.compile(r"\S+")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True, slots=True)
class Trimmed:
    """``before``, then ``core`` as many ``times`` with ``gap`` between, then ``after``. No letter
    stands more than twice in a row in the core."""

    before: str
    core: str
    after: str
    times: int = 1
    gap: str = ""

    def around(self, core: str) -> str:
        """Return the text with another core."""
        return f"{self.before}{self.gap.join([core] * self.times)}{self.after}"


@lru_cache(maxsize=1000)
def trimmed(text: str) -> Trimmed:
    """Return the parts of a text; 30 us for the first of a room's languages. All is core if nothing
    stands around anything, and if nothing is left."""
    tokens = [*_TOKEN.finditer(text)]
    first, last = 0, len(tokens)
    while first < last and stands_apart(tokens[first][0]):
        first += 1
    while last > first and stands_apart(tokens[last - 1][0]):
        last -= 1
    if first == last:
        return Trimmed("", _STRETCHED.sub(r"\1\1", text), "")
    start, end = tokens[first].start(), tokens[last - 1].end()
    words = [token[0] for token in tokens[first:last]]
    size = _period(words)
    core = _STRETCHED.sub(r"\1\1", text[start : tokens[first + size - 1].end()])
    return Trimmed(text[:start], core, text[end:], len(words) // size, " ")


def _period(words: list[str]) -> int:
    """Return how many words are said over and over; all of them if none are."""
    for size in range(1, len(words) // 2 + 1):
        if len(words) % size == 0 and words[size:] == words[:-size]:
            return size
    return len(words)
