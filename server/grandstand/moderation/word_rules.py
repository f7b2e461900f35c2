"""Rules that judge a comment without a model: words, phrases, contacts, repeats.

Words are searched by Aho-Corasick in the skeleton, all at once. In scripts that put gaps between
words a match counts only as a whole word (the people of Scunthorpe comment too). Chinese, Japanese
and Korean, which have no gaps or inflect by suffix, are searched anywhere. A match that means no
harm (``harmless``) doesn't count, and the scorer gets the text without it. ``phrases`` and
``contacts`` find what no single word says.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from grandstand.moderation import contacts
from grandstand.moderation.findings import (
    CATEGORIES,
    HOLD,
    MILD,
    REJECT,
    SUSPECT,
    Finding,
)
from grandstand.moderation.harmless import Harmless
from grandstand.moderation.phrases import Match, Phrases
from grandstand.text import normalise
from grandstand.text.normalise import skeleton
from grandstand.text.word_boundaries import is_gapless, is_part

_AGAIN = re.compile(r"(.)(?=\1)")
"""All but the last of a run. Deleting them takes a third of the time of replacing each run by
one."""

_MASKED = re.compile(r"(?<![\w*])[a-z]+\*{1,3}[a-z]+(?![\w*])")
_MOST_MASKED, _MEANINGS_MAX = 8, 4
_SLY = re.compile(r"[689I](?:(?<=[A-Za-z689][689])(?=[A-Za-z689])|(?<=[a-zI]I)(?=[a-zI\s]|$))")
"""Digits and capitals that the skeleton, with which the scorer was trained, leaves: ni99er,
kiII."""

_SIMPLIFIED = str.maketrans(
    "妳媽馬嗎罵腦殘滾賤廢豬雜種幹趕頭臉閉東獸這個們該殺醜噁惡變態陰陽國韓臺灣筆嗶畢幣沒爺孫兒龜騷雞術見給過來時還說話講讓誰麼為無與會對開關門車禍燒斷腳隻條處強姦輪脫褲亂傷發錢電號碼證導選評審員賽隊輸贏壓棄點體懷產爛貨賊騙盜蟲驢貓烏髒愛絕後墳靈燈願詛報應譴屍揚衝網圍視寶貝喚濕",
    "你妈马吗骂脑残滚贱废猪杂种干赶头脸闭东兽这个们该杀丑恶恶变态阴阳国韩台湾笔哔毕币没爷孙儿龟骚鸡术见给过来时还说话讲让谁么为无与会对开关门车祸烧断脚只条处强奸轮脱裤乱伤发钱电号码证导选评审员赛队输赢压弃点体怀产烂货贼骗盗虫驴猫乌脏爱绝后坟灵灯愿诅报应谴尸扬冲网围视宝贝唤湿",
)
"""Characters of the lists' words as they are written in Taiwan and Hong Kong."""

_TRADITIONAL = re.compile(f"[{''.join(map(chr, _SIMPLIFIED))}]")
_KANA = re.compile("[\u3041-\u30ff]")
_HANGUL_APART = re.compile(r"[\d*._!@^~-](?<=[\uac00-\ud7a3].)(?=[\uac00-\ud7a3])")
"""A digit or mark inside a Korean word: 씨1발."""

_SLY_LETTERS = {"6": "g", "8": "b", "9": "g", "I": "l"}
_SAME_CHARACTER = re.compile(r"(\S)\1{24,}")
_EVERY = 12
"""Of this many equal characters in a row, two of every twelfth stand side by side."""

_TWICE = re.compile(r"(.)\1", re.DOTALL)
_REPEATED_CHARS = 40
"""From this length on a text is checked for one word repeated over and over."""

_REPEATED_WORDS = 12
_ONE_CHARACTER = Finding("spam", MILD, "one character over and over")
_FEW_WORDS = Finding("spam", MILD, "few words over and over")

_LISTS = {"suspect": SUSPECT, "hold": HOLD, "certain": HOLD, "reject": REJECT}
"""Lists of a category. A "certain" word means nothing else, whatever the scorer says."""

_Span = tuple[int, int]
"""Where something is in a skeleton: [start, end)."""

_Find = Callable[..., list[Match]]
"""The search of an automaton: ``(text, overlapping=True)``."""

_Match = tuple[str, "Finding | None", int, int]
"""A word, its meaning, start and end."""


class RuleResult(NamedTuple):
    """The rules' findings in a comment, and the text that the scorer gets."""

    findings: tuple[Finding, ...]
    asked: str


