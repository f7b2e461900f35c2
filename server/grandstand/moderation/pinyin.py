"""How characters sound: Chinese that is written with other characters, or typed, read as meant.

Filters look for characters; who wants past them writes others of the same sound, types the sound
(``sha bi``) or puts an emoji of that sound. The scorer looks at syllables beside characters. The
table is ``readings.txt``, a line a syllable, written by ``models/comment_scorer/readings.py``.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("readings.txt")

_TYPED = 0xE000
"""Private code of the first syllable: a skeleton holds no private code of anyone else's."""

_LEAST_TYPED = 3
"""Different syllables from which a text without any Chinese is taken for typed Chinese: "she can"
is not."""


def _codes(characters: str) -> NDArray[np.uint32]:
    return np.frombuffer(characters.encode("utf-32-le"), "<u4")


def _load() -> tuple[dict[str, int], NDArray[np.uint16]]:
    text = FILE.read_text("utf-8")
    numbers: dict[str, int] = {}
    table = np.zeros(max(_codes(text).max(), _TYPED + text.count("\n")) + 1, np.uint16)
    for number, line in enumerate(text.splitlines(), 1):
        syllable, _, characters = line.partition(" ")
        numbers[syllable] = number
        table[_codes(characters)] = number
        table[_TYPED + number] = number
    return numbers, table


_NUMBERS, SYLLABLES = _load()
"""SYLLABLES, uint16 by code point: the number of its syllable, 0 for none; codes past its end have
none."""


_WORD_MAX = 12
"""Syllables of a typed word: so that trying all ways to part it costs little."""


def _words(least_letters: int) -> re.Pattern[str]:
    """Match words of whole syllables, one space apart.

    By their first letters, so that not all four hundred are tried at each place: a fifth of the
    time, in Chinese a tenth.
    """
    endings: dict[str, list[str]] = {}
    for name in sorted(_NUMBERS, key=len, reverse=True):
        if len(name) >= least_letters:
            endings.setdefault(name[0], []).append(name[1:])
    each = "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in endings.items())
    word = f"(?:{each}){{1,{_WORD_MAX}}}(?![a-z'])"
    return re.compile(f"(?<![a-z'])(?>{word})(?: (?>{word}))*")


_AMONG_CHINESE, _ALONE = _words(1), _words(2)
_CHINESE = re.compile("[\u4e00-\u9fff]")
_LONGEST = max(map(len, _NUMBERS))
_ENDS = {name[-1] for name in _NUMBERS}
_BEGINNINGS = {name[:2] for name in _NUMBERS}


def heard(skeleton: str) -> str:
    """Give ``skeleton`` with syllables that were typed as one private code each.

    Beside Chinese characters every word of whole syllables counts as typed; elsewhere only a text
    that is nothing else and has three different ones. About 1 us.
    """
    if skeleton.isascii():
        # Most texts of other languages end or begin as no syllable does.
        if skeleton[-1:] not in _ENDS or skeleton[:2] not in _BEGINNINGS:
            return skeleton
        whole = _ALONE.fullmatch(skeleton)
        if whole is None:
            return skeleton
        typed = _typed(whole)
        return typed if len(set(typed)) >= _LEAST_TYPED else skeleton
    return _AMONG_CHINESE.sub(_typed, skeleton) if _CHINESE.search(skeleton) else skeleton


def _typed(found: re.Match[str]) -> str:
    return "".join(
        chr(_TYPED + _NUMBERS[syllable])
        for word in found[0].split(" ")
        for syllable in _parted(word) or ()
    )


def _parted(word: str) -> list[str] | None:
    """Part a word into syllables, the longest first; None if it isn't made of them."""
    if not word:
        return []
    for length in range(min(_LONGEST, len(word)), 0, -1):
        if word[:length] in _NUMBERS and (rest := _parted(word[length:])) is not None:
            return [word[:length], *rest]
    return None
