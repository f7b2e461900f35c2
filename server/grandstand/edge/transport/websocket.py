"""One viewer's WebSocket, as a protocol class that uvicorn puts on the transport of an upgrade.

It must not know rooms, messages, tokens or the store: an ``Opening`` reads the head and asks
admission; a session gets whole messages and says what to write.

Theory of operation: uvicorn replays the request's head into ``data_received``. From the 101 on the
transport is ours. A frame that others made goes to it by one ``write``, with no task, queue, event
or timer per viewer; pings and deadlines are in the shared ``Keepalive``. A viewer that doesn't read
isn't read either: what it sends waits in its own kernel, so its pings and messages can't pile up
answers here. The ``FrameReader`` decides how much of what a peer sends is read, and when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, cast

import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState
from websockets.frames import Opcode

from grandstand.edge.transport import send_socket
from grandstand.edge.transport.frame_reader import FULL, FrameReader
from grandstand.edge.transport.handshake import unavailable
from grandstand.edge.transport.inbound import FRAMES, Inbound
from grandstand.edge.transport.keepalive import Deadline, Keepalive
from grandstand.edge.transport.opening import Admission, Admitted, Opening
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.replica.publication import Form, socket_form
from grandstand.wire import websocket_frames
from grandstand.wire.codes import CloseCode

MAX_REASON_BYTES = 123  # RFC 6455 section 5.5: a control frame's 125 less the code's two
CLOSING_S = 5
"""How long a peer may take to answer a close frame, or to read a last answer, in seconds."""

ANSWER_S = 1
"""A viewer whose window shrinks may take this long to answer a ping; after that it is behind."""

_PING = b"\x89\x00"  # FIN, opcode 9, no payload: any pong answers it

_log = structlog.get_logger(__name__)


class Session(Protocol):
    """One viewer, made by admission: plain methods, called on the event loop."""

    def opened(self, socket: ViewerSocket) -> None:
        """Take the socket: the handshake is done."""

    def received(self, payload: bytes, is_text: bool) -> None:
        """Take one whole message; text is UTF-8."""

    def bye(self, code: CloseCode, reason: str) -> None:
        """Say why, and close: the peer broke a rule of the transport's."""

    def behind(self) -> None:
        """Note that the kernel takes no more. May come from within ``write``, and for a healthy
        peer too, when a frame is larger than the buffers."""

    def caught_up(self) -> None:
        """Note that the kernel has taken everything."""

    def ending(self) -> None:
        """Stop writing: a close frame was sent, or the connection was cut."""

    def lost(self) -> None:
        """Clean up: the connection is over, whatever the cause. Called once, after ``opened``."""

    def drain(self) -> None:
        """Say bye and close: the process is shutting down."""


