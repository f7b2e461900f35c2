"""Which rooms need a sequencer: rooms where something happens, or will happen by time alone.

A quiet room costs nothing: no process holds its lease or reads its stream. The process that appends
to a quiet room wakes it by ``nudge``, which doesn't ask the store. The store lists the rooms that
are awake, each with the moment from which it needs a sequencer. By this list other processes take
over the rooms of a process that was killed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from redis.exceptions import ResponseError

from grandstand.store import keys
from grandstand.store.reader import Reader

log = structlog.get_logger(__name__)

NUDGED_S = 5.0
"""How long a nudge counts: the process that was sequencing the room may just be giving it up."""


class AwakeRooms:
    """The rooms that need a sequencer, as the store and this process know them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._nudged: dict[str, float] = {}
        self._known: frozenset[str] = frozenset()
        self.woken = asyncio.Event()
        """Set by a nudge of a room that wasn't known to be awake."""

    def nudge(self, room: str) -> None:
        """Note that something was appended to the room, or that it was made."""
        self._nudged[room] = asyncio.get_running_loop().time()
        if room not in self._known:
            self.woken.set()

    def nudged(self) -> set[str]:
        """Return the rooms that were nudged lately; the others are forgotten."""
        oldest_s = asyncio.get_running_loop().time() - NUDGED_S
        self._nudged = {room: when for room, when in self._nudged.items() if when >= oldest_s}
        return set(self._nudged)

    async def due(self, store_now_ms: float) -> set[str]:
        """Return the rooms that need a sequencer now, as the store knows."""
        rows = await self._reader.ask("ZRANGE", keys.AWAKE, "-inf", store_now_ms, "BYSCORE")
        rooms = {room.decode() for room in rows}
        self._known = frozenset(rooms)
        return rooms

    async def wake(self, rooms: Sequence[str], from_ms: float) -> None:
        """Note that the rooms need a sequencer from then on, by the store's clock."""
        if rooms:
            pairs = [part for room in rooms for part in (from_ms, room)]
            await self._reader.ask("ZADD", keys.AWAKE, *pairs)

    async def rest(self, rooms: Mapping[str, int | None]) -> None:
        """Note from when on (ms, the store's clock) each of the rooms needs a sequencer again.

        None: only a nudge wakes it.
        """
        await self._reader.ask_all(
            [
                ("ZREM", keys.AWAKE, room) if due_ms is None else ("ZADD", keys.AWAKE, due_ms, room)
                for room, due_ms in rooms.items()
            ]
        )

    async def backlogged(self, rooms: Sequence[str]) -> list[str]:
        """Return those of the rooms where something waits to be sequenced.

        A room whose key has an unexpected type doesn't stop the others, nor does one whose server
        is away.
        """
        counts = await self._reader.ask_each([("XLEN", keys.ingest(room)) for room in rooms])
        found = dict(zip(rooms, counts, strict=True))
        odd = [room for room, count in found.items() if isinstance(count, ResponseError)]
        if odd:
            log.error("rooms_unreadable", rooms=odd, reason="their streams are something else")
        return [room for room, count in found.items() if isinstance(count, int) and count]
