"""Fingerprints of the secrets by which the servers of one store check tokens, with their times."""

from __future__ import annotations

from grandstand.store import keys
from grandstand.store.reader import Reader

HEARD_MS = 60_000
"""How long a server's fingerprint counts."""


class Fingerprints:
    """The fingerprints of all servers."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def say(self, node: str, fingerprint: str, store_now_ms: float) -> None:
        """Write this server's own fingerprint. Raises StoreUnavailable."""
        report = f"{fingerprint}:{store_now_ms:.0f}"
        await self._reader.ask("HSET", keys.FINGERPRINTS, node, report)

    async def heard(self, store_now_ms: float) -> dict[str, str]:
        """Return the fingerprint of each server that wrote one lately; old and unreadable ones are
        deleted.

        Raises StoreUnavailable.
        """
        rows = await self._reader.ask("HGETALL", keys.FINGERPRINTS)
        heard, silent = {}, []
        for node, report in rows.items():
            fingerprint, _, when_ms = report.decode().partition(":")
            if when_ms.isdecimal() and abs(store_now_ms - int(when_ms)) <= HEARD_MS:
                heard[node.decode()] = fingerprint
            else:
                silent.append(node)
        if silent:
            await self._reader.ask("HDEL", keys.FINGERPRINTS, *silent)
        return heard
