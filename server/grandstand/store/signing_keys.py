"""The key that signs results, the same for all nodes, and the public parts of all before it.

A setting may give it. Else the first node that needs one makes it, and the store keeps it.
"""

from __future__ import annotations

import secrets

from grandstand.domain.signatures import KEY_BYTES, SigningKey
from grandstand.store import keys
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Writer
from grandstand.wire.audits import PublicKey

_SIGNING_KEY = load("signing_key")


class SigningKeys:
    """The keys of one installation."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer
        self._given: SigningKey | None = None

    def use(self, given: bytes) -> None:
        """Sign with this private key, which a setting gives."""
        self._given = SigningKey(given)

    async def current(self) -> SigningKey:
        """Return the key to sign with, which is listed from then on. Raises StoreUnavailable."""
        private = b"" if self._given is not None else secrets.token_bytes(KEY_BYTES)
        while True:
            key = self._given or SigningKey(private)
            public = key.public
            values: list[Argument] = [private, public.kid, public.x]
            touched = [keys.SIGNING_KEY, keys.SIGNING_KEYS]
            (kept,) = await self._writer.all([(_SIGNING_KEY, touched, values)])
            if kept == private:
                return key
            private = kept  # another node's; list it, in case the store forgot

    async def listed(self) -> list[PublicKey]:
        """Return the public parts of all keys that signed or may sign. Raises StoreUnavailable."""
        rows = await self._reader.ask("HGETALL", keys.SIGNING_KEYS)
        return [PublicKey(x.decode(), kid.decode()) for kid, x in sorted(rows.items())]
