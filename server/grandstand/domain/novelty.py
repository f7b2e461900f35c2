"""Texts that were shown lately, so that they aren't shown again at once. Pure; bounded.

A text that was shown is not shown again for a while. A comment with the same text, or nearly the
same, is merged into that showing, and is counted with the next one. Two texts are nearly the same
if their sets of trigrams have a Jaccard index of ``NEAR`` or more and their digits are equal ("2:1"
is not "2:2"). They are found without comparing everything: if two sets so alike are put into one
order, the first ``n - ceil(NEAR * n) + 1`` of both have one in common (prefix filtering: Chaudhuri
et al., "A primitive operator for similarity joins", 2006). The order is from the last letters of
the alphabet to the first: rare ones come first, gaps last.

Strangers decide how many texts share a trigram. So each text is compared once with a comment, with
at most ``MOST_COMPARED`` texts, and all the work of a tick is counted: ``ShownTexts.effort``, in
letters, postings and trigrams, about 100 ns each. Past ``MOST_EFFORT`` the rest of the tick's
comments are recognised only if they say exactly the same.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field
from operator import itemgetter

QUIET_MS = 60_000
"""How long a text is not shown again at ``novelty`` 1."""

NEAR = 0.7
SWELL = 3
SWELL_FROM = 12
SWELL_MS = 10_000
"""A text is shown again early if, this long after it was shown, ``SWELL`` times as many copies wait
as were shown, and at least ``SWELL_FROM``: viewers must see that a whole crowd says it."""

REMEMBERED = 4_096
"""At most this many texts, up to 4.4 KB each with everything that finds them: two minutes at 30 a
second."""

_AGAIN = re.compile(r"(.{1,8}?)\1+")
_ONCE = itemgetter(1)  # r"\1" takes three times as long
_OTHERS = re.compile(r"\D+")

SHARING = 64
"""Of the texts with one trigram only the latest ones are found by it. Else a crowd that puts one
rare word into every comment would make each cost milliseconds."""

MOST_COMPARED = 128
"""Texts that a comment is compared with. Of 41,000 recorded messages, sent 20 times as fast as they
were, 1 in 50 meets more than 100."""

MOST_LETTERS = 256
"""Letters of a text, without the words it repeats, that are compared; of its digits all are."""

MOST_EFFORT = 50_000
"""The work of a tick, about 5 ms: recorded messages take 60 to 300 each."""

_GRAMS_A_LOOK = 4
"""Trigrams that are compared with another set in the time of reading one posting."""

_LOOKS_A_GRAM, _LOOKS_AN_ENTRY = 2, 4
"""Postings that are read in the time of making a trigram, and of adding and forgetting a
posting."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A text in the form in which it is compared: its trigrams, their number, its digits, and the
    trigrams that find it.

    ``finders`` are those of which two texts that are near each other must share one.
    """

    grams: frozenset[str] = frozenset()
    size: int = 0
    digits: str = ""
    finders: tuple[str, ...] = ()


NO_SHAPE = Shape()
"""The shape of a text that nothing is near to."""


def shape(skeleton: str) -> Shape:
    """Return the shape of a normal form, without what it repeats ("hahaha" is "ha")."""
    words = " ".join(dict.fromkeys(skeleton.split()))
    digits = _OTHERS.sub("", words)
    few = dict.fromkeys([_AGAIN.sub(_ONCE, word) for word in words[:MOST_LETTERS].split()])
    text = f" {' '.join(few)} "
    grams = frozenset([text[at : at + 3] for at in range(max(1, len(text) - 2))])
    size = len(grams)
    length = size - math.ceil(NEAR * size) + 1
    return Shape(grams, size, digits, tuple(sorted(grams, reverse=True)[:length]))


@dataclass(slots=True, eq=False)
class ShownText:
    """A text that was shown: as which comment, when, for how many; ``waiting`` copies came
    since."""

    id: str
    dedupe_key: int
    shape: Shape
    shown_ms: int
    count: int
    waiting: int = 0

    def is_quiet(self, now_ms: int, more: int, quiet_ms: float) -> bool:
        """Return whether it is too early for another showing that would stand for ``more``
        besides."""
        age_ms = now_ms - self.shown_ms
        waiting = self.waiting + more
        swells = waiting >= SWELL_FROM and waiting >= SWELL * self.count and age_ms >= SWELL_MS
        return age_ms < quiet_ms and not swells


@dataclass(slots=True)
class ShownTexts:
    """The texts shown lately, oldest first; ``lost`` copies waited for a text that was forgotten.

    ``effort`` is the work since it was set to 0, ``compared`` the number of compared pairs of
    texts.
    """

    lost: int = 0
    effort: int = 0
    compared: int = 0
    _by_dedupe_key: OrderedDict[int, ShownText] = field(default_factory=OrderedDict)
    _by_gram: dict[str, list[ShownText]] = field(default_factory=dict)

    def shape(self, skeleton: str) -> Shape:
        """Return the text's shape, or ``NO_SHAPE`` if the tick's work is used up."""
        if self.effort >= MOST_EFFORT:
            return NO_SHAPE
        form = shape(skeleton)
        self.effort += len(skeleton) + form.size * _LOOKS_A_GRAM
        return form

    def same(self, dedupe_key: int) -> ShownText | None:
        """Return the shown text that says the same, if there is one."""
        return self._by_dedupe_key.get(dedupe_key)

    def near(self, said: Shape) -> ShownText | None:
        """Return the shown text that says nearly the same; of several the one most like it, then
        the oldest."""
        grams, size, digits = said.grams, said.size, said.digits
        least, most = NEAR * size, size / NEAR
        best, found = NEAR, None
        compared: set[ShownText] = set()
        for gram in said.finders:
            if self.effort >= MOST_EFFORT:
                break
            sharing = self._by_gram.get(gram, ())
            self.effort += 1 + len(sharing)
            for earlier in sharing:
                other = earlier.shape
                if (
                    least <= other.size <= most
                    and other.digits == digits
                    and earlier not in compared
                ):
                    if len(compared) == MOST_COMPARED:
                        break
                    compared.add(earlier)
                    shared = len(grams & other.grams)
                    index = shared / (size + other.size - shared)
                    if index > best or (index == best and found is None):
                        best, found = index, earlier
        self.compared += len(compared)
        self.effort += len(compared) * (1 + size // _GRAMS_A_LOOK)
        return found

    def add(self, text: ShownText) -> None:
        """Remember the text, in place of one that says the same."""
        same = self._by_dedupe_key.get(text.dedupe_key)
        if same is not None:
            self._drop(same)
        elif len(self._by_dedupe_key) >= REMEMBERED:
            self._drop(next(iter(self._by_dedupe_key.values())))
        self._by_dedupe_key[text.dedupe_key] = text
        self.effort += len(text.shape.finders) * _LOOKS_AN_ENTRY
        for gram in text.shape.finders:
            sharing = self._by_gram.get(gram)
            if sharing is None:
                self._by_gram[gram] = [text]
                continue
            sharing.append(text)
            if len(sharing) > SHARING:
                del sharing[0]

    def take(self, text: ShownText) -> int:
        """Forget the text for another showing; return how many copies waited, which it must
        count."""
        waiting, text.waiting = text.waiting, 0
        self._drop(text)
        return waiting

    def forget(self, before_ms: float) -> None:
        """Forget texts shown before ``before_ms``."""
        while self._by_dedupe_key:
            oldest = next(iter(self._by_dedupe_key.values()))
            if oldest.shown_ms >= before_ms:
                break
            self._drop(oldest)

    def retract(self, ids: Collection[str]) -> None:
        """Forget comments that were taken back."""
        if not ids:
            return
        gone = [text for text in self._by_dedupe_key.values() if text.id in ids]
        for text in gone:
            self._drop(text)

    def _drop(self, text: ShownText) -> None:
        self.lost += text.waiting
        del self._by_dedupe_key[text.dedupe_key]
        for gram in text.shape.finders:
            sharing = self._by_gram.get(gram, [])
            if text in sharing:  # unless a later one has replaced it
                sharing.remove(text)
                if not sharing:
                    del self._by_gram[gram]

    @property
    def waiting(self) -> int:
        """Return how many comments wait for the next showing of their text."""
        return sum(text.waiting for text in self._by_dedupe_key.values())
