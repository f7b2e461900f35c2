"""One recount, from the first vote to the index of the tree, in whatever process.

It gives way after each slice of votes and each block of leaves, about a millisecond of work.
"""

from __future__ import annotations

import asyncio

from msgspec import Struct

from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import LeafSorter, Recount, tagged
from grandstand.store.recounts import Recounts

KEPT_AT_ONCE = 64
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
    sorter = LeafSorter()
    async for votes in recounts.votes(room, poll):
        sorter.add(tagged(votes, salt, poll.weights))
    counting = Recount(len(poll.options))
    waiting: list[bytes] = []
    first = 0
    for records in sorter.blocks():
        counting.add(records)
        waiting.append(b"".join(records))
        if len(waiting) == KEPT_AT_ONCE:
            await recounts.keep(room, poll, first, waiting)
            first, waiting = first + len(waiting), []
        await asyncio.sleep(0)
    await recounts.keep(room, poll, first, waiting)
    index = counting.finish()
    await recounts.finish(room, poll, index)
    return Recounted(index.root, counting.tally, counting.voters)
