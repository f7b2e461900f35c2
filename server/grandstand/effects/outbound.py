"""All connections that effects make to the outside."""

from __future__ import annotations

import asyncio

from grandstand.domain.addresses import Addresses
from grandstand.effects.http_client import HttpClient
from grandstand.effects.network import Resolver
from grandstand.effects.places import OF_PROCESS

LINE_MAX_BYTES = 65536


class Outbound:
    """Connections of one process, to allowed addresses alone."""

    def __init__(self, addresses: Addresses) -> None:
        self._resolver = Resolver(addresses)
        self.http = HttpClient(self._resolver)
        self.places = asyncio.Semaphore(OF_PROCESS)

    async def connect(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a TCP connection. Raises ForbiddenAddressError, OSError.

        The reader takes lines of at most 64 KiB.
        """
        address = await self._resolver.resolve(host, port)
        return await asyncio.open_connection(address, port, limit=LINE_MAX_BYTES)

    async def close(self) -> None:
        """End what is kept open."""
        await self.http.close()
