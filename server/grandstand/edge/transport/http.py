"""HTTP, by uvicorn's h11 protocol, hardened against hostile peers.

It must not know calls or pages. Uvicorn waits forever for the rest of a request, and h11 reads
heads as leniently as it may. Here a peer's time is bounded, and a head that another server could
read in another way is refused. A balancer in front that sees one request where we see two would
give a stranger's request another's connection (request smuggling, RFC 9112 section 11.2).

Theory of operation: bytes wait in h11's buffer until it is their connection's turn. In a turn a few
of h11's events are read: a request and its end, or some chunks of a body. So a peer that sends a
body in pieces of one byte, or many requests in one piece, takes a bounded share of each turn of the
loop. After each turn and each answer, h11's state says what the peer owes, and the connection's one
deadline is set by it. Time runs while the peer owes us bytes, or has an answer to read, and never
while the application works.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any, cast

import h11
from h11._receivebuffer import ReceiveBuffer, blank_line_regex
from h11._util import LocalProtocolError
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from grandstand.edge.transport import send_socket
from grandstand.edge.transport.connection_limits import BODY_S, HEAD_S, UNREAD_S, ConnectionPermit
from grandstand.edge.transport.event_stream import EventStream, Session
from grandstand.edge.transport.handshake import problem
from grandstand.wire.codes import ErrorCode

_log = logging.getLogger("grandstand.edge.transport.http")
_log.setLevel(logging.ERROR)  # it would write a line for each odd request that a stranger sends

MAX_HEAD_LINES = 128
"""Of a head, and of trailers: as many as a viewer's upgrade may have. h11 takes 1.3 us for each."""

MAX_REQUEST_LINE_BYTES = 8192
"""As for a viewer's upgrade. A query of 64 KiB has 30,000 parameters, which take 35 ms."""

