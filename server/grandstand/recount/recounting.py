"""One recount, from the first vote to the index of the tree, in whatever process.

It gives way after each slice of votes and each block of leaves, about a millisecond of work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec import Struct

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import LeafSorter, Recount, packed_leaves
from grandstand.store.recounts import Recounts

READ_AT_ONCE = 2
"""Shards: the store looks for the votes of one while those of the other are hashed."""

KEPT_AT_ONCE = 128
"""Blocks that are written together, 320 KB: each write waits for the disk."""


class Recounted(Struct, frozen=True):
    """What a recount found: the tree's root, and what its leaves add up to."""

    root: bytes
    tally: list[int]
    voters: int


async def recount(recounts: Recounts, room: str, poll: PollRecord) -> Recounted | None:
    """Count the votes of a final poll and keep their leaves; again gives the same.

    Return None if the poll's salt isn't kept any more. Raises StoreUnavailable.
    """
    salt = await recounts.salt(room, poll.id)
    if salt is None:
        return None
    sorter, shards = LeafSorter(), iter(range(poll.shards))

    async def sort() -> None:
        for shard in shards:
            async for votes in recounts.votes(room, poll, shard):
                sorter.add(packed_leaves(votes, salt, poll.weights))

    await asyncio.gather(*(sort() for _ in range(READ_AT_ONCE)))
    counting, blocks = Recount(len(poll.options)), sorter.blocks()
    first, some = 0, await _counted(counting, blocks)
    while some:
        # The disk has the blocks by the time that the next ones are counted.
        keeping = recounts.keep(room, poll, first, some)
        first += len(some)
        _, some = await asyncio.gather(keeping, _counted(counting, blocks))
    index = counting.finish()
    await recounts.finish(room, poll, index)
    return Recounted(index.root, counting.tally, counting.voters)


async def _counted(counting: Recount, blocks: Iterator[Sequence[bytes]]) -> list[bytes]:
    """Count the next blocks; return them as they are kept."""
    counted = []
    for records in islice(blocks, KEPT_AT_ONCE):
        counting.add(records)
        counted.append(b"".join(records))
        await asyncio.sleep(0)
    return counted