class Rules:
    """The word list, ready to search. Immutable; safe to share between threads."""

    def __init__(
        self,
        words: Iterable[tuple[str, str, int]],
        harmless: Harmless | None = None,
        phrases: Phrases | None = None,
        certain: Iterable[str] = (),
    ) -> None:
        """Take ``(word, category, severity)``; words are brought to their skeletons here.

        ``certain`` are those that mean nothing else.

        Raises:
            ValueError: a category or severity is none.
        """
        certain = frozenset(certain)
        self._harmless = harmless or Harmless({})
        self._phrases = phrases
        self._anywhere, self._whole, self._squashed = _Words(), _Words(), _Words()
        for word, category, severity in words:
            if category not in CATEGORIES or severity not in _LISTS.values():
                raise ValueError(f"word {word!r}: {category!r}, {severity!r}")
            bare = skeleton(word)
            finding = Finding(category, severity, word, is_word=word not in certain)
            if is_gapless(bare):
                bare = bare.replace(" ", "")
                self._anywhere.add(bare, finding)
                if not _KANA.search(bare):
                    self._anywhere.add(bare.translate(_SIMPLIFIED), finding)
                continue
            self._whole.add(bare, finding)
            if len(bare) >= 4 and _AGAIN.sub("", bare) == bare:
                self._squashed.add(bare, finding)
        for phrase in self._harmless.phrases:
            (self._anywhere if is_gapless(phrase) else self._whole).add(phrase, None)
            self._squashed.add(_AGAIN.sub("", phrase), None)
        for word in self._harmless.adjectives:
            self._whole.add_adjective(word)
        self._masked: dict[int, list[str]] = {}
        for word in self._whole.meant():
            self._masked.setdefault(len(word), []).append(word)
        said = [] if phrases is None else phrases.words
        self._vocabulary = _Vocabulary(said, self._whole, self._anywhere)
        self._squashed.build()

    @classmethod
    def load(cls) -> Rules:
        """Return the lists that come with the package: ``words.toml`` and ``phrases.toml``."""
        tables = _read_tables()
        certain = [each for category in CATEGORIES for each in tables[category].get("certain", ())]
        certain += [each for sound in tables["sounds"] for each in _written(sound)]
        return cls(_listed(tables), Harmless(tables["harmless"]), Phrases.load(), certain)

    @property
    def names(self) -> frozenset[str]:
        """Return every rule except the list's words, as a verdict's reason names it."""
        phrases = () if self._phrases is None else self._phrases.findings
        found = (*phrases, *contacts.FINDINGS, _ONE_CHARACTER, _FEW_WORDS, SWEARING)
        return frozenset(finding.rule for finding in found)

    def find(self, skeleton: str, text: str) -> list[Finding]:
        """Return every rule that the comment matches, each once."""
        return list(self.look(skeleton, text).findings)

    def is_bad_word(self, word: str) -> bool:
        """Return whether a word by itself matches a rule."""
        return bool(self.look(skeleton(word), word).findings)

    def look(self, skeleton: str, text: str) -> RuleResult:
        """Return every rule that the comment matches; ``text`` is what would be shown.

        About 3 us for a comment that matches none. Linear in the length of the text.
        """
        found: dict[Finding, None] = {}
        excused: list[_Span] = []
        # Most comments are only letters and gaps: then most of these checks can be skipped.
        has_signs = not text.replace(" ", "").isalpha()
        if not skeleton.isascii() and _TRADITIONAL.search(skeleton) and not _KANA.search(skeleton):
            skeleton = skeleton.translate(_SIMPLIFIED)
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
            judged = {word for word, *_ in whole}
            unjudged = [match for match in squeezed if match[1] is None or match[0] not in judged]
            self._take(unjudged, squashed, text, found)
        if "*" in skeleton:
            for plain in self._unmasked(skeleton):
                self._take(self._vocabulary.search(plain)[1], plain, text, found)
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
        return RuleResult(tuple(found), _without(skeleton, excused) if excused else text)

    def _take(
        self, matches: list[_Match], bare: str, text: str, found: dict[Finding, None]
    ) -> list[_Span]:
        """Add the matches that are meant; return the places of those that aren't. A phrase around a
        word wins."""
        harmless = [(start, end) for _, finding, start, end in matches if finding is None]
        names: dict[str, bool] = {}
        for word, finding, start, end in matches:
            if finding is None or finding in found:
                continue
            if any(one <= start and end <= other for one, other in harmless):
                continue
            if finding.severity == SUSPECT:
                if self._harmless.is_of_a_thing(bare, start, end):
                    harmless.append((start, end))
                    continue
                if finding is ADJECTIVE or not self._harmless.names_somebody(bare):
                    continue
            if word not in names:
                names[word] = self._harmless.is_name(word, text)
            if (
                names[word]
                or self._harmless.excuses(finding.category, word, bare, start, end)
                or self._harmless.is_quoted(bare, start, end)
            ):
                harmless.append((start, end))
            elif word in self._harmless.swearing and self._harmless.is_at_nobody(bare, start, end):
                harmless.append((start, end))
                found[SWEARING] = None
            else:
                found[finding] = None
        return harmless

    def _find_phrases(self, bare: str, said: list[Match], found: dict[Finding, None]) -> None:
        if self._phrases is not None:
            for finding in self._phrases.find_among(bare, said):
                found[finding] = None

    def _unmasked(self, bare: str) -> Iterator[str]:
        """Return what "f*ck" may stand for: words with some of their letters replaced by stars."""
        meant: dict[str, list[str]] = {}
        for token in _MASKED.findall(bare)[:_MOST_MASKED]:
            words = [word for word in self._masked.get(len(token), ()) if _may_be(token, word)]
            if words:
                meant[token] = words[:_MEANINGS_MAX]
        for number in range(max(map(len, meant.values()), default=0)):
            chosen = {token: words[min(number, len(words) - 1)] for token, words in meant.items()}
            yield _MASKED.sub(partial(_unmask, chosen), bare)


