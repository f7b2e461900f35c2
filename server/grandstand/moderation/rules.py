"""What can be said of a comment without a model: words, links, adverts, repeats.

Words are looked for by Aho-Corasick in the skeleton, all at once. In scripts that put gaps between
words a find counts only as a whole word (the people of Scunthorpe comment too); Chinese, Japanese
and Korean, which don't or inflect by suffix, are searched anywhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from ahocorasick_rs import AhoCorasick, Implementation

from grandstand.moderation.normalise import skeleton

CATEGORIES = ("insult", "hate", "sexual", "threat", "spam")

MILD, HOLD, REJECT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a comment ran into: severity 0 noise, 1 rude or doubtful, 2 plain."""

    category: str
    severity: int
    rule: str


_RUN = re.compile(r"(.)\1+")
_MASKED = re.compile(r"(?<![\w*])[a-z]+\*{1,3}[a-z]+(?![\w*])")
_MOST_MASKED = 8
_LINK = re.compile(
    r"(?:https?:?//|www\.)\S|"
    r"(?<![\w@.-])[\w-]{2,}(?:\.[\w-]{2,})*"
    r"(?:\.|\s?[(\[]?dot[)\]]?\s|\s?[([]\.[)\]]\s?)"
    r"(?:com|net|org|info|xyz|shop|club|site|vip|tv|cc|cn|ru|io)(?!\w|\.\w)|"
    r"(?<![\w.])(?:bit\.ly|t\.me|youtu\.be|discord\.gg)/|"
    r"点\s?(?:com|cn|net|cc)(?![a-z])",
    re.IGNORECASE,
)
_MAY_LEAD_ELSEWHERE = re.compile(r"[\d./点@+:：]|dot", re.IGNORECASE)
_ADVERT = re.compile(
    r"(?:微信|威信|薇信|徽信|加\s?[vV微薇威]|[+＋]\s?[vV](?![a-z])|[vV]信|\bv\s?x\b|\bw(?:e)?chat\b|\bq{2}\b|扣扣|企鹅)"
    r"\s*(?:号|群|id|:|：|\+|加)*\s*(?=[\w-]*\d)[\w-]{5,20}|"
    r"(?:telegram|whats\s?app|\btg\b)\s*[:：@+]+\s*[\w+-]{4,}",
    re.IGNORECASE | re.ASCII,
)
_PHONE = re.compile(r"(?<![\w.,:/?=+-])\+?\d(?:[ .-]?\d){9,14}(?![\w,:])", re.ASCII)
_PHONE_GROUP_DIGITS = 2.5  # on average more than this, which dates and scores in a row have not
_GAPS = re.compile("[ .-]")
_SAME_CHARACTER = re.compile(r"(\S)\1{24,}")
_REPEATED_CHARS = 40
"""From this length on a text is looked at for one word said over and over."""

_REPEATED_WORDS = 12


