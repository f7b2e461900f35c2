"""What is kept of a model's suggestions: the switch for all rooms, a room's figures, and which
suggestions a person may still say something about. None of it has a text or a person.

Figures are sums in a hash for each room. A suggestion's own key holds its feature for a day, so
that its outcome is counted once, on whatever node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from grandstand.store import keys
from grandstand.store.reader import Reader
from grandstand.store.topology.topology import Command

OPEN_S = 86_400

Said = Literal["counted", "again", "other", "unknown"]


class Suggestions:
    """The store of all rooms' suggestions."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    # --- the switch for all rooms ----------------------------------------------------------------

    async def off_since(self) -> int | None:
        """Return since when all is switched off (ms), None if it isn't. Raises StoreUnavailable."""
        since = await self._reader.ask("HGET", keys.ASSISTANT, "off")
        return None if since is None else int(since)

    async def switch(self, *, off: bool, now_ms: float) -> None:
        """Switch all off, or on again; again has no effect. Raises StoreUnavailable."""
        if off:
            await self._reader.ask("HSETNX", keys.ASSISTANT, "off", int(now_ms))
        else:
            await self._reader.ask("HDEL", keys.ASSISTANT, "off")

    # --- a room's figures ------------------------------------------------------------------------

    async def spent(self, room: str) -> int:
        """Return the characters that the show has sent and received. Raises StoreUnavailable."""
        return int(await self._reader.ask("GET", keys.assisted(room)) or 0)

    async def count(
        self, room: str, sums: Mapping[str, int], latest: Mapping[str, str], characters: int
    ) -> None:
        """Add to a room's sums, write latest values beside them, and count ``characters`` of the
        show. Raises StoreUnavailable."""
        figures = keys.assistant(room)
        commands: list[Command] = [
            ("HINCRBY", figures, name, by) for name, by in sums.items() if by
        ]
        commands += [("HSET", figures, name, value) for name, value in latest.items()]
        if characters:
            commands += [
                ("INCRBY", keys.assisted(room), characters),
                ("EXPIRE", keys.assisted(room), keys.SHOW_S),
            ]
        await self._reader.ask_all(commands)

    async def figures(self, room: str) -> dict[str, str]:
        """Return a room's sums and latest values by their names. Raises StoreUnavailable."""
        found = await self._reader.ask("HGETALL", keys.assistant(room))
        if not isinstance(found, dict):
            found = dict(zip(found[::2], found[1::2], strict=True))
        return {name.decode(): value.decode() for name, value in found.items()}

    # --- what people do with them ----------------------------------------------------------------

    async def keep(self, room: str, suggestion: str, feature: str) -> None:
        """Let an outcome be told for a day. Raises StoreUnavailable."""
        await self._reader.ask("SET", keys.suggestion(room, suggestion), feature, "EX", OPEN_S)

    async def close(self, room: str, suggestion: str, outcome: str) -> tuple[Said, str]:
        """Count what a person did with a suggestion, once; return whether it was, and its feature.

        Raises StoreUnavailable.
        """
        feature = await self._reader.ask("GET", keys.suggestion(room, suggestion))
        if feature is None:
            return "unknown", ""
        key = keys.suggestion_outcome(room, suggestion)
        if not await self._reader.ask("SET", key, outcome, "NX", "EX", OPEN_S):
            before = await self._reader.ask("GET", key)
            return ("again" if before == outcome.encode() else "other"), feature.decode()
        name = f"{feature.decode()}|{outcome}"
        await self._reader.ask("HINCRBY", keys.assistant(room), name, 1)
        return "counted", feature.decode()
