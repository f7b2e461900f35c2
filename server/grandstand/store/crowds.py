"""The audiences of all rooms by the minute, and what they are expected to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.reader import Reader
from grandstand.wire.gauges import Crowd

LIFE_S = 8 * 86_400
LATEST = "latest"
FRESH_MS = 120_000
"""How long a forecast counts; it is made every ten seconds, in a process with very many rooms less
often."""


class Forecast(Struct, frozen=True, array_like=True):
    """What was expected at ``at_ms`` (of the store's clock) of a room with so many viewers."""

    at_ms: int
    present: int
    crowd: Crowd


class Crowds:
    """The curves and forecasts of all rooms."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def hours(self, room: str) -> dict[int, bytes]:
        """Return the hours that are kept, by their numbers. Raises StoreUnavailable."""
        rows = await self._reader.ask("HGETALL", keys.crowd(room))
        return {int(name): row for name, row in rows.items() if name.isdigit()}

    async def keep(
        self, room: str, hours: Mapping[int, bytes], oldest: int, forecast: Forecast
    ) -> None:
        """Keep some hours and the latest forecast; forget the hour ``oldest``. Raises
        StoreUnavailable."""
        key, latest = keys.crowd(room), msgspec.msgpack.encode(forecast)
        pairs = [each for pair in hours.items() for each in pair]
        await self._reader.ask_all(
            [
                ("HSET", key, LATEST, latest, *pairs),
                ("HDEL", key, oldest),
                ("EXPIRE", key, LIFE_S),
            ]
        )

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
