"""The revoked tokens as this process follows them: by the bus at once, by comparing every second.

A store that has lost some (a backup restored, all flushed) is not believed: a process that knows
the revoked tokens writes them back.
"""

from __future__ import annotations

import asyncio

import structlog

from grandstand.domain.revocations import Revocations
from grandstand.store.store import Store

log = structlog.get_logger(__name__)


class RevocationList:
    """Follows the store's revocations; ``changed`` is set when there are new ones."""

    def __init__(self, store: Store) -> None:
        self.known = Revocations()
        self.changed = asyncio.Event()
        self._store = store
        self._version = -1

    async def compare(self) -> None:
        """Take over what is new in the store, and write back what it has lost.

        Raises StoreUnavailable.
        """
        if await self._store.revocations.version() == self._version:
            return
        version, found = await self._store.revocations.all()
        now_ms = self._store.now_ms()
        if version < self._version:
            log.error("revocations_lost", version=version, known=self._version)
            known = (*self.known.jtis.values(), *self.known.subs.values())
            in_force = [each for each in known if each.until > now_ms]
            await self._store.revocations.restore(in_force, self._version)
            version, found = await self._store.revocations.all()
        self._version = version
        if self.known.replace({key: each for key, each in found.items() if each.until > now_ms}):
            self.changed.set()
