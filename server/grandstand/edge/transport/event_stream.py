"""A subscriber's connection: an HTTP answer that doesn't end, as an outlet of the fan-out.

It must not know rooms, tokens or what an event says. Theory of operation: uvicorn, h11 and
Starlette read the request, and write the answer's head. Then ``HttpProtocol`` hands the transport
over to this class, and the application's task ends. From there on a frame is one ``send`` of bytes
that were made for everybody, as it is for a WebSocket. There is no task, queue or timer for each
subscriber.

A subscriber sends nothing more. One that does breaks the protocol, and is cut. There are no pongs
either: the kernel ends a connection whose peer has acknowledged nothing for ``SILENT_MS``.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

import structlog

from grandstand.edge.transport import send_socket
from grandstand.edge.transport.keepalive import Deadline, Keepalive
from grandstand.replica.publication import Form
from grandstand.wire import event_stream

CLOSING_S = 5
"""How long a peer may take to read the end, in seconds."""

SILENT_MS = 30_000
"""How long written bytes may stay unacknowledged: three beats."""

_log = structlog.get_logger(__name__)


class Session(Protocol):
    """One subscriber: plain methods, called on the event loop."""

    def opened(self, stream: EventStream) -> None:
        """Take the stream: the answer's head is written."""

    def behind(self) -> None:
        """Note that the kernel takes no more."""

    def caught_up(self) -> None:
        """Note that the kernel has taken everything."""

    def ending(self) -> None:
        """Stop writing: the end was written, or the connection was cut."""

    def lost(self) -> None:
        """Clean up: the connection is over, whatever the cause. Called once."""

    def drain(self) -> None:
        """End the stream: the process is shutting down."""


class EventStream(asyncio.Protocol):
    """The rest of an answer. Nothing that a peer sends makes it raise."""

    __slots__ = (
        "_connections",
        "_deadline",
        "_is_open",
        "_keepalive",
        "_session",
        "_transport",
        "form",
        "kernel",
        "paused",
        "peer",
    )

    patience = 0  # what happens on a stage doesn't wait

    def __init__(
        self,
        session: Session,
        keepalive: Keepalive,
        connections: set[object],
        peer: str,
        is_chunked: bool,
    ) -> None:
        """``peer`` is the subscriber's address. HTTP/1.0 knows no chunks."""
        self.form = Form.EVENTS_CHUNKED if is_chunked else Form.EVENTS
        self.kernel: send_socket.Socket | None = None
        self.paused = False
        self.peer = peer
        self._session = session
        self._keepalive = keepalive
        self._connections = connections
        self._deadline: Deadline | None = None
        self._is_open = False

    def begin(self, transport: asyncio.Transport) -> None:
        """Take a transport on which the answer's head was written."""
        self._transport = transport
        self._connections.add(self)
        transport.set_protocol(self)
        self.kernel = send_socket.handle(transport)  # may find the head unsent, and pause us
        if self.kernel is not None and self.kernel.family in (socket.AF_INET, socket.AF_INET6):
            self.kernel.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_MS)
        self._is_open = True
        self._guarded(lambda: self._session.opened(self))

    # What a session and the fan-out may do.

    def write(self, frame: bytes) -> None:
        """Write to the kernel, and what it doesn't take to the transport; nothing once closing."""
        if self._is_open and frame:
            send_socket.write(self.kernel, self._transport, self.paused, frame)

    def send(self, data: bytes) -> None:
        """Write what is for this subscriber alone, in its form."""
        chunked = event_stream.chunk(data)
        self.write(chunked if self.form is Form.EVENTS_CHUNKED else data)

    def doubt(self) -> None:
        """Do nothing: a subscriber can't be asked, and the kernel finds those that are gone."""

    def close(self) -> None:
        """End the answer, and await that the peer has read it no longer than ``CLOSING_S``."""
        if not self._is_open:
            return
        if self.form is Form.EVENTS_CHUNKED:
            self.write(event_stream.END)
        self._shut()
        self._transport.close()

    # What uvicorn and the transport call.

    def data_received(self, data: bytes) -> None:
        """Cut a peer that sends something: its answer never ends, so no request can follow."""
        self._shut()
        self._transport.abort()

    def eof_received(self) -> None:
        """Return nothing, so that the transport closes our side: the peer has closed its own."""

    def pause_writing(self) -> None:
        """Note that the kernel takes no more."""
        self.paused = True
        if self._is_open:
            self._guarded(self._session.behind)

    def resume_writing(self) -> None:
        """Note that the kernel has taken everything."""
        self.paused = False
        if self._is_open:
            self._guarded(self._session.caught_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up: the transport is gone."""
        self._connections.discard(self)
        self._shut()
        if self._deadline is not None:
            self._deadline.cancel()
        self._guarded(self._session.lost)

    def shutdown(self) -> None:
        """Let the session end the stream: uvicorn is stopping."""
        if self._is_open:
            self._guarded(self._session.drain)

    def _shut(self) -> None:
        """Write no more; from here on the peer has bounded time."""
        if self._is_open:
            self._is_open = False
            if self.kernel is not None:
                self.kernel.detach()
                self.kernel = None
            self._deadline = self._keepalive.after(CLOSING_S, self._transport.abort)
            self._guarded(self._session.ending)

    def _guarded(self, call: Callable[[], None]) -> None:
        """Call the session. Its exceptions are ours: they are logged here and never reach the
        loop."""
        try:
            call()
        except Exception:
            _log.exception("session failed", peer=self.peer)
            self._transport.abort()
