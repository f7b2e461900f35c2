"""Leases: which node sequences a room. They save work; the commit's comparison gives safety."""

from __future__ import annotations

from collections.abc import Sequence

from grandstand.store import keys
from grandstand.store.writer import Call, Writer, load

LEASE_MS = 1500
"""Well above the worst stall of an fsync seen (190 ms), and short enough for a takeover in 3 s."""

_LEASE = load("lease")


class Leases:
    """The leases of all rooms, in the name of one node."""

    def __init__(self, writer: Writer, node: str) -> None:
        self._writer = writer
        self._node = node

    async def hold(self, rooms: Sequence[str]) -> set[str]:
        """Takes or keeps the lease of each room; those that this node holds now."""
        calls: list[Call] = [(_LEASE, [keys.lease(room)], [self._node, LEASE_MS]) for room in rooms]
        replies = await self._writer.all(calls)
        return {room for room, held in zip(rooms, replies, strict=True) if held}

    async def give_back(self, rooms: Sequence[str]) -> None:
        """Lets another node take each of the rooms over at once."""
        calls: list[Call] = [(_LEASE, [keys.lease(room)], [self._node, 0]) for room in rooms]
        await self._writer.all(calls)
