"""A Merkle tree over leaves in a given order, with SHA-256. Pure.

A level of the tree is one byte string, its hashes one after the other: a pair of them is a slice,
and ten million take no object each. A hash without a partner goes up as it is. So the tree over a
block of ``2 ** n`` leaves is a node of the whole tree, and so is that over what is left at the end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal, TypeAlias

HASH_BYTES = 32
EMPTY = hashlib.sha256().digest()
"""The root of a tree without leaves."""

Side: TypeAlias = Literal["left", "right"]
Path: TypeAlias = Sequence[tuple[Side, bytes]]
"""From a leaf to the root: on which side the other hash stands, and that hash."""


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def levels_of(lowest: bytes) -> list[bytes]:
    """Return all levels above ``lowest`` (the hashes of leaves or of nodes), and itself first."""
    levels = [lowest]
    while len(levels[-1]) > HASH_BYTES:
        levels.append(_above(levels[-1]))
    return levels


def root_of(lowest: bytes) -> bytes:
    """Return the root over the hashes of leaves or of nodes."""
    return levels_of(lowest)[-1] or EMPTY


def path_in(levels: Sequence[bytes], index: int) -> Path:
    """Return the path of the ``index``-th hash of the first level."""
    path: list[tuple[Side, bytes]] = []
    for level in levels[:-1]:
        other = (index ^ 1) * HASH_BYTES
        if other < len(level):
            side: Side = "left" if index % 2 else "right"
            path.append((side, level[other : other + HASH_BYTES]))
        index //= 2
    return path


def climbed(leaf: bytes, path: Path) -> bytes:
    """Return the root to which ``path`` leads from the hash of a leaf."""
    for side, other in path:
        leaf = _inner(other + leaf if side == "left" else leaf + other)
    return leaf


def _above(level: bytes) -> bytes:
    paired = len(level) // (2 * HASH_BYTES) * 2 * HASH_BYTES
    pairs = range(0, paired, 2 * HASH_BYTES)
    sha256, size = hashlib.sha256, 2 * HASH_BYTES
    nodes = [sha256(b"\x01" + level[at : at + size]).digest() for at in pairs]
    return b"".join(nodes) + level[paired:]


def _inner(pair: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + pair).digest()
