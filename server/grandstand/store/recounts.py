"""Recounts: the votes of a final poll, read in slices, and their leaves, kept in blocks.

The blocks of a tree lie beside the shards of its poll in turn, so a slot has a shard's share of
them. A voter's leaf is found by the tree's index, then in one block. What is kept here follows from
votes and salt: writing it again gives the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import TreeIndex, Vote
from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.errors import StoreUnavailable
from grandstand.store.reader import Reader
from grandstand.store.stored_votes import votes_of
from grandstand.store.topology.topology import Command

SLICE = 1000
"""Votes that are read at a time: the store looks for them for 0.2 ms."""

INDEX = "i"


class Recounts:
    """The recounted votes of all polls."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def salt(self, room: str, poll: str) -> bytes | None:
        """Return what the poll's voter tags are made with; None if it is gone, or never was."""
        salt: bytes | None = await self._reader.ask("GET", keys.salt(room, poll))
        return salt

    async def votes(
        self, room: str, poll: PollRecord, shard: int
    ) -> AsyncIterator[Sequence[tuple[bytes, Vote]]]:
        """Yield a shard's votes in slices, each with its voter's id as in comments; some may come
        twice.

        Raises StoreUnavailable, also at the end if another server took the shard over meanwhile: a
        place in one server's table means nothing in another's, so some votes may be missing.
        """
        key, cursor = keys.votes(room, poll.id, shard), 0
        history = await self._reader.history(key)
        while True:
            cursor, found = await self._reader.ask("HSCAN", key, cursor, "COUNT", SLICE)
            yield votes_of(found)
            if cursor == 0:
                break
        if await self._reader.history(key) != history:
            raise StoreUnavailable("another server took the votes over while they were read")

    async def keep(self, room: str, poll: PollRecord, first: int, blocks: Sequence[bytes]) -> None:
        """Keep the blocks from number ``first`` on for as long as the votes."""
        await self._put(
            room, poll, [(first + at, str(first + at), block) for at, block in enumerate(blocks)]
        )

    async def finish(self, room: str, poll: PollRecord, index: TreeIndex) -> None:
        """Keep the index, by which the blocks are found; they must be kept before."""
        await self._put(room, poll, [(0, INDEX, msgspec.msgpack.encode(index))])

    async def _put(
        self, room: str, poll: PollRecord, fields: Sequence[tuple[int, str, bytes]]
    ) -> None:
        kept_s = int(await self._reader.ask("TTL", keys.salt(room, poll.id)))
        by_shard: dict[int, list[str | bytes]] = {}
        for number, field, value in fields:
            by_shard.setdefault(number % poll.shards, []).extend((field, value))
        commands: list[Command] = []
        for shard, pairs in by_shard.items():
            key = keys.leaves(room, poll.id, shard)
            commands += [("HSET", key, *pairs), ("EXPIRE", key, max(1, kept_s))]
        await self._reader.ask_all(commands)

    async def index(self, room: str, poll: str) -> TreeIndex | None:
        """Return the index of the poll's tree; None if it isn't kept, or not yet."""
        row = await self._reader.ask("HGET", keys.leaves(room, poll, 0), INDEX)
        return None if row is None else item_of(row, TreeIndex)

    async def block(self, room: str, poll: PollRecord, number: int) -> bytes | None:
        """Return the block of that number; None if it isn't kept."""
        block: bytes | None = await self._reader.ask(*_place(room, poll, number))
        return block

    async def blocks(
        self, room: str, poll: PollRecord, first: int, count: int
    ) -> list[bytes | None]:
        """Return ``count`` blocks from number ``first`` on; None for one that isn't kept."""
        return await self._reader.ask_all(
            [_place(room, poll, number) for number in range(first, first + count)]
        )


def _place(room: str, poll: PollRecord, number: int) -> Command:
    return "HGET", keys.leaves(room, poll.id, number % poll.shards), str(number)
