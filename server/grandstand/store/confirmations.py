"""How a store is asked to confirm writes: once they are on disk, or once a replica has them.

``WAIT`` and ``WAITAOF`` wait for the last write of their own connection alone. A call that was sent
again, and that a script answers without writing, would be acknowledged before the write that it
repeats is confirmed. So a beat is written before they are asked: it comes behind all that its
server has written for anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.lua import load
from grandstand.store.topology.slots import Key, tag_of
from grandstand.store.topology.topology import Command

TIMEOUT_MS = 4000
"""Below ``REPLY_TIMEOUT_S``, so that a late confirmation can be told from a dead server."""

REPLICAS = 1
REPLICAS_TIMEOUT_MS = 1000
"""A replica answers within 10 ms (p99 on loopback). Where none is left, writers fail soon."""

_BEAT = load("beat").source


def _beat(key: Key, node: str) -> Command:
    """Return what writes the beat in the slot of ``key``; its text is short, so no server must know
    it before."""
    return "EVAL", _BEAT, 1, keys.beat(tag_of(key).decode(), node)


class FsyncConfirmation:
    """The server's append-only file has been synced."""

    def commands(self, key: Key, node: str) -> Sequence[Command]:
        """Return the beat and ``WAITAOF``."""
        return _beat(key, node), ("WAITAOF", 1, 0, TIMEOUT_MS)

    def check(self, replies: Sequence[Any]) -> None:
        """Raise StoreUnavailable unless the file was synced in time."""
        _require_answers(replies, "its fsync")
        if replies[-1][0] < 1:
            raise StoreUnavailable(f"no fsync within {TIMEOUT_MS} ms")


class ReplicaConfirmation:
    """A replica of the server has the writes in its memory."""

    def commands(self, key: Key, node: str) -> Sequence[Command]:
        """Return the beat and ``WAIT``."""
        return _beat(key, node), ("WAIT", REPLICAS, REPLICAS_TIMEOUT_MS)

    def check(self, replies: Sequence[Any]) -> None:
        """Raise StoreUnavailable unless a replica had them in time."""
        _require_answers(replies, "a replica's copy")
        if replies[-1] < REPLICAS:
            raise StoreUnavailable(f"no replica has it within {REPLICAS_TIMEOUT_MS} ms")


def _require_answers(replies: Sequence[Any], what: str) -> None:
    for reply in replies:
        if isinstance(reply, Exception):
            raise StoreUnavailable(f"the store does not confirm {what}: {reply}") from reply
