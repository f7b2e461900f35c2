"""A room's effects, their secrets apart, and the log of their firings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from grandstand.domain.effects import Effect, Firing
from grandstand.domain.stored_state import item_of
from grandstand.store import keys
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Call, Writer

FIRINGS_KEPT = 1000
EFFECTS_MAX = 200

_PUT, _LOG = load("effect"), load("firings")
_encode = msgspec.msgpack.Encoder().encode

Secrets = Sequence[Mapping[str, str]]
"""Of each action of an effect, its secrets by name."""


class Effects:
    """The effects of all rooms."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def put(self, room: str, effect: Effect, secrets: Secrets) -> bool | None:
        """Store an effect; return whether it is new, None if there are too many.

        Raises StoreUnavailable; again is the same, except that it isn't new then.
        """
        values: list[Argument] = [effect.id, _encode(effect), _encode(secrets), EFFECTS_MAX]
        reply = await self._run(room, values)
        return None if reply < 0 else bool(reply)

    async def remove(self, room: str, effect: str) -> bool:
        """Forget an effect and its secrets; return whether it was there."""
        return bool(await self._run(room, [effect, b"", b"", EFFECTS_MAX]))

    async def _run(self, room: str, values: list[Argument]) -> int:
        call: Call = (_PUT, [keys.effects(room), keys.effect_secrets(room)], values)
        (reply,) = await self._writer.all([call])
        return int(reply)

    async def all(self, room: str) -> dict[str, Effect]:
        """Return the effects that can be read, by their ids in their order."""
        rows = await self._reader.ask("HGETALL", keys.effects(room))
        found = {name.decode(): item_of(row, Effect) for name, row in rows.items()}
        return {name: effect for name, effect in sorted(found.items()) if effect is not None}

    async def one(self, room: str, effect: str) -> tuple[Effect, Secrets] | None:
        """Return an effect with its secrets, which must not be shown or logged; None if there is
        none that can be read."""
        row, hidden = await self._reader.ask_all(
            [("HGET", keys.effects(room), effect), ("HGET", keys.effect_secrets(room), effect)],
            at_once=True,
        )
        return _both(row, hidden)

    async def with_secrets(self, room: str) -> dict[str, tuple[Effect, Secrets]]:
        """Return each effect with its secrets, as they were at one moment.

        The secrets must not be shown or logged: one is for its own effect's target alone.
        """
        rows, hidden = await self._reader.ask_all(
            [("HGETALL", keys.effects(room)), ("HGETALL", keys.effect_secrets(room))],
            at_once=True,
        )
        found = {name.decode(): _both(row, hidden.get(name)) for name, row in sorted(rows.items())}
        return {name: both for name, both in found.items() if both is not None}

    async def log(self, room: str, firings: Sequence[Firing]) -> None:
        """Note firings, new ones and what became of others; what is over stays over.

        Raises StoreUnavailable; again is the same.
        """
        values: list[Argument] = [FIRINGS_KEPT]
        for firing in firings:
            values += (firing.id, firing.at, int(firing.is_over), _encode(firing))
        call: Call = (_LOG, [keys.firings(room), keys.firing_order(room)], values)
        await self._writer.all([call])

    async def firings(self, room: str) -> list[Firing]:
        """Return the log, newest first; what isn't over is in it however old it is."""
        rows = await self._reader.ask("HGETALL", keys.firings(room))
        found = (item_of(row[1:], Firing) for row in rows.values())
        known = (firing for firing in found if firing is not None)
        return sorted(known, key=lambda firing: (firing.at, firing.id), reverse=True)


def _both(row: bytes | None, hidden: bytes | None) -> tuple[Effect, Secrets] | None:
    effect = item_of(row or b"", Effect)
    if effect is None or hidden is None:
        return None
    return effect, msgspec.msgpack.decode(hidden, type=list[dict[str, str]])
