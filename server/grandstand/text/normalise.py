"""Two forms of a text: one to show, and one for rules, merging and the scorer.

``clean`` makes the text safe to show and keeps what people mean by it: emoji sequences, marks of
scripts that need them. ``skeleton`` removes what people use to get past filters: case, look-alike
letters, marks, letters set apart, digits for letters, endless repeats. Training uses this very
module (``models/comment_scorer``), so a change here needs a new model and a new
``grandstand.moderation.ngrams.VERSION``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from typing import Literal

from confusable_homoglyphs.confusables import confusables_data

_category = unicodedata.category
_CATEGORIES = list(map(_category, map(chr, range(0x1F000))))
"""By code point, as far as there are marks and formats but for tags."""


def _ranges(categories: tuple[str, ...], first: int = 0, end: int = len(_CATEGORIES)) -> str:
    """Return the inside of a regex class of the code points of some categories before ``end``."""
    out: list[str] = []
    code = first
    for belongs, run in groupby(map(categories.__contains__, _CATEGORIES[first:end])):
        after = code + len(list(run))
        if belongs:
            out.append(f"\\U{code:08x}-\\U{after - 1:08x}")
        code = after
    return "".join(out)


_FAR, _FIRST_FAR = "\U00010000-\U0010ffff", 0x10000
_MARK_CATEGORIES = ("Mn", "Me")
_NEAR_MARKS = _ranges(_MARK_CATEGORIES, 0, _FIRST_FAR)
_FAR_MARKS = _ranges(_MARK_CATEGORIES, _FIRST_FAR)
_MARKS = _NEAR_MARKS + _FAR_MARKS
_MARK = f"(?:[{_NEAR_MARKS}]|(?=[{_FAR}])[{_FAR_MARKS}])"
"""One mark. ``re`` tries the ranges of a set that reaches beyond the first plane one by one, 330 of
them for each letter; a set of the first plane is a table."""

# Marks of no script in particular, which zalgo is made of; those of a script may be stacked higher.
_LOOSE_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_FORMATS = _ranges(("Cf",), 0, 0x200C) + _ranges(("Cf",), 0x200E)  # all but the two joiners
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"\\U{plane:04x}fffe-\\U{plane:04x}ffff" for plane in range(17)
)
_BLANK_LETTERS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"  # letters by category, seen as gaps

_NEVER = re.compile(
    "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f"
    f"\ud800-\udfff\ue000-\uf8ff{_FORMATS}{_NONCHARACTERS}"
    "\\U000f0000-\\U0010ffff\\U000e0100-\\U000e0fff\u180b-\u180f\u034f]"
)
_TAGS = re.compile("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f)")
_ALL_TAGS = re.compile("[\U000e0000-\U000e007f]")
_PICTURE = "\u203c-\u2bff\u3030\u303d\u3297\u3299\xa9\xae\U0001f000-\U0001faff"
_NEEDS_JOINERS = "\u0600-\u08ff\u0900-\u0dff"
_JOINERS = re.compile(
    f"(?<=[{_PICTURE}\ufe0f])\u200d(?=[{_PICTURE}])|"
    f"(?<=[{_NEEDS_JOINERS}])[\u200c\u200d](?=[{_NEEDS_JOINERS}])|"
    "([\u200c\u200d])"
)
_LOST_SELECTOR = re.compile(f"(?<![{_PICTURE}0-9#*])[\ufe00-\ufe0f]")
_ZALGO = re.compile(
    f"(?=[{_NEAR_MARKS}{_LOOSE_MARKS}{_FAR}])(?:"  # a quick test that few letters pass
    f"(?:^|(?<=\\s)){_MARK}+|(?<=[{_LOOSE_MARKS}\ufe0f]{{2}})[{_LOOSE_MARKS}]+|"
    f"(?<={_MARK}{{4}}){_MARK}+)"
)
_LONG_MARKS = re.compile(f"(?=[{_NEAR_MARKS}{_FAR}])(?<={_MARK}{{30}}){_MARK}+")
"""A run longer than the 30 of Unicode's Stream-Safe Text Format (UAX #15): to put a run of marks in
order takes CPython the square of its length."""

_BLANKS = re.compile(f"[{_BLANK_LETTERS}]+")
_MAY_BE_SUSPECT = re.compile(f"[{_NEAR_MARKS}{_BLANK_LETTERS}\u034f{_FAR}]")
"""Takes a fifteenth of the time of ``_SUSPECT``, as ``_MARK`` explains."""

_SUSPECT = re.compile(f"[{_MARKS}{_BLANK_LETTERS}\u034f]")


def clean(text: str) -> str:
    """Return what may be shown of ``text``: NFC, visible, on one line; '' if nothing is left.

    Never raises, encodes to UTF-8, and is its own fixed point. At most two loose combining marks
    stay on a letter, four of its own script's. Takes about 0.5 us for a plain comment.
    """
    if text.isprintable() and "  " not in text and (text.isascii() or _is_plain(text)):
        return text.strip()
    # Removing something may join parts that then compose or collapse: repeat until it is stable.
    while (cleaner := _strip(text)) != text:
        text = cleaner
    return text


def _is_plain(text: str) -> bool:
    """Return whether a printable text has no marks and no blank letters, and is composed."""
    if _MAY_BE_SUSPECT.search(text) and _SUSPECT.search(text):
        return False
    return unicodedata.is_normalized("NFC", text)


def _strip(text: str) -> str:
    text = "".join(
        part if _TAGS.fullmatch(part) else _ALL_TAGS.sub("", part) for part in _TAGS.split(text)
    )
    text = _NEVER.sub("", text)
    if "\u200c" in text or "\u200d" in text:
        text = _JOINERS.sub(lambda found: "" if found[1] else found[0], text)
    text = _LONG_MARKS.sub("", text)
    text = _LOST_SELECTOR.sub("", unicodedata.normalize("NFC", text))
    text = " ".join(_BLANKS.sub(" ", text).split())
    return _ZALGO.sub("", text)


_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_KEEP_COMPOSED = re.compile("[\u3040-\u30ff\u3130-\u318f\uac00-\ud7a3\uff65-\uffdc]")
_OVERLAY, _POINTS, _AROUND = 1, range(10, 37), range(200, 241)  # canonical combining classes


MOST_FOLDED = 20_000

UNFOLDED = 600
"""Letters to which a text may be folded in full, a fifth more than the contract's longest comment
has. A single code point can fold to 18 letters."""

_UNFOLDED_EACH = 2

_DARK_LETTERS = 0x1F150
"""White on black circles, and 32 later in squares: Unicode gives them no plain form."""


class _Folding(dict[int, str]):
    """What each code point becomes in a skeleton, computed when it first occurs.

    A room's chat needs a few thousand. In case somebody sends every code point there is, it caches
    the first ``MOST_FOLDED`` (3 MB) and computes the others each time.
    """

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        form: Literal["NFKC", "NFKD"] = "NFKC" if _KEEP_COMPOSED.match(letter) else "NFKD"
        wide = unicodedata.normalize(form, unicodedata.normalize(form, letter).casefold())
        folded = "".join(map(_fold_one, wide))
        if len(self) < MOST_FOLDED:
            self[code] = folded
        return folded


def _fold_one(letter: str) -> str:
    if letter < "\x80":
        return letter if letter >= " " else " "
    dark = ord(letter) - _DARK_LETTERS
    if 0 <= dark < 64 and dark % 32 < 26:
        return chr(ord("a") + dark % 32)
    category = _category(letter)
    if category == "Mn":
        group = unicodedata.combining(letter)
        hidden = group == _OVERLAY or group in _POINTS or group in _AROUND
        return "" if hidden or "\ufe00" <= letter <= "\ufe0f" else letter
    if category in ("Me", "Cf", "Cs", "Co", "Cc"):
        return ""
    if category == "Nd":
        return str(unicodedata.digit(letter))
    if category[0] == "Z" or letter in _BLANK_LETTERS:
        return " "
    return "'" if letter in "‘’ʼ´" else _look_alikes.get(letter, letter)


def _read_look_alikes() -> dict[str, str]:
    """Return letters that look like an ASCII letter, from Unicode's confusables."""
    found: dict[str, str] = {}
    for letter, twins in confusables_data.items():
        if len(letter) != 1 or letter < "\x80" or not letter.isalpha():
            continue
        for twin in twins:
            if len(twin["c"]) == 1 and twin["c"].isascii() and twin["c"].isalpha():
                found[letter] = twin["c"].lower()
                break
    return found


