"""Turns skeletons into numbers: hashed n-grams of characters, words and syllables, a batch at once.

Training and serving share this module: a model is valid for only one ``VERSION`` of it, of
``normalise.skeleton`` and of ``pinyin``. Numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from grandstand.moderation.pinyin import SYLLABLES, heard

VERSION = "3"
"""Version of the features. It rises when skeletons or their n-grams change; a model names the one
that it fits."""

LONGEST = 5
COLUMNS = LONGEST + 3
"""Features at each position: n-grams of 1 to 5 characters; then, where Chinese is, those of 1 to 3
syllables; elsewhere the word, the pair of words and the word's bones that end there."""

ROWS = 1 << 17
"""Rows of the table to which ids point."""

MAX_CHARS = 600
"""Characters of a text, and of its skeleton, that are used: the contract's longest comment has 500
code points, and ``text_features`` counts to 1,023."""


def _number(value: int) -> NDArray[np.uint64]:
    """Return a number as an array of no dimensions: 0.24 us a call of numpy's; with its scalars,
    0.41."""
    return np.array(value, np.uint64)


_SIZES = np.arange(1, LONGEST + 1, dtype=np.uint64)[:, None]
_PRIME = _number(0x9E3779B97F4A7C15)
_HEARD = _number(0xC2B2AE3D27D4EB4F)
_WORD = _number(0xD6E8FEB86659FD93)
_MIX = _number(0xFF51AFD7ED558CCD)
_SPACE = _number(32)
_ZERO = 48
_ROW_BITS = ROWS.bit_length() - 1
_BY_7, _BY_29, _BY_31, _BY_THE_REST = map(_number, (7, 29, 31, 64 - _ROW_BITS))
_ONE, _THREE = map(np.array, (1, 3))
_NO_ROW, _LEAST = (np.array(each, np.int32) for each in (0, 1))
_GAP = "\n"  # between texts; no skeleton holds one

_REACHING = np.array([size - COLUMNS * back for size in range(LONGEST) for back in range(size + 1)])
"""From a gap, positions in ``ids`` of the n-grams that would reach into it. Those of the text
before, where it is shorter than that, reach into its own gap too."""


@dataclass(frozen=True, slots=True)
class Features:
    """Of ``n`` texts with ``t`` positions in all, texts lying one after the other.

    ``ids`` int32 (t, COLUMNS): rows of the table, 0 where there is none; ``owners`` int64 (t,): to
    which text a position belongs, ``n`` for the gap after each, not for writing; ``counts`` int32
    (n,): features of each text, at least 1.
    """

    ids: NDArray[np.int32]
    owners: NDArray[np.int64]
    counts: NDArray[np.int32]


def features(skeletons: list[str]) -> Features:
    """Hash the n-grams of at least one skeleton. 2.5 us each in a batch of 256, 45 us alone.

    For a single text the number of numpy's calls costs, not their work.
    """
    padded = [f" {heard(bones)[:MAX_CHARS]} {_GAP}" for bones in skeletons]
    joined = "".join(padded)
    total = len(joined)
    owners, starts, reaching = (
        _laid_out_alone(total) if len(padded) == 1 else _laid_out([len(each) for each in padded])
    )
    # A surrogate that lost its twin has no place in UTF-32; skeletons of cleaned text hold none.
    # The padding after the last text lets every n-gram begin everywhere.
    encoded = (joined + _GAP * (LONGEST - 1)).encode("utf-32-le", "replace")
    ahead = np.frombuffer(encoded, np.uint32).astype(np.uint64)
    codes = ahead[:total]
    hashes = np.zeros((COLUMNS, total), np.uint64)
    rolling = hashes[0]
    rolling[:] = codes
    for size in range(1, LONGEST):
        rolling = np.multiply(rolling, _PRIME, out=hashes[size])
        rolling += ahead[size : size + total]
    hashes[:LONGEST] += _SIZES
    is_ascii = joined.isascii()
    _hash_words(codes, is_ascii, hashes[LONGEST:])
    if not is_ascii:
        _hash_syllables(codes, hashes[LONGEST:])
    mixed = hashes >> _BY_29
    mixed ^= hashes
    mixed *= _MIX
    mixed >>= _BY_THE_REST
    np.putmask(mixed[0], codes == _SPACE, 0)
    ids = mixed.T.astype(np.int32, order="C")
    ids.put(reaching, 0)
    # A position's eight answers, a byte each, are the bits of one number.
    filled = np.bitwise_count((ids > _NO_ROW).view(np.uint64))[:, 0]
    counts = np.add.reduceat(filled, starts, dtype=np.int32)
    return Features(ids, owners, np.maximum(counts, _LEAST))


