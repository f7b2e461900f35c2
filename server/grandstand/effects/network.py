"""Connections that effects make: each is to an address that is allowed at that moment.

An address is judged after DNS, when it is connected to, and for every connection of a redirect.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

import httpcore2

from grandstand.domain.addresses import Addresses


class ForbiddenAddressError(Exception):
    """The target leads to an address that effects may not reach. It isn't tried again."""


async def resolve(addresses: Addresses, host: str, port: int) -> str:
    """Return an address of ``host`` that may be reached.

    Raises ForbiddenAddressError if there are addresses and none is allowed, OSError if there
    are none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    known = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for address in known:
        if addresses.allows(host, address, port):
            return str(address)
    raise ForbiddenAddressError(
        f"{host} leads to {known[0]}, which is not public: effects may reach it only if "
        "the operator names it in GRANDSTAND_EFFECTS_ALLOW"
    )


class AllowedBackend(httpcore2.AsyncNetworkBackend):
    """Connections of an HTTP client, each to an address that is allowed at that moment."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # the interface's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to one of the host's addresses. Raises ForbiddenAddressError, ConnectError."""
        try:
            address = await resolve(self._addresses, host, port)
        except OSError as fault:
            raise httpcore2.ConnectError(f"{host} has no address") from fault
        return await self._backend.connect_tcp(
            address, port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait, as the interface asks."""
        await self._backend.sleep(seconds)
