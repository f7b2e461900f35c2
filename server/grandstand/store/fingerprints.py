"""Fingerprints of the secrets by which the servers of one store check tokens, with their times."""

from __future__ import annotations

from grandstand.store import keys
from grandstand.store.reader import Reader

HEARD_MS = 60_000
"""How long a server's word is believed."""


class Fingerprints:
    """The fingerprints of all servers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def say(self, node: str, fingerprint: str, store_now_ms: float) -> None:
        """Tell this server's own. Raises StoreUnavailable."""
        told = f"{fingerprint}:{store_now_ms:.0f}"
        await self._reader.ask("HSET", keys.FINGERPRINTS, node, told)

    async def heard(self, store_now_ms: float) -> dict[str, str]:
        """Each server's that spoke lately; others, and odd ones, are forgotten.

        Raises StoreUnavailable.
        """
        rows = await self._reader.ask("HGETALL", keys.FINGERPRINTS)
        heard, silent = {}, []
        for node, told in rows.items():
            fingerprint, _, when_ms = told.decode().partition(":")
            if when_ms.isdecimal() and abs(store_now_ms - int(when_ms)) <= HEARD_MS:
                heard[node.decode()] = fingerprint
            else:
                silent.append(node)
        if silent:
            await self._reader.ask("HDEL", keys.FINGERPRINTS, *silent)
        return heard
