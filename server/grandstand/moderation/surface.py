"""What a skeleton no longer shows: how long a comment is and how loud. A batch at once.

Training and serving share this module, as they do ``ngrams``, whose ``VERSION`` covers it.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from grandstand.moderation.ngrams import MAX_CHARS

WIDTH = 11
"""Numbers of each text, all 0 to about 1: see ``surfaces``."""

_CALLS, _RUNS, _ALL_CAPITALS = 6, 7, 9
_LOUDEST = np.float32(0.6)

_FIELDS = np.arange(0, 60, 10)[:, None]
_LETTER, _CAPITAL, _DIGIT, _MARK, _PICTURE, _SEEN = _FIELDS[:, 0].tolist()
_MONEY, _CALL, _HAN = _FIELDS[:3, 0].tolist()
_COUNT = 1023
_CODES = 0x20000


@cache
def _weights() -> NDArray[np.int64]:
    """What each code point counts for, (2, codes): one in fields of ten bits, six in a number."""
    table = np.zeros((2, _CODES), np.int64)
    for code in range(_CODES):
        category = unicodedata.category(chr(code))
        fields = {
            "Lu": (_LETTER, _CAPITAL),
            "Nd": (_DIGIT,),
            "So": (_PICTURE,),
            "Sk": (_PICTURE,),
        }.get(category)
        if fields is None:
            fields = {"L": (_LETTER,), "P": (_MARK,), "S": (_MARK,)}.get(category[0], ())
        if fields:
            table[0, code] = sum(1 << field for field in (*fields, _SEEN))
        if category == "Sc":
            table[1, code] = 1 << _MONEY
    table[1, [ord(call) for call in "!?！？"]] = 1 << _CALL
    table[1, 0x3400:0x4DC0] = table[1, 0x4E00:0xA000] = 1 << _HAN
    return table


def surfaces(texts: list[str]) -> NDArray[np.float32]:
    """Of each text, at least one: (n, WIDTH) float32.

    Length (logarithm), share of capitals among letters, of digits, of marks, of pictures; whether
    it names money; calls ("!", "?"); letters or marks three times in a row; digits; whether all
    letters are capitals; share of Chinese characters. What is seen counts and no gap: letters set
    apart are no more, nor are those under stacks of marks.
    """
    padded = [text[:MAX_CHARS] + "\n" for text in texts]
    spans = np.fromiter(map(len, padded), np.int64, len(padded))
    starts = np.cumsum(spans) - spans
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), np.uint32)
    weights = _weights().take(codes, axis=1, mode="clip")
    sums = np.add.reduceat(weights, starts, axis=1)
    letters, capitals, digits, marks, pictures, seen = sums[0] >> _FIELDS & _COUNT
    money, calls, chinese = sums[1] >> _FIELDS[:3] & _COUNT
    same = codes[1:] == codes[:-1]
    thrice = np.zeros(len(codes), np.int64)
    thrice[2:] = same[1:] & same[:-1] & (weights[0, 2:] > 0)
    runs = np.add.reduceat(thrice, starts)
    length = np.maximum(seen, 1)
    out = np.empty((WIDTH, len(texts)), np.float32)
    out[0] = np.log1p(length) / 6
    out[1] = capitals / np.maximum(letters, 1)
    out[2] = digits / length
    out[3] = marks / length
    out[4] = pictures / length
    out[5] = money > 0
    out[_CALLS] = np.minimum(calls, 4) / 4
    out[_RUNS] = np.minimum(runs, 4) / 4
    out[8] = np.minimum(digits, 12) / 12
    out[_ALL_CAPITALS] = (capitals == letters) & (letters > 3)
    out[10] = chinese / length
    return np.ascontiguousarray(out.T)


def shouted(surfaces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the excitement that anyone can see, (n,), 0 to 0.6: capitals, calls, long letters."""
    signs = surfaces[:, _ALL_CAPITALS] + (surfaces[:, _CALLS] >= 0.5) + (surfaces[:, _RUNS] > 0)
    shouts: NDArray[np.float32] = _LOUDEST * np.minimum(signs, np.float32(2)) / np.float32(2)
    return shouts