_ODD_LINES = re.compile(rb"(?<!\r)\n|\r(?!\n)|\n[ \t]")  # bare LF or CR, obs-fold
_FRAMING = re.compile(rb"\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)
_ODD_LENGTH = re.compile(rb"\ncontent-length:(?![ \t]*[0-9]+[ \t]*\r)", re.IGNORECASE)
_OLD = re.compile(rb"[^\r\n]* HTTP/1\.0\r\n")
_CODING = re.compile(rb"\ntransfer-encoding:", re.IGNORECASE)


class StrictBuffer(ReceiveBuffer):
    """Refuses heads and trailers that others could read in another way."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        """Return the lines to the first empty one, None if there is none yet.

        Raises LocalProtocolError, which h11 takes for the peer's fault.
        """
        if self._data[:1] == b"\n":
            raise LocalProtocolError("a line ends in LF alone")
        if self._data[:2] != b"\r\n":
            empty = blank_line_regex.search(self._data, self._multiple_lines_search)
            if empty is not None:
                _check(self._data[: empty.end()])
        return super().maybe_extract_lines()


def _check(head: bytearray) -> None:
    if head.count(b"\n") > MAX_HEAD_LINES or head.find(b"\n") > MAX_REQUEST_LINE_BYTES:
        raise LocalProtocolError("the head is too large")
    if _ODD_LINES.search(head):
        raise LocalProtocolError("lines end in CR LF, and none is folded")
    if len(_FRAMING.findall(head)) > 1:
        raise LocalProtocolError("the length of the body is given twice")
    if _ODD_LENGTH.search(head):
        raise LocalProtocolError("Content-Length must be one number")
    if _CODING.search(head) and _OLD.match(head):
        raise LocalProtocolError("HTTP/1.0 has no Transfer-Encoding")


class PacedConnection(h11.Connection):
    """Gives ``left`` more events, and then says that it has none."""

    left = 0

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return what came next; ``NEED_DATA`` also once it has given enough."""
        if self.left <= 0:
            return h11.NEED_DATA
        self.left -= 1
        return super().next_event()


class HeldFlow(FlowControl):
    """Reads from the peer unless uvicorn wants to wait, or ``hold`` was called."""

    _is_held = False

    def pause_reading(self) -> None:
        """Stop reading: uvicorn wants no more for now."""
        if not self._is_held:
            super().pause_reading()
        self.read_paused = True

    def resume_reading(self) -> None:
        """Read again: uvicorn wants more."""
        if not self._is_held:
            super().resume_reading()
        self.read_paused = False

    def hold(self) -> None:
        """Read no more until ``release``."""
        if not self._is_held and not self.read_paused:
            self._transport.pause_reading()
        self._is_held = True

    def release(self) -> None:
        """Read again, unless uvicorn wants to wait."""
        if self._is_held and not self.read_paused:
            self._transport.resume_reading()
        self._is_held = False


class HttpProtocol(H11Protocol):
    """A connection whose first bytes weren't a viewer's whole upgrade; it may become one."""

    cycle: RequestResponseCycle | None  # type: ignore[assignment]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        permit: ConnectionPermit,
    ) -> None:
        # Each request gets a copy, by which an application finds the connection it answers on.
        super().__init__(config, server_state, {**app_state, "connection": self}, _loop)
        self.logger = _log
        self.conn: PacedConnection = PacedConnection(h11.SERVER)
        self.conn._receive_buffer = StrictBuffer()
        self.flow: HeldFlow
        self._is_queued = False
        self._permit = permit
        permit.owner = self
        # The time to its first head runs since it was accepted.
        self._owed: tuple[int, RequestResponseCycle | None] = (HEAD_S, None)
        self._unread_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self.flow = HeldFlow(self.transport)

    def data_received(self, data: bytes) -> None:
        """Keep what came until it is our turn."""
        self._unset_keepalive_if_required()
        self.conn.receive_data(data)
        if self._is_queued:  # one read more than was waiting is enough
            self.flow.hold()
        self._queue()

    def read_on(self, most: int) -> int:
        """Process up to ``most`` of the events in what came, and set the deadline; return how many
        were looked for, which is fewer if there are no more."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return 0
        self.conn.left = most
        self.handle_events()
        count, self.conn.left = most - self.conn.left, 0
        if count < most:
            self._is_queued = False
            self.flow.release()
        self._watch()
        return count

    def abort(self) -> None:
        """Drop the connection at once."""
        self.transport.abort()

    def on_response_complete(self) -> None:
        """Go on after an answer has been written; the peer's next request may have come already."""
        super().on_response_complete()
        if self.conn._receive_buffer:
            self._queue()
        self._watch()

    def _queue(self) -> None:
        if not self._is_queued:
            self._is_queued = True
            self._permit.turns.add(self)

    def pause_writing(self) -> None:
        """Note that the peer reads slower than we write."""
        super().pause_writing()
        self._watch_unread()

    def resume_writing(self) -> None:
        """Note that the peer has read."""
        super().resume_writing()
        self._unread_bytes = 0
        self._owed = (-1, None)  # its time for what it owes starts again
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Give the connection to a viewer's socket, which admission counts."""
        self._leave()
        super().handle_websocket_upgrade(event)

    def write_at_once(self) -> None:
        """Let nothing that is written wait in the transport, if the kernel takes it."""
        self.transport.set_write_buffer_limits(high=send_socket.HIGH_WATER_BYTES)

    def become(self, session: Session, peer: str, is_chunked: bool) -> bool:
        """Give the connection, whose answer's head was written, to an event stream, which admission
        has counted; False if the peer has left."""
        if self.transport.is_closing() or self.cycle is None:
            return False
        self.cycle.disconnected = True  # for uvicorn it is over
        self._leave()
        self.connections.discard(self)
        if self.flow.read_paused:
            self.transport.resume_reading()
        self.flow.release()
        connections = cast("set[object]", self.connections)
        stream = EventStream(session, self._permit.keepalive, connections, peer, is_chunked)
        stream.begin(self.transport)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up: the transport is gone."""
        self._leave()
        super().connection_lost(exc)

    def _leave(self) -> None:
        self._permit.leave()
        self.app_state = {}  # it holds this protocol, which holds it

    def send_400_response(self, msg: str) -> None:
        """Refuse what isn't HTTP, or is ambiguous."""
        self._permit.refuse("odd")
        detail = "not a request in strict HTTP/1.1: lines end in CR LF, the body has one length"
        self._end(400, detail)

    def expire(self) -> None:
        """End the connection, since the peer's time is over; only an answer that it reads, however
        slowly, goes on."""
        unread_bytes = self.transport.get_write_buffer_size()
        if unread_bytes and not 0 < self._unread_bytes <= unread_bytes:
            self._watch_unread()
        elif self.transport.is_closing() or unread_bytes:
            self.transport.abort()
        elif self.conn.their_state is h11.SEND_BODY and (
            self.flow.read_paused or self._is_answering
        ):
            self._permit.within(BODY_S)  # the application is at work
        else:
            self._end(408, f"a request's head must come within {HEAD_S} s, its body in {BODY_S}")

    @property
    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and cycle.response_started and not cycle.response_complete

    def _end(self, status: int, detail: str) -> None:
        """Close, with a problem document unless that would come in the middle of an answer."""
        if not self._is_answering:
            self.transport.write(problem(status, ErrorCode.BAD_MESSAGE, detail).response())
        if self.cycle is not None:
            self.cycle.disconnected = True  # it writes no more
            self.cycle.message_event.set()
        self.transport.close()
        self._permit.within(HEAD_S)

    def _watch(self) -> None:
        """Set the deadline by what the peer owes."""
        if self.transport.is_closing():
            return
        owed_s = 0
        if self.conn.their_state is h11.SEND_BODY:
            owed_s = BODY_S
        elif self.conn.their_state is h11.IDLE and self.conn._receive_buffer:
            owed_s = HEAD_S
        owed = (owed_s, self.cycle)
        if owed != self._owed:
            self._owed = owed
            if owed_s:
                self._permit.within(owed_s, owes_head=owed_s == HEAD_S)
            else:
                self._permit.heard()
        if not owed_s and self.transport.get_write_buffer_size():
            self._watch_unread()

    def _watch_unread(self) -> None:
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._permit.within(UNREAD_S)
