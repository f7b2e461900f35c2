"""Decides where an entry of the word list means no harm: by its surroundings, and by whom it is
about.

``[harmless]`` in ``words.toml`` has whole phrases ("Moby Dick", 角色情感), the surroundings of some
entries (アホ before 毛), what people say of themselves ("I'm such an idiot", 我真是个废物), names
that are words too, rude adjectives of things ("my stupid phone"), quotations of others' words (a
line of a song, "don't call people idiots"), and swearing at nobody ("holy shit").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from grandstand.text.normalise import skeleton

_OPENS, _CLOSES = re.compile('["“«「『《]'), re.compile('["”»」』》]')

_AROUND_CHARS = 24
"""How many characters on either side of an entry are examined."""


class Harmless:
    """The table, ready to ask. Immutable; safe to share between threads."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Take ``[harmless]`` of the word list; anything may be missing."""
        self.phrases = [skeleton(phrase) for phrase in table.get("phrases", ())]
        self._around: dict[str, list[tuple[re.Pattern[str], re.Pattern[str]]]] = {}
        for each in table.get("surroundings", ()):
            sides = _before(each.get("before", "")), re.compile(each.get("after", ""))
            for word in each["words"]:
                self._around.setdefault(skeleton(word), []).append(sides)
        oneself = table.get("oneself", {})
        self._oneself_before = _before(oneself.get("before", "(?!)"))
        self._oneself_after = re.compile(oneself.get("after", "(?!)"))
        self._swearing = frozenset(map(skeleton, oneself.get("except", ())))
        self._addressed = re.compile(oneself.get("addressed", "(?!)"))
        self._names = frozenset(table.get("names", ()))
        things = table.get("things", {})
        self.adjectives = [skeleton(word) for word in things.get("adjectives", ())]
        self._things = re.compile(things.get("after", "(?!)"))
        self._not = _before(things.get("before", "(?!)"))
        quoted = table.get("quotes", {})
        self._quoted_before = _before(quoted.get("before", "(?!)"))
        self._quoted_after = re.compile(quoted.get("after", "(?!)"))
        self._quoted_marks = re.compile(quoted.get("quoted", "(?!)"))
        swearing = table.get("swearing", {})
        self.swearing = frozenset(map(skeleton, swearing.get("words", ())))
        self._idiom_before = _before(swearing.get("before", "(?!)"))
        self._idiom_after = re.compile(swearing.get("after", "(?!)"))
        self._aimed_after = re.compile(swearing.get("aimed", "(?!)"))
        self._somebody = re.compile(table.get("somebody", ""))

    def excuses(self, category: str, word: str, bones: str, start: int, end: int) -> bool:
        """Return whether an entry at [start, end) of a skeleton means no harm there."""
        before, after = (
            bones[max(0, start - _AROUND_CHARS) : start],
            bones[end : end + _AROUND_CHARS],
        )
        if any(
            one.search(before) and other.match(after) for one, other in self._around.get(word, ())
        ):
            return True
        if category != "insult" or word in self._swearing or self._addressed.search(word):
            return False
        return (
            self._oneself_before.search(before) is not None
            or self._oneself_after.match(after) is not None
        )

    def is_quoted(self, bones: str, start: int, end: int) -> bool:
        """Return whether an entry at [start, end) is others' words: quoted, or disapproved of."""
        before = bones[max(0, start - _AROUND_CHARS) : start]
        if self._quoted_before.search(before) or self._quoted_after.match(bones, end):
            return True
        opens, closes = _OPENS.search(bones, 0, start), _CLOSES.search(bones, end)
        if opens is None or closes is None:
            return False
        around = bones[: opens.start()] + " " + bones[closes.end() :]
        return self._quoted_marks.search(around) is not None

    def is_at_nobody(self, bones: str, start: int, end: int) -> bool:
        """Return whether a swear-word at [start, end) is a sigh: an idiom, or where nobody is
        named."""
        after = bones[end : end + _AROUND_CHARS]
        if self._aimed_after.match(after):
            return False
        return (
            self._idiom_before.search(bones[max(0, start - _AROUND_CHARS) : start]) is not None
            or self._idiom_after.match(after) is not None
            or not self.names_somebody(bones)
        )

    def names_somebody(self, bones: str) -> bool:
        """Return whether a text says whom it is about: you, the referee, 主播."""
        return self._somebody.search(bones) is not None

    def is_of_a_thing(self, bones: str, start: int, end: int) -> bool:
        """Return whether a rude adjective at [start, end) is said of a thing, in praise, or
        denied."""
        return (
            self._things.match(bones[end : end + _AROUND_CHARS]) is not None
            or self._not.search(bones[max(0, start - _AROUND_CHARS) : start]) is not None
        )

    def is_name(self, word: str, text: str) -> bool:
        """Return whether a word that is a name too stands beside another name: Dick Van Dyke."""
        if word not in self._names or text.istitle() or text.isupper():
            return False
        name, particle = word.capitalize(), r"(?:[Vv]an |[Vv]on |[Dd]e |[Dd]er )?"
        names = re.findall(
            rf"\b{name} {particle}(?!Pic|Head|Face|Suck|In |Is |Rid|Butt)[A-Z][a-zé]+|"
            rf"\b(?!My|Your|His|Suck|The|This|A |I |Big|Small|What|You|Foot)[A-Z][a-zé]+ "
            rf"{particle}{name}\b",
            text,
        )
        return len(names) > 0 and len(names) == len(re.findall(rf"(?i)\b{word}\b", text))


def _before(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:{pattern})$")
