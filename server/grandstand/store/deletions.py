"""Deletion of rooms: the head is marked at once, and the rest is deleted in pieces.

Once the head is marked, nothing enters the room and nothing is committed. The room's data may be
large, so it is deleted in pieces. Each piece looks at what is still there, so the work can stop and
go on at any time. The mark stays for a day after that: by it a process that was away tells a
deleted room from one that the store lost.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from grandstand.domain import envelope
from grandstand.domain.envelope import Ended
from grandstand.domain.record import Row
from grandstand.domain.stored_state import item_of
from grandstand.store import ingest, keys
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.topology.topology import Command
from grandstand.store.writer import Writer

REST_MS = 2000
"""How long a room is left alone before its data is deleted: by then every process knows that it
ended."""

MARK_KEPT_S = 86_400
ROWS = 500
POLLS = 20
"""At most this many polls are deleted in one piece of the work."""

_END, _ENDED, _SWEPT = map(load, ("end", "ended", "swept"))


class _Shards(msgspec.Struct, frozen=True):
    """How many shards a poll's votes have; by default as many as a poll has."""

    shards: int = 8


class Deletions:
    """The ends of all rooms."""

    def __init__(self, reader: Reader, writer: Writer, ended: Callable[[str], None]) -> None:
        """``ended`` is told of each room that ends by this process."""
        self._reader = reader
        self._writer = writer
        self._ended = ended

    async def end(self, room: str) -> bool | None:
        """End ``room`` and publish it. Return whether this call did it; None if it doesn't exist.

        Repeating the call is safe. Raises StoreUnavailable.
        """
        epoch = await self._reader.ask("HGET", keys.head(room), "epoch")
        published = envelope.encode(Ended((epoch or b"").decode()))
        if epoch is not None:  # announced first: if this process dies, another one deletes it
            await self._reader.ask("ZADD", keys.AWAKE, 0, room)
        (reply,) = await self._writer.all([(_END, [keys.head(room)], [keys.bus(room), published])])
        if reply > 0:
            self._ended(room)
        return None if reply < 0 else bool(reply)

    async def rest_ms(self, room: str, store_now_ms: float) -> float | None:
        """Return how long an ended room must still be left alone; 0: its data may be deleted. None
        if it hasn't ended.

        That it has is as durable as the store promises. Raises StoreUnavailable.
        """
        (ended,) = await self._writer.all([(_ENDED, [keys.head(room)], [])])
        if ended is None:
            return None
        waited_ms = abs(store_now_ms - float(ended))  # a cluster's clocks are some ms apart
        return max(0, REST_MS - waited_ms)

    async def sweep(self, room: str, store_now_ms: float) -> bool:
        """Delete one piece of an ended room; return whether nothing is left to do.

        Raises StoreUnavailable; what was done stays done.
        """
        ended, swept = await self._reader.ask("HMGET", keys.head(room), "ended", "swept")
        if ended is None:
            return True
        if swept is None:
            if await self._some_polls(room) or await self._some_rows(room):
                return False
            await self._rest(room, store_now_ms)
        await self._reader.ask("SREM", keys.ROOMS, room)
        call = (_SWEPT, [keys.head(room)], [ended, MARK_KEPT_S])
        (is_swept,) = await self._writer.all([call])
        if not is_swept:  # made anew meanwhile, by somebody who found it deleted
            await self._reader.ask("SADD", keys.ROOMS, room)
        return True

    async def _some_polls(self, room: str) -> bool:
        _, found = await self._reader.ask("HSCAN", keys.polls(room), 0, "COUNT", POLLS)
        pairs = (
            list(found.items())
            if isinstance(found, dict)
            else list(zip(found[::2], found[1::2], strict=True))
        )
        gone: list[Command] = []
        for poll, row in pairs:
            shards = (item_of(row, _Shards) or _Shards()).shards
            for shard in range(shards):
                gone += [("UNLINK", key(room, poll.decode(), shard)) for key in keys.OF_A_SHARD]
            gone.append(("UNLINK", keys.salt(room, poll.decode())))
        await self._reader.ask_all(gone)
        if pairs:
            await self._reader.ask("HDEL", keys.polls(room), *(poll for poll, _ in pairs))
        return bool(pairs)

    async def _some_rows(self, room: str) -> bool:
        members = await self._reader.ask("ZRANGE", keys.record(room), 0, ROWS - 1)
        rows = [row for member in members if (row := item_of(member, Row)) is not None]
        if rows:
            beside = {keys.at_of(room, row.id) for row in rows}
            beside |= {keys.rate(room, row.user) for row in rows}
            await self._reader.ask("UNLINK", *beside)
        if members:
            await self._reader.ask("ZREMRANGEBYRANK", keys.record(room), 0, len(members) - 1)
        return bool(members)

    async def _rest(self, room: str, store_now_ms: float) -> None:
        parts = (
            keys.ingest,
            keys.state,
            keys.timeline,
            keys.jobs,
            keys.entities,
            keys.effects,
            keys.effect_secrets,
            keys.firings,
            keys.firing_order,
            keys.highlights,
            keys.heat,
            keys.highlight_memory,
            keys.record,
            keys.retracted,
            keys.held,
            keys.sanctions,
            keys.polls,
            keys.poll_order,
            keys.translated,
            keys.assistant,
            keys.assisted,
            keys.edges,
            keys.audience,
            keys.crowd,
            keys.gauges,
            keys.lease,
            keys.holder,
        )
        period = int(store_now_ms // ingest.PERIOD_MS)
        answers = (keys.ids(room, period + step) for step in range(-3, 2))
        await self._reader.ask("UNLINK", *(part(room) for part in parts), *answers)
