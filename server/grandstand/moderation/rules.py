"""What can be said of a comment without a model: words, phrases, contacts, repeats.

Words are looked for by Aho-Corasick in the skeleton, all at once. In scripts that put gaps between
words a find counts only as a whole word (the people of Scunthorpe comment too); Chinese, Japanese
and Korean, which don't or inflect by suffix, are searched anywhere. Where a find means no harm
(``harmless``) it doesn't count, and the scorer, which knows less of the world, is asked about the
text without it. What no single word says is ``phrases``' and ``contacts``' to find.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from grandstand.moderation import contacts, normalise
from grandstand.moderation.findings import (
    CATEGORIES,
    HOLD,
    MILD,
    REJECT,
    SEVERITY_NAMES,
    Finding,
)
from grandstand.moderation.harmless import Harmless
from grandstand.moderation.letters import is_gapless, is_part
from grandstand.moderation.normalise import skeleton
from grandstand.moderation.phrases import Match, Phrases

_AGAIN = re.compile(r"(.)(?=\1)")
"""All but the last of a run: to delete them takes a third of the time of writing one for each."""

_MASKED = re.compile(r"(?<![\w*])[a-z]+\*{1,3}[a-z]+(?![\w*])")
_MOST_MASKED = 8
_SLY = re.compile(r"[689I](?:(?<=[A-Za-z689][689])(?=[A-Za-z689])|(?<=[a-zI]I)(?=[a-zI\s]|$))")
"""Digits and capitals that the skeleton, by which the scorer learnt, leaves: ni99er, kiII."""

_HANGUL_APART = re.compile(r"[\d*._!@^~-](?<=[\uac00-\ud7a3].)(?=[\uac00-\ud7a3])")
"""A digit or mark inside a Korean word: 씨1발."""

_SLY_LETTERS = {"6": "g", "8": "b", "9": "g", "I": "l"}
_SAME_CHARACTER = re.compile(r"(\S)\1{24,}")
_EVERY = 12
"""Of so many characters in a row that are the same, two of every twelfth stand side by side."""

_TWICE = re.compile(r"(.)\1", re.DOTALL)
_REPEATED_CHARS = 40
"""From this length on a text is looked at for one word said over and over."""

_REPEATED_WORDS = 12
_ONE_CHARACTER = Finding("spam", MILD, "one character over and over")
_FEW_WORDS = Finding("spam", MILD, "few words over and over")

_Span = tuple[int, int]
"""Where something stands in a skeleton: [start, end)."""

_Find = Callable[..., list[Match]]
"""The search of an automaton: ``(text, overlapping=True)``."""

_Match = tuple[str, "Finding | None", int, int]
"""A word, its meaning, start and end."""


class Look(NamedTuple):
    """What the rules say of a comment, and the text that the scorer is to be asked about."""

    findings: tuple[Finding, ...]
    asked: str


class Rules:
    """The word list, ready to search. Immutable; safe to share between threads."""

    def __init__(
        self,
        words: Iterable[tuple[str, str, int]],
        harmless: Harmless | None = None,
        phrases: Phrases | None = None,
    ) -> None:
        """Take ``(word, category, severity)``; words are brought to their skeletons here.

        Raises:
            ValueError: a category or severity is none.
        """
        self._harmless = harmless or Harmless({})
        self._phrases = phrases
        self._anywhere, self._whole, self._squashed = _Words(), _Words(), _Words()
        self._masked: dict[int, list[tuple[str, Finding]]] = {}
        for word, category, severity in words:
            if category not in CATEGORIES or severity not in (HOLD, REJECT):
                raise ValueError(f"word {word!r}: {category!r}, {severity!r}")
            bones = skeleton(word)
            finding = Finding(category, severity, word, is_word=True)
            if is_gapless(bones):
                self._anywhere.add(bones.replace(" ", ""), finding)
                continue
            self._whole.add(bones, finding)
            if len(bones) >= 4 and _AGAIN.sub("", bones) == bones:
                self._squashed.add(bones, finding)
            if " " not in bones and severity == REJECT:
                self._masked.setdefault(len(bones), []).append((bones, finding))
        for phrase in self._harmless.phrases:
            (self._anywhere if is_gapless(phrase) else self._whole).add(phrase, None)
            self._squashed.add(_AGAIN.sub("", phrase), None)
        for word in self._harmless.adjectives:
            self._whole.add_adjective(word)
        said = [] if phrases is None else phrases.words
        self._vocabulary = _Vocabulary(said, self._whole, self._anywhere)
        self._squashed.build()

    @classmethod
    def load(cls) -> Rules:
        """Take the lists that come with the package: ``words.toml`` and ``phrases.toml``."""
        return cls(read_words(), Harmless(_read_tables()["harmless"]), Phrases.load())

    @property
    def names(self) -> frozenset[str]:
        """Every rule but the list's words, as a verdict's reason names it."""
        phrases = () if self._phrases is None else self._phrases.findings
        found = (*phrases, *contacts.FINDINGS, _ONE_CHARACTER, _FEW_WORDS)
        return frozenset(finding.rule for finding in found)

    def find(self, skeleton: str, text: str) -> list[Finding]:
        """Give every rule that the comment runs into, each once."""
        return list(self.look(skeleton, text).findings)

    def look(self, skeleton: str, text: str) -> Look:
        """Give every rule that the comment runs into; ``text`` is what would be shown.

        About 3 us for a comment that runs into none. Linear in the length of the text.
        """
        found: dict[Finding, None] = {}
        excused: list[_Span] = []
        # Most comments are letters and gaps: then little of what follows need be looked for.
        has_signs = not text.replace(" ", "").isalpha()
        said, whole, anywhere = self._vocabulary.search(skeleton)
        if whole:
            excused += self._take(whole, skeleton, text, found)
        if anywhere:
            excused += self._take(anywhere, skeleton, text, found)
        if has_signs and not skeleton.isascii() and _HANGUL_APART.search(skeleton):
            joined = _HANGUL_APART.sub("", skeleton)
            self._take(self._vocabulary.search(joined)[2], joined, text, found)
        squashed = _AGAIN.sub("", skeleton)
        if squashed != skeleton and (squeezed := self._squashed.search(squashed)):
            self._take(squeezed, squashed, text, found)
        if "*" in skeleton:
            self._unmask(skeleton, found)
        if said:
            self._find_phrases(skeleton, said, found)
        if (has_signs or "I" in text) and _SLY.search(text):
            plain = normalise.skeleton(_SLY.sub(lambda letter: _SLY_LETTERS[letter[0]], text))
            said, whole, _ = self._vocabulary.search(plain)
            self._take(whole, plain, text, found)
            self._find_phrases(plain, said, found)
        if has_signs or "dot" in skeleton or "点" in skeleton:
            for finding in contacts.find(text):
                found[finding] = None
        if len(text) >= _REPEATED_CHARS:
            for finding in _repeats(text):
                found[finding] = None
        return Look(tuple(found), _without(skeleton, excused) if excused else text)

    def _take(
        self, matches: list[_Match], bones: str, text: str, found: dict[Finding, None]
    ) -> list[_Span]:
        """Add what is meant; give where what isn't stands. A phrase around a word wins."""
        harmless = [(start, end) for _, finding, start, end in matches if finding is None]
        names: dict[str, bool] = {}
        for word, finding, start, end in matches:
            if finding is None or finding in found:
                continue
            if any(one <= start and end <= other for one, other in harmless):
                continue
            if finding is ADJECTIVE:
                if self._harmless.is_of_a_thing(bones, start, end):
                    harmless.append((start, end))
                continue
            if word not in names:
                names[word] = self._harmless.is_name(word, text)
            if names[word] or self._harmless.excuses(finding.category, word, bones, start, end):
                harmless.append((start, end))
            else:
                found[finding] = None
        return harmless

    def _find_phrases(self, bones: str, said: list[Match], found: dict[Finding, None]) -> None:
        if self._phrases is not None:
            for finding in self._phrases.find_among(bones, said):
                found[finding] = None

    def _unmask(self, bones: str, found: dict[Finding, None]) -> None:
        """Find "f*ck": a word with some of its letters starred out."""
        for token in _MASKED.findall(bones)[:_MOST_MASKED]:
            for word, finding in self._masked.get(len(token), ()):
                if all(mask in ("*", letter) for mask, letter in zip(token, word, strict=True)):
                    found[finding] = None


