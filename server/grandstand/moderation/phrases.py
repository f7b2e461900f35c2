"""Finds what no single word says: a group and violence, a death wish, a threat, a cursed family.

``phrases.toml`` names kinds of words and the forms in which they make a meaning. One Aho-Corasick
pass finds the words of all kinds. A form is tried only where all its kinds occur. Each of its words
is then replaced by one letter for its kind, and the form, a regular expression whose repeats are
all bounded, is searched for in the result.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Any

from ahocorasick_rs import AhoCorasick, Implementation

from grandstand.moderation.findings import CATEGORIES, HOLD, SEVERITY_NAMES, Finding
from grandstand.text.normalise import skeleton
from grandstand.text.word_boundaries import is_part

_WORDS_MAX, _FORMS_MAX = 64, 14
"""Words and forms that are examined in one comment. Of 66,000 real ones none had more than 50 and
12. A comment with more is held, whatever follows: a heap of such words hides nothing."""

_HEAP = Finding("spam", HOLD, "a heap of rude words")

_SHORT = 4
"""Words of up to this many letters occur inside many others."""

_TRIED_MAX = 4096
"""Sets of kinds for which the forms to try are cached."""

_TAG = 0xE000
"""First of the private letters that stand for kinds; ``clean`` leaves none in a comment."""

_GAP = r"""[ ,'"“”~-]{0,2}"""
_KIND = re.compile(r"<(\w+)>")
_MACRO = re.compile(r"\{([a-z_]+)\}")
_NEGATED = re.compile(
    r"(?:don'?t|do not|stop|never|not|nobody should|no one should|who|against|nazis?|would|didn'?t|"
    r"why|won'?t|isis|can'?t|cannot|they)(?: want to| wanna| ever)? $|"
    r"(?:不要|别|不能|不会|没有|反对|禁止|拒绝|为什么|不该|不应该|谁说|避免)$"
)
_NEGATION_CHARS = 24

Match = tuple[int, int, int]
"""A match as Aho-Corasick gives it: number of the word, start, end."""

_Place = tuple[int, int, int]
"""Start, end, number of the kind."""


@dataclass(frozen=True, slots=True)
class _Form:
    finding: Finding
    on: tuple[int, ...]
    kinds: frozenset[int]
    pattern: str


class Phrases:
    """The forms, ready to search. Immutable; safe to share between threads."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        """Take ``kinds``, ``macros`` and ``forms`` as ``phrases.toml`` has them.

        Raises:
            ValueError: a form names a kind, a category or a severity that there isn't.
        """
        self._kinds = list(tables["kinds"])
        words: dict[str, list[int]] = {}
        for number, name in enumerate(self._kinds):
            for word in tables["kinds"][name]:
                places = words.setdefault(skeleton(word), [])
                if number not in places:
                    places.append(number)
        self._kinds_of = list(words.values())
        self._masks = [sum(1 << number for number in numbers) for numbers in self._kinds_of]
        self.words = list(words)
        """The words of all kinds, by number: ``find_among`` gets the places of those that occur."""
        self._forms = [self._read(form, tables["macros"]) for form in tables["forms"]]
        self._forms_for = lru_cache(maxsize=_TRIED_MAX)(self._choose)

    @property
    def findings(self) -> frozenset[Finding]:
        """Return everything that can be found here."""
        return frozenset({_HEAP, *(form.finding for form in self._forms)})

    @classmethod
    def load(cls) -> Phrases:
        """Return the forms that come with the package, ``phrases.toml``."""
        text = files("grandstand.moderation").joinpath("phrases.toml").read_text(encoding="utf-8")
        return cls(tomllib.loads(text))

    def find(self, bones: str) -> list[Finding]:
        """Return every form that a skeleton has, each once."""
        return self.find_among(
            bones, self._automaton.find_matches_as_indexes(bones, overlapping=True)
        )

    def find_among(self, bones: str, matches: Sequence[Match]) -> list[Finding]:
        """Return every form, each once, by the places of words, including words that are parts of
        longer ones.

        Under 1 us if there is no form of these words.
        """
        masks = self._masks
        seen = 0
        for index, _, _ in matches:
            seen |= masks[index]
        if not self._forms_for(seen):  # true of most comments, even with parts of words
            return []
        seen = 0
        for index, start, end in matches:
            if end - start > _SHORT or not is_part(bones, start, end):
                seen |= masks[index]
        forms = self._forms_for(seen)
        if not forms:
            return []
        places = [
            (start, end, kind)
            for index, start, end in matches[:_WORDS_MAX]
            if not is_part(bones, start, end)
            for kind in self._kinds_of[index]
        ]
        places.sort(key=lambda place: (place[0], -place[1]))
        found: dict[Finding, None] = {}
        if len(matches) > _WORDS_MAX or len(forms) > _FORMS_MAX:
            found[_HEAP] = None
        tagged: dict[frozenset[int], str] = {}
        for form in forms[:_FORMS_MAX]:
            if form.finding in found:
                continue
            if form.kinds not in tagged:
                tagged[form.kinds] = _tag(bones, places, form.kinds)
            text = tagged[form.kinds]
            found_here = _compiled(form.pattern).finditer(text)
            if any(not _is_negated(text, each.start()) for each in found_here):
                found[form.finding] = None
        return list(found)

    @cached_property
    def _automaton(self) -> AhoCorasick:
        return AhoCorasick(
            self.words, implementation=Implementation.ContiguousNFA, store_patterns=False
        )

    def _choose(self, seen: int) -> list[_Form]:
        """Return the forms that a comment may have, by the kinds of words in it."""
        return [form for form in self._forms if all(seen & each for each in form.on)]

    def _read(self, form: Mapping[str, Any], macros: Mapping[str, str]) -> _Form:
        category, severity = form["category"], form["severity"]
        if category not in CATEGORIES or severity not in SEVERITY_NAMES:
            raise ValueError(f"form {form['rule']!r}: {category!r}, {severity!r}")
        pattern = form["form"].replace(" ", _GAP)
        while _MACRO.search(pattern):
            pattern = _MACRO.sub(lambda name: macros[name[1]], pattern)
        kinds = frozenset(map(self._number, _KIND.findall(pattern)))
        return _Form(
            Finding(category, SEVERITY_NAMES[severity], form["rule"]),
            tuple(sum(1 << self._number(kind) for kind in each.split("|")) for each in form["on"]),
            kinds,
            _KIND.sub(lambda name: chr(_TAG + self._number(name[1])), pattern),
        )

    def _number(self, kind: str) -> int:
        if kind not in self._kinds:
            raise ValueError(f"no kind of words {kind!r}")
        return self._kinds.index(kind)


@cache
def _compiled(form: str) -> re.Pattern[str]:
    """Return a form ready to search, 1 ms the first time: most are never tried."""
    return re.compile(form)


def _tag(bones: str, places: Sequence[_Place], kinds: frozenset[int]) -> str:
    """Write one letter for each word of some kinds; of words that overlap, the first and longest.

    ``places`` are in that order.
    """
    parts: list[str] = []
    done = 0
    for start, end, kind in places:
        if start >= done and kind in kinds:
            parts += bones[done:start], chr(_TAG + kind)
            done = end
    parts.append(bones[done:])
    return "".join(parts)


def _is_negated(text: str, start: int) -> bool:
    return _NEGATED.search(text[max(0, start - _NEGATION_CHARS) : start]) is not None
