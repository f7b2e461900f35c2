"""What each process says of its seats, of those who wait, and of what it did, while it says so."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.reader import Reader

HEARD_MS = 20_000
"""How long a report counts. Processes report every five seconds."""


class Said(Struct, frozen=True, array_like=True):
    """A thing that was done, or that should be done, since ``at`` (ms, the store's clock)."""

    at: int
    code: str
    text: str


class House(Struct, frozen=True, array_like=True):
    """One process at ``at`` (ms, the store's clock): its seats (0: not said), its viewers, those
    who wait, the handshakes a second that it lets in, its advice, and what it did last."""

    at: int
    seats: int
    here: int
    waiting: int
    per_s: int
    advice: list[Said]
    done: list[Said]


class Houses:
    """The reports of all processes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def report(self, node: str, house: House) -> None:
        """Write this process's report. Raises StoreUnavailable."""
        await self._reader.ask("HSET", keys.HOUSES, node, msgspec.msgpack.encode(house))

    async def all(self, store_now_ms: float) -> dict[str, House]:
        """Return the reports that were written lately; old and unreadable ones are deleted.

        Raises StoreUnavailable.
        """
        rows = await self._reader.ask("HGETALL", keys.HOUSES)
        fresh, silent = dict[str, House](), []
        for node, payload in rows.items():
            house = item_of(payload, House)
            if house is not None and abs(store_now_ms - house.at) <= HEARD_MS:
                fresh[node.decode()] = house
            else:
                silent.append(node)
        if silent:
            await self._reader.ask("HDEL", keys.HOUSES, *silent)
        return fresh
