"""A viewer's address, found by the rules that uvicorn's middleware has for HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from functools import lru_cache

from uvicorn.config import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.utils import get_remote_addr

from grandstand.domain.network import household

_FORWARDED = re.compile(rb"\r\nx-forwarded-for:[ \t]*([^\r\n]*)", re.IGNORECASE)


def forwarded_for(head: bytes | bytearray) -> str:
    """Return the ``X-Forwarded-For`` of a request head; several become one list, '' is none."""
    return b", ".join(value.rstrip(b" \t") for value in _FORWARDED.findall(head)).decode("latin-1")


def peer_of(transport: asyncio.Transport, config: Config) -> Callable[[str], str]:
    """Return a function from a request's ``X-Forwarded-For`` ('' for none) to the viewer's address.

    The address has no port. Behind a trusted proxy it is the one that the proxy names; on a Unix
    socket it is ''.
    """

    def peer(forwarded: str) -> str:
        address = get_remote_addr(transport)
        nearest = "" if address is None else address[0]
        app = config.loaded_app
        if forwarded and isinstance(app, ProxyHeadersMiddleware) and nearest in app.trusted_hosts:
            return app.trusted_hosts.get_trusted_client_address(forwarded)[0] or nearest
        return nearest

    return peer


@lru_cache(maxsize=4096)
def counted_as(address: str) -> str:
    """Return the name under which connections from ``address`` are counted.

    Of an IPv6 address it is the /64, which is what one household has. An IPv4 address that is
    written as IPv6 counts as that IPv4 address.
    """
    found = household(address)
    return address if found is None else str(found.network.network_address)


def limited_address(transport: asyncio.Transport, config: Config) -> str:
    """Return the name under which a connection is counted before its request is read. It is '' for
    one from a trusted proxy, which brings many, and on a Unix socket."""
    peer = transport.get_extra_info("peername")
    return _limited(peer[0], config.loaded_app) if isinstance(peer, tuple) else ""


@lru_cache(maxsize=4096)
def _limited(address: str, app: object) -> str:
    is_proxy = isinstance(app, ProxyHeadersMiddleware) and address in app.trusted_hosts
    return "" if is_proxy else counted_as(address)
