"""The rows of all rooms' entities: commits write them, and sequencers and nodes read them in
pieces."""

from __future__ import annotations

from collections.abc import Sequence

from grandstand.store import keys
from grandstand.store.reader import Reader

SLICE = 500
"""Rows that are read at a time: some 150 KB, 1 ms of the store."""


class Entities:
    """The rows of the entities of all rooms."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def of(self, room: str, names: Sequence[str]) -> tuple[dict[str, bytes], int]:
        """Return the rows of those of the entities that the room has, and how many it has in all;
        ``names`` isn't empty. Raises StoreUnavailable."""
        found, count = await self._reader.ask_all(
            [("HMGET", keys.entities(room), *names), ("HLEN", keys.entities(room))], at_once=True
        )
        rows = zip(names, found, strict=True)
        return {name: row for name, row in rows if row is not None}, int(count)

    async def count(self, room: str) -> int:
        """Return how many entities the room has. Raises StoreUnavailable."""
        return int(await self._reader.ask("HLEN", keys.entities(room)))

    async def slice(self, room: str, cursor: int) -> tuple[dict[str, bytes], int]:
        """Return some of the rows, from ``cursor`` (at first 0), and the next cursor; 0 at the end.

        All rows that were there at the beginning are in one of the slices at least, if one server
        gave them all: to another the cursor means nothing. Raises StoreUnavailable.
        """
        after, found = await self._reader.ask("HSCAN", keys.entities(room), cursor, "COUNT", SLICE)
        if not isinstance(found, dict):
            found = dict(zip(found[::2], found[1::2], strict=True))
        return {name.decode(): row for name, row in found.items()}, int(after)
