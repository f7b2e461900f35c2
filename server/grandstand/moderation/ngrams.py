"""Skeletons into numbers: hashed n-grams of characters and words, a whole batch at once.

Training and serving share this module: a model is valid for one ``VERSION`` of it and of
``normalise.skeleton`` alone. Numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

VERSION = "1"
"""Of the features: rises when skeletons or their n-grams change; a model names the one it fits."""

LONGEST = 5
COLUMNS = LONGEST + 2
"""Features at each position: n-grams of 1 to 5 characters, then the word and the pair of words."""

MAX_CHARS = 600
"""Skeletons are cut there: the contract's longest comment has 500 code points."""

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_WORD = np.uint64(0xD6E8FEB86659FD93)
_BACK = np.uint64(pow(0xD6E8FEB86659FD93, -1, 1 << 64))
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SPACE = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Features:
    """Of ``n`` texts with ``t`` positions in all, texts lying one after the other.

    ``ids`` int32 (t, COLUMNS): rows of the table, 0 where there is none; ``ends`` int64 (n,): the
    position after each text's last; ``counts`` int32 (n,): features of each text, at least 1.
    """

    ids: NDArray[np.int32]
    ends: NDArray[np.int64]
    counts: NDArray[np.int32]


def features(skeletons: list[str], rows: int) -> Features:
    """Hash the n-grams of ``skeletons`` into ``1..rows-1``; ``rows`` is a power of two."""
    padded = [f" {bones[:MAX_CHARS]} " for bones in skeletons]
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    ends = np.cumsum(lengths)
    # A surrogate that lost its twin has no place in UTF-32; skeletons of cleaned text hold none.
    joined = "".join(padded).encode("utf-32-le", "replace")
    codes = np.frombuffer(joined, np.uint32).astype(np.uint64)
    total = len(codes)
    left = np.repeat(ends, lengths) - np.arange(total)  # characters up to the text's end
    hashes = np.zeros((total, COLUMNS), np.uint64)
    rolling = np.zeros(total, np.uint64)
    for size in range(1, min(LONGEST, total) + 1):
        rolling[: total - size + 1] = (
            rolling[: total - size + 1] * _PRIME + codes[size - 1 :] + np.uint64(size)
        )
        hashes[:, size - 1] = np.where(left >= size, rolling, 0)
    hashes[codes == _SPACE, 0] = 0
    _hash_words(codes, hashes)
    mixed = hashes ^ (hashes >> np.uint64(29))
    mixed *= _MIX
    mixed >>= np.uint64(33)
    ids = (mixed % np.uint64(rows - 1)).astype(np.int32) + 1
    ids[hashes == 0] = 0
    counts = np.add.reduceat((ids > 0).sum(axis=1, dtype=np.int32), ends - lengths)
    return Features(ids, ends, np.maximum(counts, 1))


def _hash_words(codes: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> None:
    """Fill the last two columns at each word's last position.

    A word's hash is the difference of two running sums of ``code * p**i``, taken back by
    ``p**-start``; ``p`` is odd and so has an inverse modulo 2**64.
    """
    is_space = codes == _SPACE
    starts = np.flatnonzero(is_space[:-1] & ~is_space[1:]) + 1
    stops = np.flatnonzero(~is_space[:-1] & is_space[1:])
    if not len(starts):
        return
    powers = np.full(len(codes), _WORD, np.uint64)
    powers[0] = 1
    powers = np.cumprod(powers, dtype=np.uint64)
    sums = np.cumsum(codes * powers, dtype=np.uint64)
    backwards = np.full(len(codes), _BACK, np.uint64)
    backwards[0] = 1
    backwards = np.cumprod(backwards, dtype=np.uint64)
    words = (sums[stops] - sums[starts - 1]) * backwards[starts]
    words = (words ^ (words >> np.uint64(31))) * _MIX + np.uint64(7)
    hashes[stops, LONGEST] = words
    same_text = starts[1:] - stops[:-1] == 2  # one space apart; between texts there are two
    pairs = words[:-1] * _PRIME + words[1:]
    hashes[stops[1:], LONGEST + 1] = np.where(same_text, pairs, 0)
