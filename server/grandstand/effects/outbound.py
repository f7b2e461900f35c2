"""All connections that effects make to the outside."""

from __future__ import annotations

import asyncio
import socket

from grandstand.domain.addresses import Addresses
from grandstand.effects.http_client import HttpClient
from grandstand.effects.network import Resolver
from grandstand.effects.slots import PER_PROCESS

LINE_MAX_BYTES = 65536


class Outbound:
    """Connections of one process, to allowed addresses alone."""

    def __init__(self, addresses: Addresses) -> None:
        self._resolver = Resolver(addresses)
        self.http = HttpClient(self._resolver)
        self.slots = asyncio.Semaphore(PER_PROCESS)

    async def connect(
        self, host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a TCP connection. Raises ForbiddenAddressError, OSError.

        The reader takes lines of at most 64 KiB.
        """
        address = await self._resolver.resolve(host, port)
        return await asyncio.open_connection(address, port, limit=LINE_MAX_BYTES)

    async def open_socket(self, host: str, port: int) -> socket.socket:
        """Return a socket that is connected, for a library that speaks over it.

        Raises ForbiddenAddressError, OSError.
        """
        address = await self._resolver.resolve(host, port)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(made, (address, port))
        except BaseException:
            made.close()
            raise
        return made

    async def close(self) -> None:
        """End what is kept open."""
        await self.http.close()
