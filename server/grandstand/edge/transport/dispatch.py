"""The first bytes of a connection: a viewer's upgrade, or HTTP.

It must not know what either of them does. Uvicorn would parse every viewer's request twice: in its
HTTP protocol and, rebuilt from that, in the socket. Here a whole request head that asks for a
WebSocket goes straight to the socket, unchanged. Everything else, also a head in pieces, goes to
``HttpProtocol``, which upgrades as usual. Opening a viewer took 240 us of CPU through h11 and 143
this way (2,000 viewers with deflate, one process, uvloop, median of three runs).
"""

from __future__ import annotations

import asyncio
import functools
import re
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from grandstand.edge.transport.client_address import limited_address
from grandstand.edge.transport.connection_limits import ConnectionLimits, ConnectionPermit
from grandstand.edge.transport.http import HttpProtocol

_REQUEST_LINE = re.compile(rb"GET [^ \r\n]+ HTTP/1\.1\r\n")
_UPGRADE = re.compile(rb"\r\nupgrade:[ \t]*websocket[ \t]*(?:\r\n|$)", re.IGNORECASE)


class Dispatch(asyncio.Protocol):
    """For uvicorn, ``http=partial(Dispatch, limits=…)``; stays on the transport until the first
    bytes."""

    __slots__ = (
        "_app_state",
        "_config",
        "_connections",
        "_limits",
        "_permit",
        "_server_state",
        "_transport",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: ConnectionLimits,
    ) -> None:
        self._limits = limits
        self._permit: ConnectionPermit | None = None
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        self._connections = cast("set[object]", server_state.connections)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes, if there is a permit."""
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        address = limited_address(self._transport, self._config)
        self._permit = self._limits.enter(self, address, len(self._connections))
        if self._permit is None:
            self._connections.discard(self)
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Give the transport and the bytes to the right protocol."""
        permit, self._permit = self._permit, None
        if permit is None:
            return
        self._connections.discard(self)
        make: Any
        if asks_for_websocket(data) and self._config.ws_protocol_class is not None:
            permit.leave()
            make = self._config.ws_protocol_class
        else:
            make = functools.partial(HttpProtocol, permit=permit)
        protocol: asyncio.Protocol = make(
            config=self._config, server_state=self._server_state, app_state=self._app_state
        )
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the permit back: the peer left and sent nothing."""
        self._connections.discard(self)
        if self._permit is not None:
            self._permit.leave()

    def expire(self) -> None:
        """Close: the peer sent nothing in time."""
        self._transport.abort()

    def shutdown(self) -> None:
        """Close: uvicorn is stopping."""
        self._transport.close()


def asks_for_websocket(data: bytes) -> bool:
    """Return whether ``data`` begins with a whole request head that asks for a WebSocket."""
    head, end, _ = data.partition(b"\r\n\r\n")
    return bool(end) and _REQUEST_LINE.match(head) is not None and _UPGRADE.search(head) is not None