ADJECTIVE = Finding("insult", SUSPECT, "a rude adjective")
"""Stands for no finding. Said of a thing it is nothing; said of a person, the scorer judges."""

SWEARING = Finding("insult", MILD, "swearing")
"""At nobody: "holy shit". Level 3 holds it."""


def read_words() -> Iterator[tuple[str, str, int]]:
    """Return the package's list: word, category, severity."""
    return _listed(_read_tables())


def _listed(tables: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    for category in CATEGORIES:
        for name, severity in _LISTS.items():
            for word in tables[category].get(name, ()):
                yield word, category, severity
    for sound in tables["sounds"]:
        for word in _written(sound):
            yield word, sound["category"], _LISTS[sound["list"]]


def _written(sound: dict[str, Any]) -> Iterator[str]:
    return map("".join, product(*sound["letters"]))


def _read_tables() -> dict[str, Any]:
    text = files("grandstand.moderation").joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class _Words:
    """Words of one manner of search, with the meaning of each: None if it is harmless."""

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

    def meant(self) -> list[str]:
        """Return single words in Latin letters that mean something, the plainest first."""
        words = [
            (word, finding)
            for word, finding in self._words.items()
            if finding is not None and word.isascii() and word.isalpha()
        ]
        return [word for word, _ in sorted(words, key=lambda each: -each[1].severity)]

    def build(self) -> None:
        self._entries = self.entries()
        self._find = _automaton([word for word, _ in self._entries])

    def search(self, bare: str) -> list[_Match]:
        """Yield word, meaning, start and end of each match."""
        matches = self._find(bare, overlapping=True) if self._find else None
        if not matches:
            return []
        return [
            (*self._entries[index], start, end)
            for index, start, end in matches
            if not is_part(bare, start, end)
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

    def search(self, bare: str) -> tuple[list[Match], list[_Match], list[_Match]]:
        """Return words of phrases (parts of longer words too), whole entries, entries anywhere."""
        said: list[Match] = []
        whole: list[_Match] = []
        anywhere: list[_Match] = []
        if self._find is not None:
            for match in self._find(bare, overlapping=True):
                index, start, end = match
                if index < self._said:
                    said.append(match)
                elif not is_part(bare, start, end):
                    entries = whole if index < self._anywhere_from else anywhere
                    entries.append((*self._entries[index], start, end))
        return said, whole, anywhere


def _unmask(chosen: dict[str, str], token: re.Match[str]) -> str:
    return chosen.get(token[0], token[0])


def _may_be(masked: str, word: str) -> bool:
    return all(mask in ("*", letter) for mask, letter in zip(masked, word, strict=True))


def _automaton(words: list[str]) -> _Find | None:
    """Return the automaton that finds words; None if there are none."""
    if not words:
        return None
    return AhoCorasick(
        words, implementation=Implementation.ContiguousNFA, store_patterns=False
    ).find_matches_as_indexes


def _without(bare: str, spans: list[_Span]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        parts.append(bare[done:start])
        done = max(done, end)
    parts.append(bare[done:])
    return " ".join("".join(parts).split())


def _repeats(text: str) -> Iterator[Finding]:
    if _TWICE.search(text[::_EVERY]) and _SAME_CHARACTER.search(text):
        yield _ONE_CHARACTER
    words = text.split()
    if len(words) >= _REPEATED_WORDS and len(set(text.lower().split())) * 6 <= len(words):
        yield _FEW_WORDS
