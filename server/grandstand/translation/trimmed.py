"""The part of a text that an engine is asked for: without what stands around it, with short covers
for emotes in the middle, once where it is said several times in a row, and with stretched words and
marks cut. Pure.

A third of the characters of some chats are emotes beside words, and sentences that are copied until
the line is full. What is asked for less costs less, and is more often known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from grandstand.translation.speech import stands_apart

_TOKEN = re.compile(r"\S+")
_STRETCHED = re.compile(r"\b[IVXLCDM]+\b|([^\W\d_])\1{2,}")
"""Or a Roman number, which stays: ``III`` isn't ``II``."""

_STRETCHED_END = re.compile(r"(?<=[^\W\d_])([auywhAUYWHi])\1{2,}\b")
"""Letters that end no word twice, in the languages that chats have most."""

_MARKS = re.compile(r"([?!,~])[?!,~]*\1[?!,~]*|\.{2,}")
_LAST_MARKS = "?!.,~…"
_BRACKETED = re.compile(r"\[\d{1,3}\]")
COVER_FROM = 4
"""Characters of what is covered at least: a cover has three."""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """``before``, then ``core`` as many ``times`` with ``gap`` between, then ``after``. No letter
    stands more than twice in a row in the core. ``covers`` are what stands in the core for emotes
    and links, as ``[1]``, each with what it stands for."""

    before: str
    core: str
    after: str
    times: int = 1
    gap: str = ""
    covers: Mapping[str, str] = field(default_factory=dict)

    def around(self, core: str) -> str:
        """Return the text with another core."""
        for cover, covered in self.covers.items():
            core = core.replace(cover, covered)
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
        return Trimmed("", _cut(text), "")
    words = [token[0] for token in tokens[first:last]]
    size, least = _period(words)
    start, end = tokens[first].start(), tokens[first + least - 1].end()
    core_end = start + _without_marks(text[start:end])
    core, covers = _covered(tokens[first : first + least], text[start:core_end])
    times = -(-len(words) // size)
    after = text[core_end:end] + text[tokens[last - 1].end() :]
    gap = text[core_end:end] + "".join(f" {word}" for word in words[least:size]) + " "
    return Trimmed(text[:start], core, after, times, gap, covers)


def _without_marks(text: str) -> int:
    """Return where a text ends without its last marks, but for what makes it a question."""
    end = len(text.rstrip(_LAST_MARKS))
    if end == 0 or "?" not in text[end:]:
        return end or len(text)
    return end + 1 if text[end] == "?" else len(text)


def _cut(text: str) -> str:
    """Return a text without what stretches its words and marks."""
    text = _STRETCHED_END.sub(r"\1", text)
    text = _STRETCHED.sub(lambda run: run[1] * 2 if run[1] else run[0], text)
    return _MARKS.sub(_fewer, text)


def _fewer(marks: re.Match[str]) -> str:
    """Return what a run of marks says: ``?!`` for ``?!?!?!``."""
    return "…" if marks[0][0] == "." else "".join(dict.fromkeys(marks[0]))


def _covered(tokens: Sequence[re.Match[str]], core: str) -> tuple[str, dict[str, str]]:
    """Return the core with covers, and what each covers. A core that has such numbers already gets
    none."""
    apart = [
        token[0] for token in tokens[1:-1] if len(token[0]) >= COVER_FROM and stands_apart(token[0])
    ]
    if not apart or _BRACKETED.search(core):
        return _cut(core), {}
    numbers = {word: f"[{number}]" for number, word in enumerate(dict.fromkeys(apart), 1)}
    short = " ".join(numbers.get(word, word) for word in core.split())
    return _cut(short), {cover: word for word, cover in numbers.items()}


def _period(words: list[str]) -> tuple[int, int]:
    """Return how many words are said over and over, all of them if none are; and how many of these
    the last time has: what is missing at its end is emotes and the like."""
    for size in range(1, len(words) // 2 + 2):
        least = len(words) % size or size
        repeats = len(words) > size and words[size:] == words[:-size]
        if repeats and all(map(stands_apart, words[least:size])):
            return size, least
    return len(words), len(words)
