"""The audiences of all rooms by the minute, and what they are expected to be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec import Struct

from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.errors import RoomEndedError, RoomGoneError
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Writer
from grandstand.wire.gauges import Crowd

LIFE_S = 8 * 86_400
LATEST = "latest"
FRESH_MS = 120_000
"""How long a forecast counts; it is made every ten seconds, in a process with very many rooms less
often."""

_KEEP = load("crowd")


class Forecast(Struct, frozen=True, array_like=True):
    """What was expected at ``at_ms`` (of the store's clock) of a room with so many viewers."""

    at_ms: int
    present: int
    crowd: Crowd


class Crowds:
    """The curves and forecasts of all rooms."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def hours(self, room: str) -> dict[int, bytes]:
        """Return the hours that are kept, by their numbers. Raises StoreUnavailable."""
        rows = await self._reader.ask("HGETALL", keys.crowd(room))
        return {int(name): row for name, row in rows.items() if name.isdigit()}

    async def keep(
        self, room: str, hours: Mapping[int, bytes], old: Collection[int], forecast: Forecast
    ) -> None:
        """Keep some hours and the latest forecast; forget the hours ``old``. Raises
        StoreUnavailable, RoomGoneError, RoomEndedError."""
        values: list[Argument] = [LIFE_S, len(old), *old]
        values += (LATEST, msgspec.msgpack.encode(forecast))
        for hour in hours.items():
            values += hour
        call = (_KEEP, [keys.head(room), keys.crowd(room)], values)
        (reply,) = await self._writer.all([call])
        if reply == -1:
            raise RoomGoneError(room)
        if reply == -2:
            raise RoomEndedError(room)

    async def latest(self, rooms: Sequence[str], store_now_ms: float) -> dict[str, Forecast]:
        """Return the forecasts of those of the rooms that have a fresh one. Raises
        StoreUnavailable."""
        rows = await self._reader.ask_all([("HGET", keys.crowd(room), LATEST) for room in rooms])
        found = {room: item_of(row or b"", Forecast) for room, row in zip(rooms, rows, strict=True)}
        return {
            room: each
            for room, each in found.items()
            if each is not None and abs(store_now_ms - each.at_ms) <= FRESH_MS
        }
