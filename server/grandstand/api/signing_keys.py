"""The public keys that sign results, cached for a while, since anybody may ask for them."""

from __future__ import annotations

import asyncio

from grandstand.store.store import Store
from grandstand.wire.audits import KeySet

FRESH_S = 5.0
"""How long they are cached."""


class SigningKeyList:
    """The keys as read up to a few seconds ago."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = KeySet([])
        self._read_s = float("-inf")
        self._asking = asyncio.Lock()

    async def read(self) -> KeySet:
        """Return the keys, the one that signs now among them. Raises StoreUnavailable."""
        async with self._asking:
            now_s = asyncio.get_running_loop().time()
            if now_s - self._read_s >= FRESH_S:
                await self._store.signing_keys.current()
                self._known = KeySet(await self._store.signing_keys.listed())
                self._read_s = now_s
            return self._known
