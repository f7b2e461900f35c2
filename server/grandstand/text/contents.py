"""What of a text can be compared with another: its links, numbers, width, control characters and
scripts. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from grandstand.text.scripts import scripts_of, words

LINK = re.compile(
    r"(?:https?://|www\.)\S{1,2000}"
    r"|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64}"
    r"|(?<![\w@])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|net|org|io|tv|gg|me|ru|cn|xyz|top|info|live|example"
    r"|de|fr|it|es|br|jp|kr|in|uk|app|link|site|online|shop|club|vip|ly|to|be|co)(?:/\S{0,2000})?(?!\w)"
    r"|[@＠]\w{2,64}|#\w{2,64}",
    re.IGNORECASE,
)
LAST = ".,;:!?。，；：！？)）]】»\"'"
"""Marks that end a sentence rather than belong to what stands before them."""

_NUMBER = re.compile(r"\d(?:[\d.,:'’\u00a0\u202f٫٬]*\d)?")
_APART = re.compile(r"\D")
_GROUPED = re.compile(r"(?<=\d)[.,'’\u00a0\u202f٬](?=\d{3}(?!\d))")
_POINT = re.compile(r"[,٫]")
_OTHER_NUMERAL = re.compile("[零〇一二两三四五六七八九十百千万億亿]{2,}")
"""One such character alone is mostly no number: 一起, 十分."""

_CONTROL = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def has_controls(text: str) -> bool:
    """Return whether a text has characters that nobody sees and that change what others look
    like, or a line's end."""
    return any(unicodedata.category(each) in _CONTROL or each in _BIDI for each in text)


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal: two for each wide character."""
    return sum(
        2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
        if unicodedata.category(each) not in ("Mn", "Me", "Cf")
    )


def links(text: str) -> Counter[str]:
    """Return links, addresses, mentions and hashtags, with how often each occurs."""
    return Counter(found[0].rstrip(LAST).lower() for found in LINK.finditer(text))


def numbers(text: str) -> Counter[str]:
    """Return the numbers, in ASCII digits without separators, with how often each occurs."""
    bare = LINK.sub(" ", text)
    return Counter(
        "".join(str(unicodedata.digit(digit)) for digit in _APART.sub("", found[0]))
        for found in _NUMBER.finditer(bare)
    )


def amounts(text: str) -> set[str]:
    """Return the numbers with their decimals, in ASCII digits, without what groups thousands; and
    what is a number without digits: ``½``, ``Ⅳ``, ``九十``."""
    bare = LINK.sub(" ", text)
    found = {_amount(each[0]) for each in _NUMBER.finditer(bare)}
    found |= {each for each in bare if unicodedata.category(each) in ("No", "Nl") and each != "〇"}
    return found | {each[0] for each in _OTHER_NUMERAL.finditer(bare)}


def _amount(number: str) -> str:
    ascii_digits = "".join(str(unicodedata.digit(each, each)) for each in number)
    return _POINT.sub(".", _GROUPED.sub("", ascii_digits))


def fits_script(text: str, lang: str, known: str) -> bool:
    """Return whether all words of another script than the language's (BCP 47) are in ``known``."""
    own = scripts_of(lang)
    there = known.casefold()
    return all(script in own or word.casefold() in there for script, word in words(text))
