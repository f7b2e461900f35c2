"""What the recommendations are compared with: the known ways to weigh items by what is followed.

Each returns scores of all items, (users, items), from who follows what, (users, items).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def popular(follows: Floats) -> Floats:
    """Score each item by how many follow it."""
    return np.tile(follows.sum(axis=0), (len(follows), 1))


def item_knn(follows: Floats, neighbours: int = 100) -> Floats:
    """Score by the cosines between items, of each item its nearest ``neighbours``."""
    pairs = follows.T @ follows
    lengths = np.sqrt(np.maximum(np.diag(pairs), 1))
    alike = pairs / (lengths[:, None] * lengths[None, :])
    np.fill_diagonal(alike, 0)
    if neighbours < len(alike):
        nearest = -np.partition(-alike, neighbours, axis=0)[neighbours]
        alike = np.where(alike >= nearest[None, :], alike, 0)
    return np.asarray(follows @ alike, np.float32)


def ease(follows: Floats, held_back: float, discount: float) -> Floats:
    """Score by EASE (Steck 2019), times the item's followers to the minus ``discount``."""
    gram = (follows.T @ follows).astype(np.float64)
    followers = np.diag(gram).copy()
    gram[np.diag_indices_from(gram)] += held_back
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0)
    weights *= (followers + 1)[None, :] ** -discount
    return follows @ weights.astype(np.float32)