class Rules:
    """The word list, ready to search. Immutable; safe to share between threads."""

    def __init__(self, words: Iterable[tuple[str, str, int]]) -> None:
        """Take ``(word, category, severity)``; words are brought to their skeletons here."""
        self._anywhere = _Words(gapless=True)
        self._whole = _Words(gapless=False)
        self._squashed = _Words(gapless=False)
        self._masked: dict[int, list[tuple[str, Finding]]] = {}
        for word, category, severity in words:
            if category not in CATEGORIES or severity not in (HOLD, REJECT):
                raise ValueError(f"word {word!r}: {category!r}, {severity!r}")
            bones = skeleton(word)
            finding = Finding(category, severity, word)
            if _is_gapless(bones):
                self._anywhere.add(bones.replace(" ", ""), finding)
                continue
            self._whole.add(bones, finding)
            if len(bones) >= 4 and _RUN.sub(r"\1", bones) == bones:
                self._squashed.add(bones, finding)
            if " " not in bones and severity == REJECT:
                self._masked.setdefault(len(bones), []).append((bones, finding))
        for part in (self._anywhere, self._whole, self._squashed):
            part.build()

    @classmethod
    def load(cls) -> Rules:
        """Take the list that comes with the package, ``words.toml``."""
        return cls(read_words())

    def find(self, skeleton: str, text: str) -> list[Finding]:
        """Give every rule that the comment runs into, each once; ``text`` is what would be shown.

        About 3 us for a comment that runs into none.
        """
        found: dict[Finding, None] = {}
        self._whole.search(skeleton, found)
        if not skeleton.isascii():
            self._anywhere.search(skeleton, found)
        squashed = _RUN.sub(r"\1", skeleton)
        if squashed != skeleton:
            self._squashed.search(squashed, found)
        if "*" in skeleton:
            self._unmask(skeleton, found)
        for finding in _patterns(text):
            found[finding] = None
        return list(found)

    def _unmask(self, bones: str, found: dict[Finding, None]) -> None:
        """Find "f*ck": a word with some of its letters starred out."""
        for token in _MASKED.findall(bones)[:_MOST_MASKED]:
            for word, finding in self._masked.get(len(token), ()):
                if all(mask in ("*", letter) for mask, letter in zip(token, word, strict=True)):
                    found[finding] = None


def read_words() -> Iterator[tuple[str, str, int]]:
    """Read the package's list: word, category, severity."""
    text = files("grandstand.moderation").joinpath("words.toml").read_text(encoding="utf-8")
    for category, levels in tomllib.loads(text).items():
        for severity, name in ((HOLD, "hold"), (REJECT, "reject")):
            for word in levels.get(name, ()):
                yield word, category, severity


class _Words:
    """Words of one manner of search, with what each means."""

    def __init__(self, *, gapless: bool) -> None:
        self._gapless = gapless
        self._words: dict[str, Finding] = {}
        self._findings: list[Finding] = []
        self._automaton: AhoCorasick | None = None

    def add(self, word: str, finding: Finding) -> None:
        if word and self._words.setdefault(word, finding).severity < finding.severity:
            self._words[word] = finding

    def build(self) -> None:
        self._findings = list(self._words.values())
        if self._words:
            self._automaton = AhoCorasick(
                list(self._words), implementation=Implementation.DFA, store_patterns=False
            )

    def search(self, bones: str, found: dict[Finding, None]) -> None:
        if self._automaton is None:
            return
        for index, start, end in self._automaton.find_matches_as_indexes(bones, overlapping=True):
            if self._gapless or (
                not (start and _joins(bones[start - 1]))
                and not (end < len(bones) and _joins(bones[end]))
            ):
                found[self._findings[index]] = None


def _joins(letter: str) -> bool:
    """Whether a letter beside a word makes it part of a longer one."""
    return letter.isalnum() and not _is_gapless(letter)


def _is_gapless(bones: str) -> bool:
    """Whether a word is of a script that has no gaps between words (or none one can rely on)."""
    return any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3" for letter in bones)


def _patterns(text: str) -> Iterator[Finding]:
    if _MAY_LEAD_ELSEWHERE.search(text):
        if _LINK.search(text):
            yield Finding("spam", HOLD, "link")
        if _ADVERT.search(text):
            yield Finding("spam", REJECT, "contact")
        for number in _PHONE.findall(text):
            groups = _GAPS.split(number.lstrip("+"))
            if sum(map(len, groups)) > _PHONE_GROUP_DIGITS * len(groups):
                yield Finding("spam", HOLD, "phone number")
    if len(text) >= _REPEATED_CHARS:
        if _SAME_CHARACTER.search(text):
            yield Finding("spam", MILD, "one character over and over")
        words = text.lower().split()
        if len(words) >= _REPEATED_WORDS and len(set(words)) * 6 <= len(words):
            yield Finding("spam", MILD, "few words over and over")