ADJECTIVE = Finding("insult", MILD, "a rude adjective")
"""Stands for no finding: of a thing it is nothing, of anybody the scorer judges."""


def read_words() -> Iterator[tuple[str, str, int]]:
    """Read the package's list: word, category, severity."""
    tables = _read_tables()
    for category in CATEGORIES:
        for name, severity in SEVERITY_NAMES.items():
            for word in tables[category].get(name, ()):
                yield word, category, severity


def _read_tables() -> dict[str, Any]:
    text = files("grandstand.moderation").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class _Words:
    """Words of one manner of search, with what each means: None if it is harmless."""

    def __init__(self) -> None:
        self._words: dict[str, Finding | None] = {}
        self._entries: list[tuple[str, Finding | None]] = []
        self._find: _Find | None = None

    def add(self, word: str, finding: Finding | None) -> None:
        known = self._words.setdefault(word, finding)
        if known is None or finding is None or known.severity < finding.severity:
            self._words[word] = finding

    def add_adjective(self, word: str) -> None:
        self._words.setdefault(word, ADJECTIVE)

    def entries(self) -> list[tuple[str, Finding | None]]:
        return [(word, finding) for word, finding in self._words.items() if word]

    def build(self) -> None:
        self._entries = self.entries()
        self._find = _automaton([word for word, _ in self._entries])

    def search(self, bones: str) -> list[_Match]:
        """Give word, meaning, start and end of each."""
        matches = self._find(bones, overlapping=True) if self._find else None
        if not matches:
            return []
        return [
            (*self._entries[index], start, end)
            for index, start, end in matches
            if not is_part(bones, start, end)
        ]