_Layout = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def _laid_out(spans: list[int]) -> _Layout:
    """Return for texts of so many positions: owners, first positions, positions of
    ``_REACHING``."""
    lengths = np.array(spans)
    stops = np.add.accumulate(lengths)
    owners = np.arange(len(spans)).repeat(lengths)
    owners[stops - 1] = len(spans)
    return owners, stops - lengths, (stops[:, None] - 1) * COLUMNS + _REACHING


@cache
def _laid_out_alone(span: int) -> _Layout:
    """Return the same for a single text, cached for each length: it would be a tenth of the
    cost."""
    layout = _laid_out([span])
    for each in layout:
        each.flags.writeable = False
    return layout


def _hash_syllables(codes: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> None:
    """Fill n-grams of syllables, (3, t), from the sounds there: of one sound, of one hash."""
    syllables = SYLLABLES.take(codes.view(np.int64), mode="clip").astype(np.uint64)
    syllables[codes >= len(SYLLABLES)] = 0
    heard_here = syllables > 0
    if not heard_here.any():
        return
    whole = heard_here.copy()
    rolling = np.zeros(len(codes), np.uint64)
    for size in range(1, min(len(hashes), len(codes)) + 1):
        upto = len(codes) - size + 1
        rolling[:upto] = rolling[:upto] * _HEARD + syllables[size - 1 :] + np.uint64(size)
        whole[:upto] &= heard_here[size - 1 :]
        np.copyto(hashes[size - 1, :upto], rolling[:upto] * whole[:upto], where=heard_here[:upto])


def _in_words() -> NDArray[np.uint64]:
    """Return what each ASCII code is in a word: itself, a digit 0, a space or gap 32, a mark 0."""
    table = np.zeros(128, np.uint64)
    for code in range(128):
        letter = chr(code)
        if letter.isalpha():
            table[code] = code
        elif letter.isdigit():
            table[code] = _ZERO
        elif letter in f" {_GAP}":
            table[code] = _SPACE
    return table


_IN_WORDS = _in_words()


def _hash_words(codes: NDArray[np.uint64], is_ascii: bool, hashes: NDArray[np.uint64]) -> None:
    """Fill words, pairs of words and words' bones, (3, t), at each word's last letter.

    In a word marks are skipped and digits are alike: "id.iot" is "idiot", a telephone number is a
    telephone number. Its hash is the sum of the hashes of its pairs of letters, by running sums.
    Bones are the first and the last letter and which others there are, whatever their order and
    however often in a row: "stuupid" and "sutpid" are "stupid".
    """
    known = _IN_WORDS.take(codes.view(np.int64), mode="clip")
    if not is_ascii:
        known = np.where(codes < len(_IN_WORDS), known, codes)
    kept = known.nonzero()[0]
    letters = known.take(kept)
    after = letters[1:]
    is_space = letters == _SPACE
    edges = (is_space[1:] != is_space[:-1]).nonzero()[0]
    before, stops = edges[0::2], edges[1::2]  # the space before a word, its last letter
    if not len(stops):
        return
    places = kept.take(stops)
    first, last = letters.take(before + _ONE), letters.take(stops)
    spread = letters * _PRIME
    pairs = spread[:-1] + after
    pairs ^= pairs >> _BY_29
    pairs *= _MIX
    sums = np.add.accumulate(pairs)
    words = first * _WORD
    words += sums.take(stops - _ONE)
    words -= sums.take(before)
    words ^= words >> _BY_31
    words *= _MIX
    hashes[0][places] = words
    couples = words[:-1] * _PRIME
    couples += words[1:]
    # One space apart; between texts there are three.
    couples *= before[1:] - stops[:-1] == _ONE
    hashes[1][places[1:]] = couples
    spread >>= _BY_7
    spread *= spread
    spread[1:] *= after != letters[:-1]
    bags = np.add.accumulate(spread)
    bones = first * _HEARD
    bones += last * _WORD
    bones += bags.take(stops)
    bones -= bags.take(before)
    bones *= stops - before > _THREE
    hashes[2][places] = bones
