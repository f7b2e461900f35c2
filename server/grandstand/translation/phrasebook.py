"""What crowds say most, in many languages: written by people, looked up, never asked for.

A phrase has a form in each language, and others by which it is recognised. Case, marks, repeated
letters and what stands around it (emoji, ``!!!``) don't matter; the last is carried over. A phrase
that is said several times in a row is translated as often, and a name beside it stays.

    names = ["Rosa Blitz"]

    [[phrase]]
    en = ["come on", "lets go"]
    fr = "allez"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from grandstand.errors import OperatorError
from grandstand.text.normalise import clean, skeleton
from grandstand.translation.engines.engine import base

FILE_MAX_BYTES = 2 << 20
"""20,000 phrases in a few languages, read in a second; a million lines have ten times as much."""

FORM_MAX_CHARS = 200
REPEATS_MAX = 5
"""How often a repeated phrase is said at most in its translation."""

_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_LETTERS = "\\w\u0300-\u036f\u064b-\u065f\u0900-\u0963\u0970-\u097f"
"""With the signs for vowels, which ``re`` takes for none."""

_CORE = re.compile(f"\\w(?:.*[{_LETTERS}])?", re.DOTALL)
_NO_LETTER = re.compile(f"[^{_LETTERS}]+|_+")
_RUN = re.compile(r"(.)\1+")
_LONG_RUN = re.compile(r"(.)\1\1")
_WIDE = {"zh": str.maketrans("!?,", "！？，"), "ja": str.maketrans("!?,", "！？、")}
_NARROW = str.maketrans("！？，、。", "!?,,.")
_NO_OPENING = str.maketrans("", "", "¿¡")
_ARABIC = str.maketrans("?,", "؟،")


@dataclass(frozen=True, slots=True)
class Phrase:
    """The forms of one phrase by language; of each the first is said."""

    forms: Mapping[str, Sequence[str]]


class PhraseBook:
    """Phrases by how they are said, and names of an event."""

    def __init__(self, phrases: Iterable[Phrase] = (), names: Iterable[str] = ()) -> None:
        self.names = tuple(names)
        self._known: dict[str, dict[str, Phrase]] = {}
        self._stretched: dict[str, set[str]] = {}
        for phrase in phrases:
            for lang, forms in phrase.forms.items():
                for form in forms:
                    key = key_of(form)
                    self._known.setdefault(key, {}).setdefault(lang, phrase)
                    self._stretched.setdefault(_RUN.sub(r"\1", key), set()).add(key)

    def __len__(self) -> int:
        return len(self._known)

    @classmethod
    def read(cls, path: Path) -> PhraseBook:
        """Read an operator's file. Raises OperatorError, naming the file."""
        try:
            with path.open("rb") as file:
                content = file.read(FILE_MAX_BYTES + 1)
        except OSError as fault:
            raise OperatorError(f"{path} can't be read: {fault.strerror}") from None
        if len(content) > FILE_MAX_BYTES:
            raise OperatorError(
                f"{path} is larger than {FILE_MAX_BYTES >> 20} MB: leave out what is rarely said"
            )
        try:
            return cls.of(tomllib.loads(content.decode("utf-8-sig")))
        except (ValueError, RecursionError) as fault:  # also of the TOML and of its letters
            raise OperatorError(f"{path}: {fault}") from None

    @classmethod
    def of(cls, table: Mapping[str, object]) -> PhraseBook:
        """Return the book of a file's content. Raises ValueError, naming what is wrong."""
        if unknown := sorted(table.keys() - {"names", "phrase"}):
            raise ValueError(f"{unknown[0]!r} is neither names nor a [[phrase]]")
        rows = table.get("phrase", [])
        if not isinstance(rows, list):
            raise ValueError("phrase must be given as [[phrase]]")
        phrases = [_phrase(number, row) for number, row in enumerate(rows, 1)]
        return cls(phrases, _strings("names", table.get("names", [])))

    def find(self, text: str, source: str, lang: str, names: Sequence[str] = ()) -> str | None:
        """Return a text in ``lang``, None if the book has none; about 5 us.

        ``source`` is the text's language or "", ``names`` are those in it.
        """
        found = _CORE.search(text)
        if found is None:
            return None
        core, place = found[0], None
        for name in names:  # one name, at one end of it
            if core != name and (core.startswith(name) or core.endswith(name)):
                place = name
                break
        bare = core if place is None else core.replace(place, " ", 1).strip()
        key, is_stretched = key_of(bare), _LONG_RUN.search(bare.casefold()) is not None
        said, times = self._looked_up(key, is_stretched, source, lang)
        if said is None:
            return None
        gap = "" if base(lang) in ("zh", "ja", "th") else " "
        said = _in_case(bare, gap.join([said] * times))
        if place is not None:
            said = f"{place} {said}" if core.startswith(place) else f"{said} {place}"
        before, after = _marks(text[: found.start()], lang), _marks(text[found.end() :], lang)
        opens = "¿" if base(lang) == "es" and "?" in after and "¿" not in before else ""
        return f"{before}{opens}{said}{after}"

    def _looked_up(
        self, key: str, is_stretched: bool, source: str, lang: str
    ) -> tuple[str | None, int]:
        """Return what is said, and how often; a key may be a phrase several times over."""
        phrase = self._phrase(key, is_stretched, source, lang)
        times = 1
        if phrase is None and key:
            unit = key[: (key + key).find(key, 1)]
            if unit != key:
                times = min(len(key) // len(unit), REPEATS_MAX)
                phrase = self._phrase(unit, is_stretched, source, lang)
        if phrase is None:
            return None, 0
        said = phrase.forms.get(lang) or phrase.forms.get(base(lang))
        return (said[0], times) if said else (None, 0)

    def _phrase(self, key: str, is_stretched: bool, source: str, lang: str) -> Phrase | None:
        found = self._known.get(key)
        if found is None and is_stretched:
            short = _RUN.sub(r"\1", key)
            alike = self._stretched.get(short, set())
            best = short if short in alike else next(iter(alike)) if len(alike) == 1 else ""
            found = self._known.get(best)
        if found is None:
            return None
        by_base = found.get(source) or found.get(base(source))
        if by_base is not None:
            return by_base
        if base(lang) in found or (base(source) and len(key) < 4):
            return None  # it is said so in that language too; or short, and something else in its
        phrases = {id(each): each for each in found.values()}
        return next(iter(phrases.values())) if len(phrases) == 1 else None


def key_of(text: str) -> str:
    """Return what is the same for texts that are said alike: no case, no marks, no gaps."""
    return _NO_LETTER.sub("", skeleton(text))


@cache
def our_own() -> PhraseBook:
    """Return the book that ships."""
    content = files("grandstand.translation").joinpath("phrases.toml").read_text("utf-8")
    return PhraseBook.of(tomllib.loads(content))


def _phrase(number: int, row: object) -> Phrase:
    if not isinstance(row, dict) or len(row) < 2:
        raise ValueError(f'phrase {number} must have two languages, as en = "…"')
    forms = {}
    for lang, said in row.items():
        if not _TAG.fullmatch(lang):
            raise ValueError(f"phrase {number}: {lang!r} is no language such as en or zh-Hant")
        forms[lang] = _strings(f"phrase {number}, {lang}", said)
        if not forms[lang] or not all(key_of(form) for form in forms[lang]):
            raise ValueError(f"phrase {number}, {lang}: a form must have letters")
    return Phrase(forms)


def _strings(where: str, value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    for each in values:
        if not isinstance(each, str) or len(each) > FORM_MAX_CHARS or clean(each) != each:
            raise ValueError(
                f"{where}: must be a line of at most {FORM_MAX_CHARS} letters, or some"
            )
    return tuple(values)


def _in_case(original: str, said: str) -> str:
    if len(original) > 1 and original.isupper():
        return said.upper()
    return said[:1].upper() + said[1:] if original[:1].isupper() else said


def _marks(around: str, lang: str) -> str:
    """Return what stands around a phrase, with the marks of the language."""
    narrow = around.translate(_NARROW)
    if base(lang) != "es":
        narrow = narrow.translate(_NO_OPENING)
    if base(lang) in ("ar", "fa", "ur"):
        return narrow.translate(_ARABIC)
    return narrow.translate(_WIDE.get(base(lang), {}))
