"""Sessions that answer every message with itself, served by uvicorn on a free port."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from grandstand.edge.transport.connection_limits import ConnectionLimits
from grandstand.edge.transport.dispatch import Dispatch
from grandstand.edge.transport.handshake import Handshake, Refusal
from grandstand.edge.transport.handshake_limit import HandshakeLimit
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.edge.transport.websocket import ViewerSocket
from grandstand.wire.codes import CloseCode
from uvicorn import Config, Server


class EchoSession:
    """Remembers what it was told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.messages: list[tuple[bytes, bool]] = []
        self.socket: ViewerSocket
        self.is_over = asyncio.Event()

    def opened(self, socket: ViewerSocket) -> None:
        self.told.append("opened")
        self.socket = socket

    def received(self, payload: bytes, is_text: bool) -> None:
        self.told.append("received")
        self.messages.append((payload, is_text))
        self.socket.send(payload)

    def bye(self, code: CloseCode, reason: str) -> None:
        self.told.append("violated")
        self.socket.close(code, reason)

    def behind(self) -> None:
        self.told.append("behind")

    def caught_up(self) -> None:
        self.told.append("caught_up")

    def ending(self) -> None:
        pass

    def lost(self) -> None:
        self.told.append("lost")
        self.is_over.set()

    def drain(self) -> None:
        self.told.append("drain")
        self.socket.close(1012, "restart")


@dataclass
class EchoAdmission:
    """Admits everybody, unless it is given a refusal or an exception to raise."""

    answer: Refusal | Exception | None = None
    handshake_limit: HandshakeLimit = field(default_factory=HandshakeLimit)
    make_session: Callable[[], EchoSession] = EchoSession
    handshakes: list[Handshake] = field(default_factory=list)
    sessions: list[EchoSession] = field(default_factory=list)

    def admit(self, handshake: Handshake) -> EchoSession | Refusal:
        self.handshakes.append(handshake)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        self.sessions.append(self.make_session())
        return self.sessions[-1]


@dataclass
class Served:
    admission: EchoAdmission
    keepalive: Keepalive
    server: Server
    port: int
    connection_limits: ConnectionLimits

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/rooms/night/live"

    @property
    def session(self) -> EchoSession:
        """The session of the one viewer there is."""
        (session,) = self.admission.sessions
        return session


async def no_app(scope: Any, receive: Any, send: Any) -> None:
    """The HTTP side, of which these tests have none."""


@asynccontextmanager
async def serving(
    admission: EchoAdmission | None = None,
    app: Any = no_app,
    limits: Mapping[str, int] | None = None,
    **options: Any,
) -> AsyncIterator[Served]:
    """A uvicorn server in this event loop; ``options`` go to its ``Config``, ``limits`` to its
    ``ConnectionLimits``."""
    admission = admission or EchoAdmission()
    options = {"http": "h11"} | options
    keepalive = Keepalive()
    connection_limits = ConnectionLimits(keepalive, **(limits or {}))
    if options["http"] is Dispatch:
        options["http"] = functools.partial(Dispatch, limits=connection_limits)
    config = Config(
        app,
        port=0,
        lifespan="off",
        log_config=None,
        ws=functools.partial(
            ViewerSocket, admission=admission, keepalive=keepalive, turns=RoundRobin()
        ),  # type: ignore[arg-type]
        timeout_graceful_shutdown=5,
        **options,
    )
    server = Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(admission, keepalive, server, port, connection_limits)
    finally:
        for connection in list(server.server_state.connections):
            if isinstance(connection, ViewerSocket):
                connection.abort()
        await server.shutdown()
