"""Texts and what is known of each, ready to train on: one row a text, one column a head."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from grandstand.moderation import ngrams
from grandstand.moderation.text_features import surfaces
from grandstand.text.normalise import clean, skeleton
from numpy.typing import NDArray

from models.comment_scorer.disguises import dress
from models.comment_scorer.prepare import HEADS, Part

_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Hashed:
    """Of ``n`` texts with ``t`` positions in all: what the model is given.

    ``ids`` int32 (t, ngrams.COLUMNS), ``lengths`` int64 (n,), ``scale`` float32 (n,), ``surface``
    float32 (n, text_features.WIDTH).
    """

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]
    scale: NDArray[np.float32]
    surface: NDArray[np.float32]


def hashed(texts: list[str]) -> Hashed:
    """Hash cleaned texts as the server does."""
    parts = []
    for first in range(0, len(texts), _AT_ONCE):
        some = texts[first : first + _AT_ONCE]
        found = ngrams.features([skeleton(text) for text in some])
        real = found.owners < len(some)
        lengths = np.bincount(found.owners[real], minlength=len(some))
        scale = (1 / np.sqrt(found.counts)).astype(np.float32)
        parts.append((found.ids[real], lengths, scale, surfaces(some)))
    ids, lengths, scale, surface = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Hashed(ids, lengths, scale, surface)


@dataclass(frozen=True, slots=True)
class Examples:
    """``targets`` and ``weights`` float32 (n, heads), weight 0 where a head isn't taught;
    ``repeats`` int64 (n,): times in an epoch; ``dressed`` float32 (n,): share of copies dressed up.
    """

    texts: list[str]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    repeats: NDArray[np.int64]
    dressed: NDArray[np.float32]

    def taken(self, rows: NDArray[np.int64], texts: list[str] | None = None) -> Examples:
        """Some of them, with other ``texts`` if given."""
        return Examples(
            [self.texts[row] for row in rows] if texts is None else texts,
            self.targets[rows],
            self.weights[rows],
            self.repeats[rows],
            self.dressed[rows],
        )


def collect(parts: Iterable[Part]) -> Examples:
    """One row for each text; one that a part has more than once keeps its rows.

    What several parts say of a text goes into one row; targets of one head are averaged by weight.
    """
    parts = list(parts)
    rows: dict[tuple[str, int], int] = {}
    places = [[rows.setdefault(key, len(rows)) for key in _numbered(part)] for part in parts]
    weights = np.zeros((len(rows), len(HEADS)), np.float32)
    sums = np.zeros_like(weights)
    repeats, dressed = np.ones(len(rows), np.int64), np.zeros(len(rows), np.float32)
    for part, at in zip(parts, places, strict=True):
        column = HEADS.index(part.head)
        weights[at, column] += part.weight
        sums[at, column] += part.weight * np.array([target for _, target in part.rows], np.float32)
        repeats[at] = np.maximum(repeats[at], part.repeat)
        dressed[at] = np.maximum(dressed[at], part.dressed)
    texts = [text for text, _ in rows]
    targets = (sums / np.maximum(weights, 1e-9)).astype(np.float32)
    return Examples(texts, targets, weights, repeats, dressed)


def _numbered(part: Part) -> Iterator[tuple[str, int]]:
    """Texts of a part, each with how often it came before."""
    seen: Counter[str] = Counter()
    for text, _ in part.rows:
        yield text, seen[text]
        seen[text] += 1


def dressed_up(examples: Examples, seed: int) -> Examples:
    """Copies of a share of the texts, each dressed up anew; those that come to nothing left out."""
    draw = random.Random(seed)
    rows, texts = [], []
    for row, (text, share) in enumerate(zip(examples.texts, examples.dressed, strict=True)):
        if draw.random() < share and (changed := clean(dress(text, draw))):
            rows.append(row)
            texts.append(changed)
    return examples.taken(np.array(rows, np.int64), texts)
