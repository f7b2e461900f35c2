"""Connections that effects make: each is to an address that is allowed at that moment.

An address is judged after DNS, when it is connected to, and for every connection of a redirect.

A name is looked up in a thread of its own. The event loop has four for all look-ups of the process,
and a name whose servers are silent holds one for half a minute.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

import httpcore2

from grandstand.domain.addresses import Addresses


class ForbiddenAddressError(Exception):
    """The target leads to an address that effects may not reach. It isn't tried again."""


LOOK_UPS = 200
"""Names that a process looks up at a time. All who ask for the same name share its look-up."""

_Found: TypeAlias = list[str] | OSError


class Resolver:
    """The addresses of names, for one process."""

    def __init__(self, allowed: Addresses) -> None:
        self._allowed = allowed
        self._asked: dict[str, asyncio.Future[_Found]] = {}

    async def resolve(self, host: str, port: int) -> str:
        """Return an address of ``host`` that may be reached.

        Raises ForbiddenAddressError if there are addresses and none is allowed, OSError if there
        are none.
        """
        found = [ipaddress.ip_address(each) for each in await self._look_up(host)]
        for address in found:
            if self._allowed.allows(host, address, port):
                return str(address)
        raise ForbiddenAddressError(
            f"{host} leads to {found[0]}, which is not public: effects may reach it only if "
            "the operator names it in GRANDSTAND_EFFECTS_ALLOW"
        )

    async def _look_up(self, host: str) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass  # a name, or an address in one of its older forms
        asked = self._asked.get(host)
        if asked is None:
            if len(self._asked) >= LOOK_UPS:
                raise OSError("too many names are being looked up")
            asked = self._ask(host)
        found = await asyncio.shield(asked)  # others may wait for the same
        if isinstance(found, OSError):
            raise found
        return found

    def _ask(self, host: str) -> asyncio.Future[_Found]:
        loop = asyncio.get_running_loop()
        asked = self._asked[host] = loop.create_future()

        def answered(found: _Found) -> None:
            del self._asked[host]
            asked.set_result(found)

        def ask() -> None:
            found = _addresses_of(host)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(answered, found)

        threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
        return asked


def _addresses_of(host: str) -> _Found:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as fault:
        return fault
    except UnicodeError:
        return OSError("is no name")
    return [str(each[4][0]).partition("%")[0] for each in found]


class AllowedBackend(httpcore2.AsyncNetworkBackend):
    """Connections of an HTTP client, each to an address that is allowed at that moment."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
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
            address = await self._resolver.resolve(host, port)
        except OSError as fault:
            raise httpcore2.ConnectError(f"{host} has no address") from fault
        return await self._backend.connect_tcp(
            address, port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait, as the interface asks."""
        await self._backend.sleep(seconds)
