"""Leases: which node sequences a room. They save work; the commit's compare-and-set gives safety.

Leases also count lost holders. A holder that never gave a room back may have died over an entry
that it read there. The next holder learns how many were lost, and which entry they were trying
alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from grandstand.store import keys
from grandstand.store.errors import ConflictError, StoreUnavailable
from grandstand.store.lua import load
from grandstand.store.writer import Call, Writer

LEASE_MS = 1500
"""Well above the worst stall of an fsync seen (190 ms), and short enough for a takeover in 3 s."""

_LEASE = load("lease")


class Leases:
    """The leases of all rooms, in the name of one node."""

    def __init__(self, writer: Writer, node: str) -> None:
        self._writer = writer
        self._node = node
        self._is_trying = asyncio.Lock()

    async def hold(self, rooms: Sequence[str], working: Collection[str] = ()) -> set[str]:
        """Take or renew the lease of each room; return those that this node holds now.

        A room whose server is away counts as held if it is one of ``working``, for which this node
        works already: no other node can take it meanwhile. Raises StoreUnavailable if nobody
        answers.
        """
        replies = await self._writer.run([self._call(room) for room in rooms])
        found = dict(zip(rooms, replies, strict=True))
        away = {room for room, lost in found.items() if isinstance(lost, StoreUnavailable)}
        if away and len(away) == len(found):
            raise found[rooms[0]]
        held = {room for room, lost in found.items() if room not in away and lost >= 0}
        return held | (away & set(working))

    async def give_back(self, rooms: Sequence[str]) -> None:
        """Let another node take each of the rooms over at once."""
        await self._writer.all([self._call(room, hold_ms=0) for room in rooms])

    async def lost(self, room: str) -> int:
        """Renew the lease; return how many holders were lost since the room was last sequenced
        without a loss."""
        (lost,) = await self._writer.all([self._call(room)])
        return max(0, int(lost))

    async def recover(self, room: str) -> bool:
        """Note that this node survived what the lost holders died over; return whether it holds the
        lease."""
        (lost,) = await self._writer.all([self._call(room, "recovered")])
        return int(lost) >= 0

    @asynccontextmanager
    async def trying(self, room: str, cursor: str) -> AsyncIterator[int]:
        """Note that the entry at ``cursor`` is tried alone; return how many holders were lost over
        it.

        A node tries one entry at a time, of all its rooms: if it dies, no other entry is suspected.

        Raises:
            ConflictError: another node has the room.
        """
        async with self._is_trying:
            (lost,) = await self._writer.all([self._call(room, cursor)])
            if lost < 0:
                raise ConflictError(f"{room}: another node has it")
            yield int(lost)

    def _call(self, room: str, about: str = "", hold_ms: int | None = None) -> Call:
        hold_ms = LEASE_MS if hold_ms is None else hold_ms
        return _LEASE, [keys.lease(room), keys.holder(room)], [self._node, hold_ms, about]