_look_alikes = _read_look_alikes()
_folding = _Folding()

CAPITALS = {ord(letter): twin for letter, twin in _look_alikes.items() if letter.isupper()}
"""Capitals that look like an ASCII letter, for names: a skeleton folds case before it compares."""

_LEET = str.maketrans("013457@$!|€", "oieastasile")
_MAY_BE_LEET = re.compile("[013457@$!|€]")
_MIXED_WORD = re.compile(  # of the words, those that have any such digit or sign
    r"(?<![\w@])(?=[a-z']*[013457@$!|€])(?:@(?=ss(?!\w)))?"
    r"[a-z013457$|€][a-z013457@$!|€']+(?!\w)"
)
_LEET_INSIDE = re.compile(r"[a-z][013457@$!|€]{1,3}[a-z]")  # sh1t, b@n@n4
_LEET_FIRST = re.compile(r"[013457$][a-z]{3,}!*$|@ss$")  # 5hit, @ss
_LEET_LAST = re.compile(r"[a-z]{1,3}(?:\$+|55)!*$")  # a$$, a55
_LEET_TWICE = re.compile(r"(?=.*[a-z])(?:[^013457$]*[013457$]){2}")  # 7h1$, d074
_NUMBER = re.compile(  # 100k, 30's, $10m, 4v5, ps4
    r"[$€]?\d+'?[a-z]+$|\d+(?:vs?|x|on|by|of|k)\d+$|[a-z]+\d{1,2}$"
)


