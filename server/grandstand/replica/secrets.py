"""Compares the secrets with which the servers of one store check tokens.

If they differ, some servers let a viewer in and others don't. Operators are warned and no server
refuses to work: while a secret is being changed, servers differ for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from grandstand.store.errors import StoreUnavailable
from grandstand.store.store import Store

ROUND_S = 10.0

log = structlog.get_logger(__name__)


class SecretWatch:
    """Compares this server's fingerprint with the others'."""

    def __init__(self, store: Store, fingerprint: str, tell: Callable[[float], None]) -> None:
        """``tell`` gets the number of servers that differ, at each round."""
        self._store = store
        self._fingerprint = fingerprint
        self._tell = tell
        self._differing: set[str] = set()

    async def run(self) -> None:
        """Do so until cancelled."""
        while True:
            try:
                await self.compare()
            except StoreUnavailable as away:
                log.info("secrets_not_compared", reason=away.reason)
            await asyncio.sleep(ROUND_S)

    async def compare(self) -> None:
        """Do one round. Raises StoreUnavailable."""
        store, now_ms = self._store, self._store.now_ms()
        await store.fingerprints.say(store.node, self._fingerprint, now_ms)
        heard = await store.fingerprints.heard(now_ms)
        differing = {node for node, each in heard.items() if each != self._fingerprint}
        self._tell(len(differing))
        if differing - self._differing:
            log.error(
                "secrets_differ",
                servers=sorted(differing),
                advice="set the same GRANDSTAND_JWT_… and GRANDSTAND_JWKS_URL on all servers",
            )
        self._differing = differing
