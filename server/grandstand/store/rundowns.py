"""The run-downs of all rooms: their items lie beside the parts of the room's state."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from grandstand.domain.rundown import Item, Progress, Rundown, rundown_of
from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.reader import Reader

_encode = msgspec.msgpack.Encoder().encode


class Rundowns:
    """The run-downs of all rooms, as their last commits left them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def get(self, room: str) -> tuple[Progress, list[Item], Rundown]:
        """Return how far the show has come, its items, and both as producers see them.

        Raises StoreUnavailable.
        """
        parts = ("rundown", "gone", keys.RUNDOWN_ITEMS)
        progress, gone, items = await self._reader.ask("HMGET", keys.state(room), *parts)
        so_far = item_of(progress or b"", Progress) or Progress()
        went = item_of(gone or b"", dict[str, str]) or {}
        listed = item_of(items or b"", list[Item]) or []
        return so_far, listed, rundown_of(so_far, went, listed)


def stored(items: Sequence[Item]) -> bytes:
    """Return items in the form of the store."""
    return _encode(items)