def _unleet(found: re.Match[str]) -> str:
    """Read digits and signs as letters in a word that is clearly meant as one: not 1v1, mp3."""
    word = found[0]
    if not (
        _LEET_INSIDE.search(word)
        or _LEET_FIRST.match(word)
        or _LEET_LAST.match(word)
        or (_LEET_TWICE.match(word) and not _NUMBER.match(word))
    ):
        return word
    bare = word.rstrip("!")
    return bare.translate(_LEET) + word[len(bare) :]


_APART = re.compile(r"(?<![a-z])[a-z](?:[^\w,;:?]{1,2}[a-z]|_[a-z]){2,}(?![a-z])")
_MAY_BE_APART = re.compile("[^a-z0-9][a-z][^a-z0-9]")
_NOT_LETTER = re.compile(r"[\W_]+")
_HAN_GAPS = r"*._\-·~|/\\^+#&"
_HAN_APART = re.compile(
    f"(?=[ {_HAN_GAPS}])(?:"  # for most texts nothing else is searched
    f"(?<=[{_HAN}])[{_HAN_GAPS}]{{1,3}}(?=[{_HAN}])|"
    f"(?<=(?<![{_HAN}])[{_HAN}]) (?=[{_HAN}](?![{_HAN}])))"
)
_RUN = re.compile(r"(.)\1\1+")  # {2,} would take twice the time to find nothing


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """Return the normal form of ``text``, which rules, merging and scorer use.

    May be '' (a text of only marks). Pure. The cache spares the scorer the work that the rules did
    a moment before. 2 to 6 us for a comment not seen before. At most ``UNFOLDED`` letters or twice
    those of ``text``, whichever is more.
    """
    text = text.lower() if text.isascii() else _unfold(text)
    if _MAY_BE_LEET.search(text):
        text = _MIXED_WORD.sub(_unleet, text)
    if _MAY_BE_APART.search(text):
        text = _APART.sub(lambda found: _NOT_LETTER.sub("", found[0]), text)
    if not text.isascii():
        text = _HAN_APART.sub("", text)
    if _RUN.search(text):  # a search costs a quarter of a sub that finds nothing
        text = _RUN.sub(r"\1\1", text)
    return " ".join(text.split())


def _unfold(text: str) -> str:
    """Fold each code point. If that makes the text too long, fold none to more than two letters.

    No letter after them is left out, else a word could hide behind those that fold to many.
    """
    folded = text.translate(_folding)
    if len(folded) <= max(UNFOLDED, len(text)):
        return folded
    return "".join([_folding[ord(letter)][:_UNFOLDED_EACH] for letter in text])


_PUNCTUATION = re.compile(r"[\W_]+")


def dedupe_key(text: str) -> int:
    """Return a stable number of 63 bits that is equal for comments whose skeletons have the same
    letters.

    It is the same in every process, and in every release with the same skeleton. Comments without
    letters or digits (only emoji, "!!!") are equal if their skeletons are, or, without skeletons,
    their texts.
    """
    bare = skeleton(text)
    letters = bare if bare.isalnum() else _PUNCTUATION.sub("", bare)
    if letters:
        key = "w" + letters
    elif bare:
        key = "p" + bare
    else:
        key = "t" + text
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
