"""The highlights of all rooms, their heat lines, and what the job that finds them remembers."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

import msgspec

from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.errors import RoomEndedError, RoomGoneError
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Call, Writer
from grandstand.wire.highlights import Highlight

MINUTE_MS = 60_000
MOST = 10_000
"""Highlights that a room keeps at most, some 300 bytes each."""

_KEEP = load("highlights")
_ROW = struct.Struct("<q60H")
_UNKNOWN = 0xFFFF
_encode = msgspec.msgpack.Encoder().encode

Heat = Mapping[int, float]
"""How many times the usual was said, by the second (its beginning, programme ms)."""


class Highlights:
    """The highlights of all rooms."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def memory(self, room: str) -> bytes:
        """Return what was remembered last; empty if nothing was."""
        return await self._reader.ask("HGET", keys.highlight_memory(room), "memory") or b""

    async def keep(
        self,
        room: str,
        seq: int,
        memory: bytes,
        heat: Heat,
        found: Sequence[Highlight],
        since: int,
        removed: Sequence[Highlight] = (),
    ) -> bool:
        """Keep the memory of who has counted the commits up to ``seq``, unless it is empty, the
        seconds of ``heat`` in whole minutes, and highlights in the place of what was known of them;
        forget what is older than ``since`` (programme ms), and those that are ``removed``.

        Return False, and keep nothing, if another process has counted further. Again is the same.

        Raises StoreUnavailable, RoomGoneError, RoomEndedError.
        """
        minutes = sorted({at // MINUTE_MS for at in heat})
        values: list[Argument] = [seq, memory, since, since // MINUTE_MS, MOST, len(minutes)]
        for minute in minutes:
            values += (minute, _row(minute, heat))
        for each in found:
            values += (each.noticed, _encode(each))
        for each in removed:
            values += (each.noticed, b"")
        touched = [
            keys.head(room),
            keys.highlight_memory(room),
            keys.highlights(room),
            keys.heat(room),
        ]
        call: Call = (_KEEP, touched, values)
        (reply,) = await self._writer.all([call])
        if reply == -1:
            raise RoomGoneError(room)
        if reply == -2:
            raise RoomEndedError(room)
        return bool(reply)

    async def trim(self, room: str, since: int) -> None:
        """Forget what is older than ``since`` (programme ms), heat by whole minutes. Raises
        StoreUnavailable."""
        await self._reader.ask_all(
            [
                ("ZREMRANGEBYSCORE", keys.highlights(room), "-inf", f"({since}"),
                ("ZREMRANGEBYSCORE", keys.heat(room), "-inf", f"({since // MINUTE_MS}"),
            ]
        )

    async def has_any(self, room: str) -> bool:
        """Return whether any highlight or heat is kept. Raises StoreUnavailable."""
        both = (keys.highlights(room), keys.heat(room))
        return int(await self._reader.ask("EXISTS", *both)) > 0

    async def between(self, room: str, start: int, end: int) -> list[Highlight]:
        """Return the highlights that were noticed from ``start`` to before ``end`` (programme ms),
        in their order."""
        order = (keys.highlights(room), start, f"({end}", "BYSCORE")
        rows = await self._reader.ask("ZRANGE", *order)
        return [each for row in rows if (each := item_of(row, Highlight)) is not None]

    async def heat(self, room: str, start: int, end: int) -> dict[int, float]:
        """Return the heat of the seconds from ``start`` to before ``end`` (programme ms), as far as
        it is known, in their order."""
        first, last = start // MINUTE_MS, (end - 1) // MINUTE_MS
        rows = await self._reader.ask("ZRANGE", keys.heat(room), first, last, "BYSCORE")
        known: dict[int, float] = {}
        for row in rows:
            if len(row) != _ROW.size:  # another version's
                continue
            minute, *values = _ROW.unpack(row)
            for second, value in enumerate(values):
                at = minute * MINUTE_MS + second * 1000
                if value != _UNKNOWN and start <= at < end:
                    known[at] = value / 100
        return known


def _row(minute: int, heat: Heat) -> bytes:
    begin = minute * MINUTE_MS
    values = (heat.get(begin + second * 1000) for second in range(60))
    return _ROW.pack(
        minute,
        *(_UNKNOWN if each is None else min(_UNKNOWN - 1, round(100 * each)) for each in values),
    )
