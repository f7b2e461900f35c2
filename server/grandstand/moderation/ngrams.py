"""Skeletons into numbers: hashed n-grams of characters, words and syllables, a batch at once.

Training and serving share this module: a model is valid for one ``VERSION`` of it, of
``normalise.skeleton`` and of ``readings`` alone. Numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grandstand.moderation.readings import SYLLABLES, heard

VERSION = "3"
"""Of the features: rises when skeletons or their n-grams change; a model names the one it fits."""

LONGEST = 5
COLUMNS = LONGEST + 3
"""Features at each position: n-grams of 1 to 5 characters; then, where Chinese is, those of 1 to 3
syllables; elsewhere the word, the pair of words and the word's bones that end there."""

ROWS = 1 << 17
"""Rows of the table that ids point into."""

MAX_CHARS = 600
"""Of a text, and of its skeleton, that are looked at: the contract's longest comment has 500 code
points, and ``surface`` counts to 1,023."""

_SIZES = np.arange(1, LONGEST + 1, dtype=np.uint64)[:, None]
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_HEARD = np.uint64(0xC2B2AE3D27D4EB4F)
_WORD = np.uint64(0xD6E8FEB86659FD93)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SPACE = np.uint64(32)
_ZERO = np.uint64(48)
_GAP = "\n"  # between texts; no skeleton holds one


@dataclass(frozen=True, slots=True)
class Features:
    """Of ``n`` texts with ``t`` positions in all, texts lying one after the other.

    ``ids`` int32 (t, COLUMNS): rows of the table, 0 where there is none; ``owners`` int64 (t,): to
    which text a position belongs, ``n`` for the gap after each; ``counts`` int32 (n,): features of
    each text, at least 1.
    """

    ids: NDArray[np.int32]
    owners: NDArray[np.int64]
    counts: NDArray[np.int32]


def features(skeletons: list[str]) -> Features:
    """Hash the n-grams of at least one skeleton. 3 us each in a batch of 256, 60 us alone."""
    padded = [f" {heard(bones)[:MAX_CHARS]} " for bones in skeletons]
    spans = np.fromiter(map(len, padded), np.int64, len(padded)) + 1
    stops = np.cumsum(spans)
    joined = _GAP.join(padded) + _GAP
    # A surrogate that lost its twin has no place in UTF-32; skeletons of cleaned text hold none.
    narrow = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32)
    codes = narrow.astype(np.uint64)
    total = len(codes)
    left = np.repeat(stops - 1, spans) - np.arange(total)  # characters up to the text's end
    hashes = np.zeros((COLUMNS, total), np.uint64)
    rolling = np.zeros(total, np.uint64)
    for size in range(1, min(LONGEST, total) + 1):
        rolling = rolling[: total - size + 1] * _PRIME
        rolling += codes[size - 1 :]
        hashes[size - 1, : total - size + 1] = rolling
    hashes[:LONGEST] += _SIZES
    hashes[:LONGEST] *= left >= _SIZES
    hashes[0, codes == _SPACE] = 0
    _hash_words(codes, hashes[LONGEST:])
    if not joined.isascii():
        _hash_syllables(narrow, hashes[LONGEST:])
    hashes ^= hashes >> np.uint64(29)
    hashes *= _MIX
    hashes >>= np.uint64(64 - (ROWS.bit_length() - 1))
    ids = np.ascontiguousarray(hashes.T.astype(np.int32))
    owners = np.repeat(np.arange(len(padded)), spans)
    owners[stops - 1] = len(padded)
    counts = np.add.reduceat((ids > 0).sum(axis=1, dtype=np.int32), stops - spans)
    return Features(ids, owners, np.maximum(counts, 1))


def _hash_syllables(codes: NDArray[np.uint32], hashes: NDArray[np.uint64]) -> None:
    """Fill n-grams of syllables, (3, t), over what stands there: of one sound, of one hash."""
    syllables = SYLLABLES.take(codes, mode="clip").astype(np.uint64)
    syllables[codes >= len(SYLLABLES)] = 0
    heard_here = syllables > 0
    whole = heard_here.copy()
    rolling = np.zeros(len(codes), np.uint64)
    for size in range(1, min(len(hashes), len(codes)) + 1):
        upto = len(codes) - size + 1
        rolling[:upto] = rolling[:upto] * _HEARD + syllables[size - 1 :] + np.uint64(size)
        whole[:upto] &= heard_here[size - 1 :]
        np.copyto(hashes[size - 1, :upto], rolling[:upto] * whole[:upto], where=heard_here[:upto])


def _in_words() -> NDArray[np.uint64]:
    """Give what each ASCII code is in a word: itself, a digit 0, a space or gap 32, a mark 0."""
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


def _hash_words(codes: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> None:
    """Fill words, pairs of words and words' bones, (3, t), at each word's last letter.

    In a word marks are passed over and digits are alike: "id.iot" is "idiot", a telephone number is
    a telephone number. Its hash is the sum of those of its pairs of letters, by running sums. Bones
    are the first and the last letter and which others there are, whatever their order and however
    often in a row: "stuupid" and "sutpid" are "stupid".
    """
    known = _IN_WORDS.take(codes.astype(np.int64), mode="clip")
    known = np.where(codes < 128, known, codes)
    kept = np.flatnonzero(known)
    letters = known[kept]
    is_space = letters == _SPACE
    edges = np.flatnonzero(is_space[1:] != is_space[:-1])
    starts, stops = edges[0::2] + 1, edges[1::2]
    if not len(starts):
        return
    first, last = letters[starts], letters[stops]
    pairs = letters[:-1] * _PRIME
    pairs += letters[1:]
    pairs ^= pairs >> np.uint64(29)
    pairs *= _MIX
    sums = np.cumsum(pairs, dtype=np.uint64)
    words = (sums[stops - 1] - sums[starts - 1]) * (stops > starts) + first * _WORD
    words ^= words >> np.uint64(31)
    words *= _MIX
    hashes[0, kept[stops]] = words
    same_text = starts[1:] - stops[:-1] == 2  # one space apart; between texts there are three
    hashes[1, kept[stops[1:]]] = (words[:-1] * _PRIME + words[1:]) * same_text
    spread = (letters * _PRIME) >> np.uint64(7)
    spread *= spread
    spread[1:] *= letters[1:] != letters[:-1]
    bags = np.cumsum(spread, dtype=np.uint64)
    bones = bags[stops] - bags[starts - 1] + first * _HEARD + last * _WORD
    hashes[2, kept[stops]] = bones * (stops - starts > 2)
