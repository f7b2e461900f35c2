"""What an engine's answer must fulfil before it stands for what somebody said. Pure.

Comments are written by strangers, and some speak to the model rather than to the audience. A
translation has about the length of its text, the same links, mentions and numbers, the letters of
its language, and the names that it was told to keep. What was obeyed in place of being translated
rarely has all of these. What fails is shown as the original.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from grandstand.translation.scripts import scripts_of, words

LENGTH_MAX = 3.0
"""Times the columns of the original."""

LENGTH_MIN = 0.25
"""Of the original's columns, from ``LENGTH_MIN_FROM`` on: an answer that has less is about
something else, or lacks most of it."""

LENGTH_MIN_FROM = 24

PART_MAX = 0.7
PART_MIN_WORDS = 3
"""An answer that stands in the original, and has no more than this share of its letters, repeats a
part of it; so does one of its words alone that has at least so many words less."""

LINK = re.compile(
    r"(?:https?://|www\.)\S{1,2000}"
    r"|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64}"
    r"|(?<![\w@])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|tv|gg|me|ru|cn|xyz|top|info|live|example"
    r"|de|fr|it|es|br|jp|kr|in|uk|app|link|site|online|shop|club|vip|ly|to|be|co)(?:/\S{0,2000})?(?!\w)"
    r"|[@＠]\w{2,64}|#\w{2,64}",
    re.IGNORECASE,
)
_LAST = ".,;:!?。，；：！？)）]】»\"'"
_QUOTES = _LAST + "“”„«‹›‘’'(（[【{ "
_NUMBER = re.compile(r"\d(?:[\d.,:'’\u00a0\u202f٫٬]*\d)?")
_APART = re.compile(r"\D")
_CONTROL = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def fault(original: str, answer: str, lang: str, names: Sequence[str], max_text: int) -> str:
    """Return in a word what is wrong with an answer, "" if nothing is.

    ``lang`` is the language asked for, ``names`` are those in the original that must stay, and
    ``max_text`` is the most characters that a comment of the room has.
    """
    if not answer.strip():
        return "empty"
    if any(unicodedata.category(each) in _CONTROL or each in _BIDI for each in answer):
        return "control"
    if not _length_fits(original, answer, max_text):
        return "length"
    if links(original) != links(answer):
        return "links"
    if numbers(original) != numbers(answer):
        return "numbers"
    if not all(original.count(name) == answer.count(name) for name in names):
        return "names"
    if not _script_fits(original, answer, lang):
        return "script"
    return "part" if _is_part(original, answer) else ""


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal: two for each wide character."""
    return sum(
        2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
        if unicodedata.category(each) not in ("Mn", "Me", "Cf")
    )


def links(text: str) -> Counter[str]:
    """Return links, addresses, mentions and hashtags, with how often each occurs."""
    return Counter(found[0].rstrip(_LAST).lower() for found in LINK.finditer(text))


def numbers(text: str) -> Counter[str]:
    """Return the numbers, in ASCII digits without separators, with how often each occurs."""
    bare = LINK.sub(" ", text)
    return Counter(
        "".join(str(unicodedata.digit(digit)) for digit in _APART.sub("", found[0]))
        for found in _NUMBER.finditer(bare)
    )


def _length_fits(original: str, answer: str, max_text: int) -> bool:
    before, after = columns(original), columns(answer)
    if len(answer) > max_text or after > LENGTH_MAX * before:
        return False
    return before < LENGTH_MIN_FROM or after >= LENGTH_MIN * before


def _script_fits(original: str, answer: str, lang: str) -> bool:
    """Return whether all words of another script than the language's are from the original."""
    own = scripts_of(lang)
    known = original.casefold()
    return all(script in own or word.casefold() in known for script, word in words(answer))


def _is_part(original: str, answer: str) -> bool:
    """Return whether an answer only repeats a part of the original."""
    whole, part = original.casefold(), answer.casefold().strip(_QUOTES)
    if part in whole and len(part) <= PART_MAX * len(whole):
        return True
    ours, theirs = whole.split(), part.split()
    known = {word.strip(_QUOTES) for word in ours}
    few = len(theirs) <= len(ours) - PART_MIN_WORDS
    return few and all(word.strip(_QUOTES) in known for word in theirs)
