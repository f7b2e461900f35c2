"""Names among the words of comments: those of private persons, which are not shown, and those that
the public knows. Pure; bounded.

Viewers are private persons: whoever spoke lately, and whoever stands after an @. Athletes and teams
are not, and their fans call themselves after them: a word of a public name may be shown, whoever
else has it. It may become public after somebody of that name spoke.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache

from grandstand.text.normalise import skeleton
from grandstand.text.word_boundaries import is_gapless

MENTION = re.compile(r"[@＠]([\w.\-]{1,50})")

MAX_NAMES = 20_000
NAMED_S = 1800
"""A private person's name is one for so long after they spoke."""

MAX_PUBLIC_WORDS = 300_000
"""Three words each of as many entities as a room may have, some 36 MB (14 MB of 100,000 athletes
with a first and a last name); of more the newest."""

WORDS_OF_NAME = 24
"""Words that a public name gives, at most."""

_CHARACTERISTIC = 3  # letters from which a part of a person's name counts as a name
_SIGNS = re.compile(r"[\W\d_]+")


class PublicNames:
    """The words of names that everybody may read: of athletes, teams and what else has stats."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._words: dict[str, None] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Take a name; one that was corrected stays beside the present one."""
        for word in _public_words(name):
            self._words.setdefault(word)
        while len(self._words) > MAX_PUBLIC_WORDS:
            del self._words[next(iter(self._words))]

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, folded: str) -> bool:
        return folded in self._words


class PrivateNames:
    """The names of private persons who spoke, or were spoken to, lately."""

    def __init__(self, public: PublicNames) -> None:
        self._public = public
        self._seen: OrderedDict[str, int] = OrderedDict()

    def note(self, second: int, author: Iterable[str], text: str) -> None:
        """Note the author of a comment, by each of their names, and whom it mentions."""
        for name in author:
            self._note(second, name)
        if "@" in text or "＠" in text:
            for mention in MENTION.findall(text):
                self._note(second, mention)

    def _note(self, second: int, name: str) -> None:
        for part in _parts(name):
            self._seen[part] = second
            self._seen.move_to_end(part)
            if len(self._seen) > MAX_NAMES:
                self._seen.popitem(last=False)

    def has(self, word: str, second: int) -> bool:
        """Return whether a word is such a name, or holds one."""
        folded = skeleton(word)
        if folded in self._public:
            return False
        parts = {folded}
        if is_gapless(folded):
            parts |= {
                folded[at:end]
                for at in range(len(folded))
                for end in range(at + 2, len(folded) + 1)
            }
        return any(
            second - self._seen.get(part, -NAMED_S) < NAMED_S and part not in self._public
            for part in parts
        )


def _public_words(name: str) -> list[str]:
    """Return the words of a name, as each may stand in a comment, and all of them in one."""
    words = [*map(skeleton, _SIGNS.split(name)), *map(skeleton, name.split())]
    grams = [gram for word in words if is_gapless(word) for gram in _grams(word)]
    kept = [word for word in [*words, _SIGNS.sub("", skeleton(name)), *grams] if len(word) > 1]
    return kept[:WORDS_OF_NAME]


@lru_cache(maxsize=8192)
def _parts(name: str) -> frozenset[str]:
    """Return a name as it may be written in a comment: whole, without its signs, and the two parts
    of a first and a last name."""
    folded = skeleton(name)
    words = folded.split()
    parts = {folded, _SIGNS.sub("", folded), re.sub(r"\W+", "", folded)}
    if len(words) <= 2:
        parts.update(word for word in words if len(word) >= _CHARACTERISTIC)
    if is_gapless(folded):
        parts.update(_grams(folded))
    return frozenset(part for part in parts if len(part) > 1)


def _grams(word: str) -> Iterable[str]:
    """Return what may stand for a word in a script without gaps: threes and fours of it."""
    return (word[at : at + size] for size in (3, 4) for at in range(len(word) - size + 1))
