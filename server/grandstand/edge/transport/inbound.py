"""What comes from a viewer: from the bytes of its connection to whole messages and pongs. Pure.

It must not know transports, nor what a message says. ``websockets``' sans-I/O ``Protocol`` reads
frames, answers pings and closes, and decides what is wrong.

Every connection has a budget. Each frame is charged before anything of it is decoded: one for the
frame, whatever it is, and one more for each 4 KiB. The caller that asks for frames decides how many
are read in one go.

Theory of operation: nearly all that a viewer ever sends is hello, comments, votes and pongs, each
one unfragmented frame that comes in one piece. Such a frame is read here (0.7 us; 1.2 deflated). A
``Protocol`` (4.3 and 5.9 us, 1.5 KB for each viewer) is made when anything else comes, or when we
close. From then on it reads everything. Heads are parsed here in any case, to charge for frames.
"""

from __future__ import annotations

import logging
import zlib

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from grandstand.domain.limits import Rate
from grandstand.wire import websocket_frames

try:
    from websockets.speedups import apply_mask
except ImportError:  # as websockets does where its C isn't built
    from websockets.utils import apply_mask

MAX_MESSAGE_BYTES = 4096  # from a client, by the wire contract

FRAMES = Rate(interval_ms=1000 / 60, burst=600)
"""Of one connection: three times the messages that get more than an error."""

FRAMES_BEFORE_HELLO = Rate(interval_ms=1000, burst=20)

DROPPED_READ, DROPPED_BYTES = 0.1, 1 << 20
"""What costs as much as a tenth of a frame, and as a frame, once nothing is decoded any more."""

_WHOLE = {0x80 | opcode: opcode for opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.PONG)}
_DEFLATED = {0xC0 | opcode: opcode for opcode in (Opcode.TEXT, Opcode.BINARY)}
_MASKED = 0x80
_PONG_BYTES = 125  # RFC 6455 section 5.5: the most of a control frame
_DEFLATED_BYTES = 2043  # the longest that websockets inflates in one go, as is done here

_log = logging.getLogger("grandstand.edge.websockets")
_log.setLevel(logging.WARNING)  # it tells every connection's opening at INFO


class ExcessError(Exception):
    """The peer has sent more than its budget."""


