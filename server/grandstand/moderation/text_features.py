"""Features that a skeleton doesn't show: how long a comment is and how loud. A batch at once.

Training and serving share this module, as they do ``ngrams``, whose ``VERSION`` covers it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from grandstand.moderation.ngrams import MAX_CHARS

WIDTH = 11
"""Numbers of each text, all 0 to about 1: see ``surfaces``."""

_LENGTH, _CAPITALS, _CALLS, _ALL_CAPITALS = 0, 1, 6, 9

_SEEN, _LETTER, _CAPITAL, _DIGIT, _MARK, _PICTURE, _MONEY, _CALL, _HAN, _RUN, _NOTHING = range(11)
_TOGETHER, _BITS = 6, 10
"""Counts, packed into two numbers for each text: six counts in one, ten bits each."""

_SHARES = (
    (_SEEN, _SEEN, 1),  # where the length goes
    (_CAPITAL, _LETTER, 1),
    (_DIGIT, _SEEN, 1),
    (_MARK, _SEEN, 1),
    (_PICTURE, _SEEN, 1),
    (_MONEY, _NOTHING, 1),
    (_CALL, _NOTHING, 4),
    (_RUN, _NOTHING, 4),
    (_DIGIT, _NOTHING, 12),
    (_LETTER, _LETTER, 1),  # where it goes whether all are capitals
    (_HAN, _SEEN, 1),
)
"""How each number, at most 1, is made: what is counted, divided by what, or at least by so many."""

_COUNTED = np.array([share[:2] for share in _SHARES]).T
_NUMBERS, _SHIFTS = _COUNTED // _TOGETHER, _COUNTED % _TOGETHER * _BITS
_LEAST = np.array([least for _, _, least in _SHARES])
_LENGTHS = (np.log1p(np.maximum(np.arange(1 << _BITS), 1)) / 6).astype(np.float32)
_CODES = 0x20000

_SINGLY = 4
"""Up to this many texts are processed one by one: 4 us each, where numpy's calls take 17 us."""
_THRICE = re.compile(r"(.)\1\1+")

# As arrays: see ``ngrams``.
_MOST = (1 << _BITS) - 1
_ZERO, _FEW, _ALL_BITS = map(np.array, (0, 3, _MOST))
_ONE_RUN = np.array(1 << _RUN % _TOGETHER * _BITS)
_ALL = np.array(1, np.float32)

_LOUD_FROM = np.array([0.5, 0.25, np.inf, 1], np.float32)
"""Calls, long letters, (digits: never) and capitals, which stand side by side."""
_SHOUTS = np.array([0, 0.3, 0.6, 0.6], np.float32)
"""Excitement by how many of these are loud."""


@cache
def _weights() -> NDArray[np.int64]:
    """Return what each code point counts for, (codes, 2)."""
    kinds = {
        "Lu": (_LETTER, _CAPITAL),
        "Nd": (_DIGIT,),
        "Sc": (_MARK, _MONEY),
        "So": (_PICTURE,),
        "Sk": (_PICTURE,),
    }
    families = {"L": (_LETTER,), "P": (_MARK,), "S": (_MARK,)}
    names = "".join(map(unicodedata.category, map(chr, range(_CODES)))).encode()
    categories, places = np.unique(np.frombuffer(names, "S2"), return_inverse=True)
    of_category = np.zeros((len(categories), 2), np.int64)
    for place, name in enumerate(categories.astype(str)):
        counted = kinds.get(name) or families.get(name[0])
        for each in (_SEEN, *counted) if counted else ():
            _count(of_category, place, each)
    table = of_category[places]
    for call in "!?！？":
        _count(table, ord(call), _CALL)
    for first, end in ((0x3400, 0x4DC0), (0x4E00, 0xA000)):
        _count(table, slice(first, end), _HAN)
    return table


def _count(table: NDArray[np.int64], codes: int | slice, of: int) -> None:
    table[codes, of // _TOGETHER] |= 1 << of % _TOGETHER * _BITS


def surfaces(texts: list[str]) -> NDArray[np.float32]:
    """Return the features of at least one text: (n, WIDTH) float32. 0.5 us each in a batch of 256,
    4 us alone.

    They are: length (logarithm); share of capitals among letters, of digits, of marks, of pictures;
    whether it names money; calls ("!", "?"); letters or marks three times in a row; digits; whether
    all letters are capitals; share of Chinese characters. Only visible characters count, no gaps:
    letters with gaps between them count no more, nor do letters under stacks of marks.
    """
    if len(texts) <= _SINGLY:
        return np.array([_singly(text[:MAX_CHARS]) for text in texts], np.float32)
    return _together([text[:MAX_CHARS] + "\n" for text in texts])


def _together(padded: list[str]) -> NDArray[np.float32]:
    spans = np.array([len(each) for each in padded])
    starts = np.add.accumulate(spans) - spans
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), np.uint32)
    weights = _weights().take(codes, axis=0, mode="clip")
    same = codes[1:] == codes[:-1]
    thrice = same[1:] & same[:-1]
    thrice &= weights[2:, 0] > _ZERO
    weights[2:, _RUN // _TOGETHER] += thrice * _ONE_RUN
    counts = np.add.reduceat(weights, starts, axis=0).take(_NUMBERS, axis=1)
    counts >>= _SHIFTS
    counts &= _ALL_BITS
    found, among = counts[:, 0], counts[:, 1]
    out = np.empty((len(padded), WIDTH), np.float32)
    np.divide(found, np.maximum(among, _LEAST), out=out)
    np.minimum(out, _ALL, out=out)
    out[:, _LENGTH] = _LENGTHS.take(found[:, _LENGTH])
    out[:, _ALL_CAPITALS] = (out[:, _CAPITALS] == _ALL) & (found[:, _ALL_CAPITALS] > _FEW)
    return out


_MOST_LETTERS = 20_000


class _Weights(dict[str, int]):
    """What each letter counts for, all in one number, computed when the letter first occurs.

    It caches the first ``_MOST_LETTERS``, in case somebody sends every letter there is.
    """

    def __missing__(self, letter: str) -> int:
        low, high = map(int, _weights()[min(ord(letter), _CODES - 1)])
        weight = low | high << _TOGETHER * _BITS
        if len(self) < _MOST_LETTERS:
            self[letter] = weight
        return weight


_weight = _Weights()


def _singly(text: str) -> list[float]:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    counts = sum(map(_weight.__getitem__, text))
    seen, letters, capitals, digits, marks, pictures, money, calls, chinese = [
        counts >> shift & _MOST for shift in range(0, _RUN * _BITS, _BITS)
    ]
    runs = sum([len(run[0]) - 2 for run in _THRICE.finditer(text) if _weight[run[1]]])
    share = capitals / max(letters, 1)
    whole = max(seen, 1)
    return [
        float(_LENGTHS[seen]),
        share,
        digits / whole,
        marks / whole,
        pictures / whole,
        min(money, 1),
        min(calls / 4, 1),
        min(runs / 4, 1),
        min(digits / 12, 1),
        share == 1 and letters > 3,
        chinese / whole,
    ]


def shouted(surfaces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the excitement that anyone can see, (n,), 0 to 0.6: capitals, calls, long letters."""
    signs = (surfaces[:, _CALLS : _ALL_CAPITALS + 1] >= _LOUD_FROM).view(np.uint32)
    return _SHOUTS.take(np.bitwise_count(signs)[:, 0])
