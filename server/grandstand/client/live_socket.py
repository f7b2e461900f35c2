"""The shell around ``Connection`` for asyncio: a socket, a timer, tokens. Decides nothing."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import cast

from websockets.uri import parse_uri

from grandstand.client.connection import WELCOME_S, Connection
from grandstand.client.effects import AskToken, Drop, Effect, Ended, Open, Write
from grandstand.client.pending import Request
from grandstand.timeouts import timeout


class LiveSocket:
    """A viewer's; ``stay`` is its life. ``tell`` is told of each effect that is none of ours."""

    def __init__(
        self,
        core: Connection,
        url: str,
        token: Callable[[], Awaitable[str]],
        tell: Callable[[Effect], None],
    ) -> None:
        self.core = core
        self._uri = parse_uri(url)
        self._token = token
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._wire: _Wire | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_s = 0.0
        self._asked: asyncio.Queue[AskToken | Open | Ended | Exception] = asyncio.Queue()

    async def stay(self) -> None:
        """Be there until cancelled or turned away. Raises what ``token`` and ``tell`` raise."""
        try:
            self._run(self.core.start(self._loop.time()))
            while True:
                match await self._asked.get():
                    case AskToken():
                        token = await self._token()
                        self._run(self.core.token_given(self._loop.time(), token))
                    case Open():
                        await self._open()
                    case Ended():
                        return
                    case fault:
                        raise fault
        finally:
            for effect in self.core.stop():
                self._perform(effect)
            if self._timer is not None:
                self._timer.cancel()

    def submit(self, message: Request) -> None:
        """Send a message, once the viewer is in, and again until it is answered."""
        self._run(self.core.submit(self._loop.time(), message))

    async def paced(self) -> None:
        """Wait until no message is kept back by the pace."""
        pending = self.core.pending
        while wait_s := pending.wait_s(self._loop.time()):  # noqa: ASYNC110 - it is time alone
            await asyncio.sleep(wait_s)

    async def _open(self) -> None:
        uri = self._uri
        try:
            async with timeout(WELCOME_S):
                await self._loop.create_connection(
                    lambda: _Wire(self),
                    uri.host,
                    uri.port,
                    ssl=ssl.create_default_context() if uri.secure else None,
                )
        except OSError as fault:  # a timeout is one
            words = str(fault) or type(fault).__name__
            self._run(self.core.disconnected(self._loop.time(), words))

    # --- what the wire tells ---------------------------------------------------------------------

    def connected(self, wire: _Wire) -> None:
        """Use this connection, unless there is one."""
        if self._wire is not None:
            wire.drop()
            return
        self._wire = wire
        self._guard(lambda: self.core.connected(self._loop.time()))

    def received(self, wire: _Wire, data: bytes) -> None:
        """Take in bytes."""
        if wire is self._wire:
            self._guard(lambda: self.core.received(self._loop.time(), data))

    def disconnected(self, wire: _Wire, words: str) -> None:
        """Take the end of a connection."""
        if wire is self._wire:
            self._wire = None
            self._guard(lambda: self.core.disconnected(self._loop.time(), words))

    def _wake(self) -> None:
        self._timer = None
        self._guard(lambda: self.core.tick(self._loop.time()))

    def _guard(self, step: Callable[[], Iterable[Effect]]) -> None:
        """Take a step; what goes wrong in it is raised by ``stay`` and not by the loop."""
        try:
            self._run(step())
        except Exception as fault:
            self._asked.put_nowait(fault)

    # --- effects ---------------------------------------------------------------------------------

    def _run(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            self._perform(effect)
        due_s, timer = self.core.due_s, self._timer
        if timer is not None and self._timer_s <= due_s:
            return  # it looks again then
        if timer is not None:
            timer.cancel()
        self._timer, self._timer_s = None, due_s
        if due_s < float("inf"):
            self._timer = self._loop.call_at(due_s, self._wake)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Write(data):
                if self._wire is not None:
                    self._wire.transport.write(data)
                return
            case Drop():
                if self._wire is not None:
                    self._wire.drop()
                self._wire = None
                return
            case AskToken() | Open():
                self._asked.put_nowait(effect)
                return
        self._tell(effect)
        if isinstance(effect, Ended):
            self._asked.put_nowait(effect)


class _Wire(asyncio.Protocol):
    """One TCP connection."""

    transport: asyncio.Transport

    def __init__(self, socket: LiveSocket) -> None:
        self._socket = socket
        self._fault = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._socket.connected(self)

    def data_received(self, data: bytes) -> None:
        self._socket.received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._socket.disconnected(self, "" if exc is None else str(exc))

    def drop(self) -> None:
        """Close; by force if the peer doesn't take what was written."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