class Inbound:
    """One viewer's side of its connection, from the end of the handshake on.

    ``budget`` may be changed at any time.
    """

    __slots__ = (
        "_arrival_ms",
        "_at",
        "_deflates",
        "_partial",
        "_partial_is",
        "_protocol",
        "_unread",
        "budget",
    )

    def __init__(self, deflates: bool, budget: Rate = FRAMES_BEFORE_HELLO) -> None:
        self.budget = budget
        self._arrival_ms = 0.0
        self._unread = b""
        self._at = 0
        self._deflates = deflates
        self._protocol: Protocol | None = None
        self._partial = b""
        self._partial_is = Opcode.TEXT

    @property
    def is_closed(self) -> bool:
        """Return whether the peer has sent a close frame."""
        return self._protocol is not None and self._protocol.close_rcvd is not None

    def add(self, data: bytes, now_ms: float) -> None:
        """Keep what came, to be read frame by frame. A piece of a frame costs as much as a frame;
        what comes after the end is dropped and costs little.

        Raises ExcessError if the budget is used up.
        """
        if self._protocol is not None and self._protocol.eof_sent:
            self.drop()
            return self._spend(now_ms, DROPPED_READ + len(data) / DROPPED_BYTES)
        if self._unread:
            self._spend(now_ms, 1)
            data = self._unread[self._at :] + data
        self._unread, self._at = data, 0

    def drop(self) -> None:
        """Forget what came and wasn't read."""
        self._unread, self._at = b"", 0

    @property
    def has_frame(self) -> bool:
        """Return whether there is something to read: a whole frame, or bytes that can't become
        one."""
        return bool(self._unread) and self._next() is not None

    def read(self, now_ms: float) -> list[tuple[Opcode, bytes]] | None:
        """Return the messages (``TEXT``, ``BINARY``) and pongs that the next frame completes, in
        order; None without a frame. Text isn't checked to be UTF-8. ``to_send`` has the answers.

        Raises ExcessError, with nothing decoded, if the budget is used up.
        """
        if (found := self._next()) is None:
            return None
        payload_at, end = found
        begin, data = self._at, self._unread
        self._spend(now_ms, 1 + min(end - begin, MAX_MESSAGE_BYTES) / MAX_MESSAGE_BYTES)
        if end < len(data):
            self._at = end
        else:
            self.drop()
        if self._protocol is None and payload_at:
            whole = self._whole(
                data[begin], data[payload_at - 4 : payload_at], data[payload_at:end]
            )
            if whole is not None:
                return [whole]
        return self._judged(data[begin:end])

    def _judged(self, data: bytes) -> list[tuple[Opcode, bytes]]:
        """Return what ``data`` completes by the judgement of ``Protocol``."""
        protocol = self._made()
        protocol.receive_data(data)
        received: list[tuple[Opcode, bytes]] = []
        for frame in protocol.events_received():
            assert isinstance(frame, Frame)
            if frame.opcode is Opcode.PONG:
                received.append((frame.opcode, bytes(frame.data)))
            elif frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                received += self._assembled(frame)
        return received

    def close(self, code: int, reason: str) -> None:
        """Make a close frame, unless there was one; ``reason`` has at most 123 bytes."""
        protocol = self._made()
        if protocol.state is OPEN:
            protocol.send_close(code, reason)

    def to_send(self) -> list[bytes]:
        """Return what must be written now; an empty piece asks for the end of the stream."""
        return [] if self._protocol is None else self._protocol.data_to_send()

    def end(self) -> None:
        """Note that nothing comes any more."""
        self.drop()
        if self._protocol is not None:
            self._protocol.parser.close()  # the generator and the protocol hold each other
            self._protocol = None

    def _next(self) -> tuple[int, int] | None:
        """Return where in ``_unread`` the next frame's payload begins, and where the frame ends;
        None while it isn't there as a whole.

        Bytes that can't become a frame that we accept have no payload (0), end with everything that
        is there, and fail at once.
        """
        data, at = self._unread, self._at
        size = len(data) - at
        if size < 6:
            return (0, len(data)) if size > 1 and data[at + 1] < _MASKED else None
        length, head = data[at + 1] - _MASKED, 6
        if length == 126:
            length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 8
        elif length == 127:
            if size < 10:
                return None
            length, head = int.from_bytes(data[at + 2 : at + 10], "big"), 14
        if length < 0 or length > MAX_MESSAGE_BYTES:
            return 0, len(data)
        return (at + head, at + head + length) if size >= head + length else None

    def _spend(self, now_ms: float, cost: float) -> None:
        """Charge the budget by the generic cell rate algorithm, as in ``domain.limits``; a bucket
        would be one more object for each viewer."""
        interval_ms = self.budget.interval_ms
        arrival_ms = max(self._arrival_ms, now_ms) + cost * interval_ms
        if arrival_ms - now_ms > self.budget.burst * interval_ms:
            raise ExcessError
        self._arrival_ms = arrival_ms

    def _whole(self, first: int, mask: bytes, masked: bytes) -> tuple[Opcode, bytes] | None:
        """Return the content of a frame if ``Protocol`` needn't judge it; ``first`` is the frame's
        first byte."""
        opcode = _WHOLE.get(first)
        if opcode is not None and (opcode is not Opcode.PONG or len(masked) <= _PONG_BYTES):
            return opcode, apply_mask(masked, mask)
        opcode = _DEFLATED.get(first)
        if opcode is None or not self._deflates or len(masked) > _DEFLATED_BYTES:
            return None
        inflater = zlib.decompressobj(-websocket_frames.WINDOW_BITS)
        body = apply_mask(masked, mask) + websocket_frames.SYNC_FLUSH_TAIL
        try:
            payload = inflater.decompress(body, MAX_MESSAGE_BYTES)
        except zlib.error:
            return None
        return None if inflater.unconsumed_tail else (opcode, payload)

    def _assembled(self, frame: Frame) -> list[tuple[Opcode, bytes]]:
        if frame.opcode is not Opcode.CONT:
            self._partial_is = frame.opcode
        payload = self._partial + frame.data  # max_size bounds the sum
        self._partial = b"" if frame.fin else payload
        return [(self._partial_is, payload)] if frame.fin else []

    def _made(self) -> Protocol:
        if self._protocol is None:
            self._protocol = Protocol(SERVER, max_size=MAX_MESSAGE_BYTES, logger=_log)
            if self._deflates:
                bits = websocket_frames.WINDOW_BITS
                self._protocol.extensions = [PerMessageDeflate(True, True, bits, bits)]
        return self._protocol
