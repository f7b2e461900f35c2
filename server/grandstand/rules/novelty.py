"""What was shown a moment ago, so that it isn't shown again at once. Pure; bounded.

A text that was shown is quiet for a while: who says the same, or nearly the same, is merged into
that showing, and their number waits for the next one. Near is what shares most of its trigrams:
sets with a Jaccard index of ``NEAR`` and more, with the same digits ("2:1" is not "2:2"). They are
found without comparing with everything: of two sets so alike, each ordered the same way, the first
``n - ceil(NEAR * n) + 1`` of both have one in common (prefix filtering: Chaudhuri et al., "A
primitive operator for similarity joins", 2006). The order is from the last letters of the alphabet
to the first: rare ones come first, gaps last.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

QUIET_MS = 60_000
"""How long a text is not shown again at ``novelty`` 1."""

NEAR = 0.7
SWELL = 3
SWELL_FROM = 12
SWELL_MS = 10_000
"""A text comes again before its time if, this long after it was shown, ``SWELL`` times as many wait
as were shown, and at least ``SWELL_FROM``: what a whole crowd says must be seen to grow."""

REMEMBERED = 4_096
"""Texts at most, up to 4.4 KB each with all that finds them: two minutes at 30 a second."""

_AGAIN = re.compile(r"(.{1,8}?)\1+")
_ONCE = r"\1"
_OTHERS = re.compile(r"\D+")

COMPARED = 64
"""Of the texts with one trigram only so many, the latest, are compared with another: else a crowd
that puts one rare word into every comment would make each cost milliseconds."""

Grams = frozenset[str]


def trigrams(gist: str) -> tuple[Grams, str]:
    """The trigrams of a normal form without what it repeats ("hahaha" is "ha"), and its digits."""
    words = dict.fromkeys(gist.split())
    digits = "".join(_OTHERS.sub("", word) for word in words)
    text = f" {' '.join(dict.fromkeys(_AGAIN.sub(_ONCE, word) for word in words))} "
    return frozenset(text[at : at + 3] for at in range(max(1, len(text) - 2))), digits


@dataclass(slots=True, eq=False)
class Theme:
    """A text that was shown: as which comment, when, for how many; ``waiting`` said it since."""

    id: str
    likeness: int
    grams: Grams
    digits: str
    shown_ms: int
    count: int
    waiting: int = 0

    def is_quiet(self, now_ms: int, more: int, quiet_ms: float) -> bool:
        """Whether it is too early for another showing that would stand for ``more`` besides."""
        age_ms = now_ms - self.shown_ms
        waiting = self.waiting + more
        swells = waiting >= SWELL_FROM and waiting >= SWELL * self.count and age_ms >= SWELL_MS
        return age_ms < quiet_ms and not swells


@dataclass(slots=True)
class Themes:
    """The texts shown lately, oldest first; ``lost`` waited for what has been forgotten."""

    lost: int = 0
    _by_likeness: OrderedDict[int, Theme] = field(default_factory=OrderedDict)
    _by_gram: dict[str, list[Theme]] = field(default_factory=dict)

    def same(self, likeness: int) -> Theme | None:
        """What was shown and says the same."""
        return self._by_likeness.get(likeness)

    def near(self, grams: Grams, digits: str) -> Theme | None:
        """What was shown and says nearly the same; of several the one most like it, then oldest."""
        least, most = NEAR * len(grams), len(grams) / NEAR
        best, found = NEAR, None
        for gram in _prefix(grams):
            for theme in self._by_gram.get(gram, ())[-COMPARED:]:
                if theme.digits == digits and least <= len(theme.grams) <= most:
                    shared = len(grams & theme.grams)
                    index = shared / (len(grams) + len(theme.grams) - shared)
                    if index > best or (index == best and found is None):
                        best, found = index, theme
        return found

    def add(self, theme: Theme) -> None:
        """Remembers it, in the place of one that says the same."""
        same = self._by_likeness.get(theme.likeness)
        if same is not None:
            self._drop(same)
        elif len(self._by_likeness) >= REMEMBERED:
            self._drop(next(iter(self._by_likeness.values())))
        self._by_likeness[theme.likeness] = theme
        for gram in _prefix(theme.grams):
            self._by_gram.setdefault(gram, []).append(theme)

    def take(self, theme: Theme) -> int:
        """Forgets it for another showing, which is to carry this many who waited."""
        waiting, theme.waiting = theme.waiting, 0
        self._drop(theme)
        return waiting

    def forget(self, before_ms: float) -> None:
        """Forgets what was shown before ``before_ms``."""
        while self._by_likeness:
            oldest = next(iter(self._by_likeness.values()))
            if oldest.shown_ms >= before_ms:
                break
            self._drop(oldest)

    def retract(self, ids: Collection[str]) -> None:
        """Forgets comments that were taken back."""
        if not ids:
            return
        gone = [theme for theme in self._by_likeness.values() if theme.id in ids]
        for theme in gone:
            self._drop(theme)

    def _drop(self, theme: Theme) -> None:
        self.lost += theme.waiting
        del self._by_likeness[theme.likeness]
        for gram in _prefix(theme.grams):
            sharing = self._by_gram[gram]
            sharing.remove(theme)
            if not sharing:
                del self._by_gram[gram]

    @property
    def waiting(self) -> int:
        """How many comments wait for the next showing of their text."""
        return sum(theme.waiting for theme in self._by_likeness.values())


def _prefix(grams: Grams) -> list[str]:
    """Those in which two sets that are near each other must meet."""
    length = len(grams) - math.ceil(NEAR * len(grams)) + 1
    return sorted(grams, reverse=True)[:length]