class _Vocabulary:
    """All words that a skeleton is searched for, in one pass: most comments have none of them."""

    def __init__(self, said: list[str], whole: _Words, anywhere: _Words) -> None:
        """Take the words of phrases, and two manners of entries."""
        alone, inside = whole.entries(), anywhere.entries()
        self._said = len(said)
        self._anywhere_from = len(said) + len(alone)
        self._entries = [*((word, None) for word in said), *alone, *inside]
        self._find = _automaton([word for word, _ in self._entries])

    def search(self, bones: str) -> tuple[list[Match], list[_Match], list[_Match]]:
        """Give words of phrases (parts of longer words too), whole entries, entries anywhere."""
        said: list[Match] = []
        whole: list[_Match] = []
        anywhere: list[_Match] = []
        if self._find is not None:
            for match in self._find(bones, overlapping=True):
                index, start, end = match
                if index < self._said:
                    said.append(match)
                elif not is_part(bones, start, end):
                    entries = whole if index < self._anywhere_from else anywhere
                    entries.append((*self._entries[index], start, end))
        return said, whole, anywhere


def _automaton(words: list[str]) -> _Find | None:
    """Give what finds words; None if there are none."""
    if not words:
        return None
    return AhoCorasick(
        words, implementation=Implementation.DFA, store_patterns=False
    ).find_matches_as_indexes


def _without(bones: str, spans: list[_Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        parts.append(bones[done:start])
        done = max(done, end)
    parts.append(bones[done:])
    return " ".join("".join(parts).split())


def _repeats(text: str) -> Iterator[Finding]:
    if _TWICE.search(text[::_EVERY]) and _SAME_CHARACTER.search(text):
        yield _ONE_CHARACTER
    words = text.split()
    if len(words) >= _REPEATED_WORDS and len(set(text.lower().split())) * 6 <= len(words):
        yield _FEW_WORDS