class ViewerSocket(FrameReader):
    """A viewer's connection; for uvicorn, ``ws=partial(ViewerSocket, admission=…, …)``.

    Nothing that a peer sends makes it raise. What a session raises is logged and closes with 1011.
    """

    __slots__ = (
        "_asked",
        "_connections",
        "_deadline",
        "_deaf",
        "_open",
        "_opening",
        "_ponged",
        "_session",
        "_slot",
        "deflates",
        "is_text",
        "kernel",
        "patience",
        "paused",
        "peer",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        admission: Admission[Session],
        keepalive: Keepalive,
        turns: RoundRobin,
    ) -> None:
        super().__init__(keepalive, turns)
        self.is_text = True
        self.deflates = False
        self.patience = 0
        self.paused = False
        self.kernel: send_socket.Socket | None = None
        self.peer = ""
        self._opening: Opening[Session] | None = Opening(admission, config)
        self._connections = cast("set[object]", server_state.connections)
        self._session: Session | None = None
        self._deadline: Deadline | None = None
        self._slot = -1
        self._open = False
        self._ponged = True
        self._asked = False
        self._deaf = False

    # What a session and the fan-out may do.

    @property
    def form(self) -> Form:
        """Return the form in which it takes publications."""
        return socket_form(self.is_text, self.deflates)

    def write(self, frame: bytes) -> None:
        """Write a frame to the kernel, and what it doesn't take to the transport; nothing once
        closing."""
        if self._open:
            send_socket.write(self.kernel, self._transport, self.paused, frame)

    def send(self, payload: bytes) -> None:
        """Frame one message for this viewer alone and write it."""
        self.write(websocket_frames.plain(payload, self.is_text))

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame and await the peer's, no longer than ``CLOSING_S``."""
        if not self._open or self._inbound is None:
            return
        self._shut()
        self._inbound.close(code, reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore"))
        self.flush(self._inbound)

    def abort(self) -> None:
        """Drop the connection at once, with what hasn't been sent."""
        self._shut()
        self._transport.abort()

    def greeted(self) -> None:
        """Raise the budget to a viewer's: it has sent ``hello``."""
        if self._inbound is not None:
            self._inbound.budget = FRAMES

    def hand_over(self, session: Session) -> None:
        """Give the socket to another session, which takes it as after the handshake."""
        self._session = session
        self._tell(lambda given: given.opened(self))

    def doubt(self) -> None:
        """Ask for a pong, since the window shrinks, which has many causes; if none comes, treat it
        as full."""
        if not self._asked:
            self._asked = True
            self.write(_PING)
            self._keepalive.after(ANSWER_S, self._deafen)

    # What the sweep asks.

    def ping(self) -> None:
        """Send a ping and forget the pongs of before."""
        self._ponged = False
        self.write(_PING)

    def judge_pong(self) -> None:
        """Close if no pong came since the last ``ping``."""
        if not self._ponged:
            self.close(CloseCode.TOO_SLOW, "no pong in time")

    # What uvicorn and the transport call.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport over from uvicorn's HTTP protocol.

        Uvicorn itself sets us as the transport's protocol only after it has replayed the head,
        which is too late for a ``pause_writing`` that the first frames cause, and it drops what
        came after the head (which a client may not send so early, RFC 6455 section 4.1).
        """
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        before = self._transport.get_protocol()
        if self._opening is not None and isinstance(before, H11Protocol):
            self._opening.early = before.conn.trailing_data[0]
        self._transport.set_protocol(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the request's head, later of frames."""
        if self._opening is not None:
            data = self._receive_head(self._opening, data)
        if data and self._inbound is not None:
            self.receive(self._inbound, data)

    def eof_received(self) -> None:
        """Return nothing, so that the transport closes our side: the peer has closed its own."""

    def pause_writing(self) -> None:
        """Note that the kernel takes no more."""
        self.paused = True
        self.hold(FULL)
        self._tell(lambda session: session.behind())

    def resume_writing(self) -> None:
        """Note that the kernel has taken everything; a peer that reads is alive."""
        self._ponged = True
        self.release(FULL)
        if not self._deaf:
            self._caught_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up: the transport is gone."""
        self._connections.discard(self)
        self._shut()
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._inbound is not None:
            self._inbound.end()
            self._inbound = None
        self._opening = None
        session, self._session = self._session, None
        if session is not None:
            try:
                session.lost()
            except Exception:
                _log.exception("session failed", peer=self.peer)

    def shutdown(self) -> None:
        """Let the session say bye, or refuse an unfinished handshake: uvicorn is stopping."""
        if self._opening is not None:
            self._turn_away(unavailable("the server is stopping"))
        elif self._open:
            self._tell(lambda session: session.drain())

    # The handshake.

    def _receive_head(self, opening: Opening[Session], data: bytes) -> bytes:
        """Give bytes to the opening; return those that follow the head, once it is open."""
        outcome = opening.receive(data, self._transport)
        if isinstance(outcome, Admitted):
            try:
                self._begin(outcome)
                return outcome.rest
            except Exception:
                _log.exception("handshake failed", peer=self.peer)
                outcome = unavailable("our fault")
        if outcome is not None:
            self._turn_away(outcome)
        return b""

    def _begin(self, admitted: Admitted[Session]) -> None:
        offer, self.peer = admitted.offer, admitted.peer
        self.kernel = send_socket.handle(self._transport)
        self._opening = None
        self._session = admitted.session
        self.is_text, self.deflates = offer.is_text, offer.deflates
        self._inbound = Inbound(offer.deflates)
        self._open = True
        self._slot = self._keepalive.join(self)
        self._transport.write(offer.response)
        self._tell(lambda session: session.opened(self))

    def _turn_away(self, response: bytes) -> None:
        self._opening = None
        self._detach()
        self._transport.write(response)
        self._hang_up(at_once=True)

    # Frames.

    def receive_frame(self, opcode: Opcode, payload: bytes) -> None:
        """Take a message for the session, or a pong."""
        if opcode is Opcode.PONG:
            self._receive_pong()
        elif self._open and self._session is not None:
            try:
                self._session.received(payload, opcode is Opcode.TEXT)
            except Exception:
                self._failed()

    def violated(self, code: CloseCode, reason: str) -> None:
        """Let the session say bye, and close."""
        self._tell(lambda session: session.bye(code, reason))

    def flush(self, inbound: Inbound) -> None:
        """Write the answers."""
        for data in inbound.to_send():
            if data:
                self._transport.write(data)
            else:
                self._shut()
                self._hang_up(inbound.is_closed)

    def _receive_pong(self) -> None:
        self._ponged = True
        was_deaf, self._asked, self._deaf = self._deaf, False, False
        if was_deaf and not self._transport.get_write_buffer_size():
            self._caught_up()

    # The end.

    def _tell(self, what: Callable[[Session], None]) -> None:
        """Call the session, for all but messages, which come too often for a closure each."""
        if not self._open or self._session is None:
            return
        try:
            what(self._session)
        except Exception:
            self._failed()

    def _failed(self) -> None:
        """Log what the session raised, which never reaches the loop, and close: the fault is
        ours."""
        _log.exception("session failed", peer=self.peer)
        self.close(CloseCode.INTERNAL_ERROR)

    def _shut(self) -> None:
        """Take and write no more frames; from here on the peer has bounded time."""
        if self._open:
            self._open = False
            self._detach()
            self._keepalive.leave(self, self._slot)
            self._expire()
            if self._session is not None:
                try:
                    self._session.ending()
                except Exception:
                    _log.exception("session failed", peer=self.peer)

    def _detach(self) -> None:
        """Drop our handle: from here on only the transport writes, and closes the socket."""
        if self.kernel is not None:
            self.kernel.detach()
            self.kernel = None

    def _hang_up(self, at_once: bool) -> None:
        """End the stream; what the peer still sends is read and discarded unless ``at_once``.

        Closing on unread bytes resets the connection, and the reset can overtake the close frame
        that tells the peer what it did wrong.
        """
        self._expire()
        if at_once or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()

    def _caught_up(self) -> None:
        self.paused = False
        self._tell(lambda session: session.caught_up())

    def _deafen(self) -> None:
        if self._asked and self._open:
            self._deaf = self.paused = True
            self._tell(lambda session: session.behind())

    def _expire(self) -> None:
        if self._deadline is None:
            self._deadline = self._keepalive.after(CLOSING_S, self._transport.abort)
