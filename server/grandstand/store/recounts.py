"""Recounts: the votes of a final poll, read in slices, and their leaves, kept in blocks.

The blocks of a tree lie beside the shards of its poll in turn, so a slot has a shard's share of
them. A voter's leaf is found by the tree's index, then in one block. What is kept here follows from
votes and salt: writing it again gives the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import lru_cache

import msgspec

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import TreeIndex, Vote
from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.reader import Command, Reader
from grandstand.store.votes import stored_vote

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

    async def votes(self, room: str, poll: PollRecord) -> AsyncIterator[list[Vote]]:
        """Yield all votes in slices; some may come twice. Raises StoreUnavailable."""
        for shard in range(poll.shards):
            key, cursor = keys.votes(room, poll.id, shard), b"0"
            while True:
                cursor, found = await self._reader.ask("HSCAN", key, cursor, "COUNT", SLICE)
                if not isinstance(found, dict):
                    found = dict(zip(found[::2], found[1::2], strict=True))
                yield [(voter, *_vote(field)) for voter, field in found.items()]
                if int(cursor) == 0:
                    break

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
        commands: list[Command] = []
        for number, field, value in fields:
            key = keys.leaves(room, poll.id, number % poll.shards)
            commands.append(("HSET", key, field, value))
            commands.append(("EXPIRE", key, max(1, kept_s)))
        await self._reader.ask_all(commands)

    async def index(self, room: str, poll: str) -> TreeIndex | None:
        """Return the index of the poll's tree; None if it isn't kept, or not yet."""
        row = await self._reader.ask("HGET", keys.leaves(room, poll, 0), INDEX)
        return None if row is None else item_of(row, TreeIndex)

    async def blocks(
        self, room: str, poll: PollRecord, first: int, count: int
    ) -> list[bytes | None]:
        """Return ``count`` blocks from number ``first`` on; None for one that isn't kept."""
        return await self._reader.ask_all(
            [
                ("HGET", keys.leaves(room, poll.id, number % poll.shards), str(number))
                for number in range(first, first + count)
            ]
        )


@lru_cache(4096)
def _choices(text: bytes) -> tuple[tuple[int, ...], int]:
    return stored_vote(b"|" + text)


def _vote(field: bytes) -> tuple[tuple[int, ...], int]:
    """Return choices and weight; most voters chose what others did."""
    return _choices(field.split(b"|", 2)[1])
