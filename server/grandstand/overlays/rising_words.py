"""The words that a burst is made of: said now by many, and seldom in the minutes before. Pure;
bounded.

Words of scripts with gaps are words; in Chinese and Japanese, pairs to fours of characters stand
for them, so no dictionary is needed and names of athletes are found as they are. A word that is
part of a longer one that is said as often gives way to it. Emoji and numbers of one digit (``666``)
are words too, since people cheer with them.

Stop words are left out, and so are names of private persons (``overlays.names``).
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter, deque
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files

from grandstand.overlays.names import MENTION, PrivateNames, PublicNames
from grandstand.text.word_boundaries import is_gapless

BUCKET_S = 10
RECENT_BUCKETS = 3
PAST_BUCKETS = 30
"""Words of the last half minute rise against those of the five minutes before."""

KEPT_IN_BUCKET = 500
TERMS_OF_COMMENT = 12
LEAST_SAID = 2.5
"""A word that fewer people say tells of one person, not of the crowd."""

LONGER_SHARE = 0.6
"""A longer word takes the place of a shorter one in it that is said hardly more often."""

MOST_CHARS = 24

_ADDRESS = re.compile(r"://|www\.|(?<=\S)\.(?:com|net|org|tv|gg|cn|io|ru|me)\b", re.I)
"""What makes an address of a text without spaces. Looked for from every letter on, the whole of it
took 6 ms for 500 dots."""

_TERM = re.compile(
    "[\u3005\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+"
    "|[^\\W\\d_\u3005\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+"
    "(?:'[^\\W\\d_\u3005\u3040-\u30ff\u3400-\u9fff]+)*"
    "|(?<!\\d)(\\d)\\1{2,}(?!\\d)"
    "|[\u2600-\u27bf\U0001f300-\U0001faff]"
)
_NGRAM_SIZES = (2, 3, 4)
_RUN = re.compile(r"(.)\1{2,}")


@cache
def _stops() -> tuple[frozenset[str], frozenset[str]]:
    """Return the stop words, and the characters at which no Chinese word begins or ends."""
    lists = tomllib.loads(files(__package__).joinpath("stop_words.toml").read_text("utf-8"))
    words = frozenset(
        word for name, text in lists.items() if name != "edges" for word in text.split()
    )
    return words, frozenset(lists["edges"].replace(" ", ""))


def terms_of(text: str) -> dict[str, str]:
    """Return the words of a comment, each once, and how it is written here: at most
    ``TERMS_OF_COMMENT`` in their order (n-grams count together)."""
    stops, edges = _stops()
    found: dict[str, str] = {}
    for match in _TERM.finditer(_without_addresses(MENTION.sub(" ", text))):
        word = match[0]
        if is_gapless(word[0]) and not "\uac00" <= word[0] <= "\ud7a3":
            grams = (
                word[at : at + size]
                for size in reversed(_NGRAM_SIZES)
                for at in range(len(word) - size + 1)
            )
            for gram in grams:
                if gram[0] not in edges and gram[-1] not in edges and gram not in stops:
                    found[gram] = gram
                if len(found) >= 2 * TERMS_OF_COMMENT:
                    break
            continue
        folded = _RUN.sub(r"\1\1", word.lower())
        is_letter = len(folded) < 2 and folded < "\u2600"
        if not is_letter and len(folded) <= MOST_CHARS and folded not in stops:
            found[folded] = word
        if len(found) >= TERMS_OF_COMMENT:
            break
    return found


def _without_addresses(text: str) -> str:
    if _ADDRESS.search(text) is None:
        return text
    return " ".join(part for part in text.split() if _ADDRESS.search(part) is None)


def term_of(word: str) -> str:
    """Return what a word of ``RisingWords.top`` is counted as."""
    return next(iter(terms_of(word)), word)


class RisingWords:
    """Counts the words of one room. ``is_muted`` says which may not be shown."""

    def __init__(self, is_muted: Callable[[str], bool] | None, public: PublicNames) -> None:
        self._is_muted = is_muted
        self._names = PrivateNames(public)
        self._buckets: deque[tuple[Counter[str], float]] = deque()
        self._past: Counter[str] = Counter()
        self._past_said = 0.0
        self._now: Counter[str] = Counter()
        self._now_said = 0.0
        self._number = -1
        self._written: dict[str, str] = {}

    def note(self, second: int, author: Iterable[str], text: str) -> None:
        """Note whose names a comment gives away; ``author`` are the names of its author."""
        self._names.note(second, author, text)

    def add(self, second: int, text: str, weight: float) -> None:
        """Count the words of a comment that counts ``weight``. Seconds never go back."""
        self.advance(second)
        self._now_said += weight
        for term, written in terms_of(text).items():
            self._now[term] += weight  # type: ignore[assignment]
            self._written.setdefault(term, written)

    def advance(self, second: int) -> None:
        """Go on to ``second``, if need be to another bucket."""
        number = second // BUCKET_S
        for _ in range(min(number - self._number, RECENT_BUCKETS + PAST_BUCKETS)):
            self._close()
        self._number = max(number, self._number)

    def _close(self) -> None:
        if len(self._now) > KEPT_IN_BUCKET:
            most = sorted(self._now.items(), key=lambda item: (-item[1], item[0]))
            self._now = Counter(dict(most[:KEPT_IN_BUCKET]))
        self._buckets.append((self._now, self._now_said))
        self._now, self._now_said = Counter(), 0.0
        if len(self._buckets) >= RECENT_BUCKETS:
            counts, said = self._buckets[-RECENT_BUCKETS]
            self._past.update(counts)
            self._past_said += said
        if len(self._buckets) >= RECENT_BUCKETS + PAST_BUCKETS:
            counts, said = self._buckets.popleft()
            for term, count in counts.items():
                left = self._past[term] - count
                if left > 1e-6:
                    self._past[term] = left
                else:
                    del self._past[term]
            self._past_said = max(0.0, self._past_said - said)
            self._written = {
                term: written
                for term, written in self._written.items()
                if term in self._past or any(term in counts for counts, _ in self._buckets)
            }

    def top(self, most: int) -> list[str]:
        """Return the words that rise most, as people write them, the strongest first."""
        recent, said = Counter(self._now), self._now_said
        for counts, each in list(self._buckets)[-(RECENT_BUCKETS - 1) :]:
            recent.update(counts)
            said += each
        scale = said / (self._past_said + 20.0)
        scored: list[tuple[float, str]] = []
        for term, count in recent.items():
            usual = (self._past[term] + 0.5) * scale
            if count >= LEAST_SAID and count > 2 * usual:
                scored.append((count * math.log((count + 1) / (usual + 1)), term))
        scored.sort(key=lambda item: (-item[0], item[1]))
        return self._chosen(scored[: 10 * most], recent, most)

    def _chosen(
        self, scored: list[tuple[float, str]], recent: Counter[str], most: int
    ) -> list[str]:
        second = self._number * BUCKET_S
        candidates = [term for _, term in scored]
        out: list[str] = []
        for term in candidates:
            if is_gapless(term):
                longer = [
                    other
                    for other in candidates
                    if len(other) > len(term)
                    and term in other
                    and recent[other] >= LONGER_SHARE * recent[term]
                ]
                overlaps = any(is_gapless(word) and _overlap(term, word) for word in out)
                if longer or overlaps:
                    continue
            written = self._written.get(term, term)
            if self._names.has(term, second) or (self._is_muted and self._is_muted(term)):
                continue
            out.append(written)
            if len(out) == most:
                break
        return out


def _overlap(one: str, other: str) -> bool:
    """Return whether two n-grams share a pair of characters, as parts of one phrase do."""
    return any(one[at : at + 2] in other for at in range(len(one) - 1))
