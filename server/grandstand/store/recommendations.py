"""What recommendations take from the store, and what goes by it between processes.

What a person follows goes by channels alone, which keep nothing. The one thing that is stored is
the alikeness, of which no pair is of fewer than three people; and it ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from grandstand.domain.stored_state import item_of, state_of
from grandstand.store import keys
from grandstand.store.reader import Reader
from grandstand.store.rooms import viewers_of
from grandstand.store.topology.topology import Command
from grandstand.wire.highlights import Highlight
from grandstand.wire.messages import Overlay
from grandstand.wire.settings import Settings

GAUGES_MS = 15_000
ALIKENESS_S = 600


@dataclass(frozen=True, slots=True)
class Glance:
    """A room as the one who recommends sees it; ``committed`` is the programme time of its last
    commit, ms. ``seq`` is its number. ``viewers`` has those without a socket in it."""

    settings: Settings
    viewers: int
    excitement: float
    committed: int
    seq: int
    highlight: Highlight | None
    entities: int


class _Gauges(Struct, frozen=True, array_like=True):
    lurkers: int
    excitement: float


def _about(overlay: Overlay) -> tuple[str, str] | None:
    """Return the id and the name of the entity that a card is about."""
    entity, name = overlay.data.get("entity"), overlay.data.get("name")
    is_named = isinstance(entity, str) and isinstance(name, str)
    return (str(entity), str(name)) if is_named else None


class Recommendations:
    """The store of what is recommended."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def keep_gauges(self, room: str, lurkers: int, excitement: float) -> None:
        """Keep for a while what the room's leader alone knows. Raises StoreUnavailable."""
        row = msgspec.msgpack.encode(_Gauges(lurkers, excitement))
        await self._reader.ask("SET", keys.gauges(room), row, "PX", GAUGES_MS)

    async def glances(self, rooms: Sequence[str], store_now_ms: float) -> dict[str, Glance]:
        """Return each of the rooms that exists and can be read, in one round trip.

        A room whose server is away is left out. Raises StoreUnavailable if nobody answers.
        """
        commands: list[Command] = []
        for room in rooms:
            commands += [
                ("HMGET", keys.head(room), "epoch", "now", "ended", "seq"),
                ("HGET", keys.state(room), "settings"),
                ("HGETALL", keys.edges(room)),
                ("GET", keys.gauges(room)),
                ("ZRANGE", keys.highlights(room), -1, -1),
                ("HLEN", keys.entities(room)),
            ]
        replies = await self._reader.ask_each(commands)
        found = {}
        for place, room in enumerate(rooms):
            own = replies[place * 6 : place * 6 + 6]
            if any(isinstance(reply, Exception) for reply in own):
                continue
            (epoch, now, ended, seq), settings, edges, gauges, highlights, entities = own
            if epoch is None or ended is not None:
                continue
            told = item_of(gauges, _Gauges) if gauges else None
            lurkers, excitement = (told.lurkers, told.excitement) if told else (0, 0.0)
            found[room] = Glance(
                settings=state_of({"settings": settings} if settings else {}, {})[0].settings,
                viewers=viewers_of(edges, store_now_ms)[0] + lurkers,
                excitement=excitement,
                committed=int(now),
                seq=int(seq),
                highlight=item_of(highlights[0], Highlight) if highlights else None,
                entities=int(entities),
            )
        return found

    async def shown(self, rooms: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the names of the entities of which rooms show cards now, by their ids.

        A room whose server is away is left out. Raises StoreUnavailable if nobody answers.
        """
        replies = await self._reader.ask_each(
            [("HGET", keys.state(room), "overlays") for room in rooms]
        )
        found = {}
        for room, reply in zip(rooms, replies, strict=True):
            if not isinstance(reply, Exception):
                parts = {} if reply is None else {"overlays": reply}
                overlays = state_of(parts, {})[0].overlays.values()
                found[room] = dict(filter(None, map(_about, overlays)))
        return found

    # --- between processes -----------------------------------------------------------------------

    async def publish(self, channel: str, payload: bytes) -> int:
        """Publish on one of the channels in ``keys``; return how many listen to it. Raises
        StoreUnavailable."""
        return int(await self._reader.ask("SPUBLISH", keys.bus(channel), payload))

    async def keep_alikeness(self, name: str, payload: bytes) -> None:
        """Keep the alikeness of this name in the place of the one before. Raises
        StoreUnavailable."""
        key = keys.ALIKENESS
        await self._reader.ask_all(
            [
                ("HSET", key, "name", name, "packed", payload),
                ("EXPIRE", key, ALIKENESS_S),
            ],
            at_once=True,
        )

    async def alikeness(self, name: str) -> bytes | None:
        """Return the alikeness of this name; None if there is another one by now. Raises
        StoreUnavailable."""
        kept, payload = await self._reader.ask("HMGET", keys.ALIKENESS, "name", "packed")
        return payload if kept is not None and kept.decode() == name else None
