"""What comes from a viewer: from the bytes of its connection to whole messages and pongs. Pure.

It must not know transports, nor what a message says. ``websockets``' sans-I/O ``Protocol`` reads
frames, answers pings and closes, and judges what is wrong.

Theory of operation: nearly all that a viewer ever sends is hello, comments, votes and pongs, each
one unfragmented frame that comes in one piece. Such a frame is read here (0.7 us; 1.2 deflated). A
``Protocol`` (4.3 and 5.9 us, 1.5 KB for each viewer) is made when anything else comes, or when we
close; from then on it reads everything.
"""

from __future__ import annotations

import logging
import zlib

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol

from grandstand.wire import frames

try:
    from websockets.speedups import apply_mask
except ImportError:  # as websockets does where its C isn't built
    from websockets.utils import apply_mask

MAX_MESSAGE_BYTES = 4096  # from a client, by the wire contract

_WHOLE = {0x80 | opcode: opcode for opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.PONG)}
_DEFLATED = {0xC0 | opcode: opcode for opcode in (Opcode.TEXT, Opcode.BINARY)}
_MASKED = 0x80
_PONG_BYTES = 125  # RFC 6455 section 5.5: the most of a control frame
_DEFLATED_BYTES = 2043  # the longest that websockets inflates in one go, as is done here

_log = logging.getLogger("grandstand.edge.websockets")
_log.setLevel(logging.WARNING)  # it tells every connection's opening at INFO


class Inbound:
    """One viewer's side of its connection, from the end of the handshake on."""

    __slots__ = ("_deflates", "_partial", "_partial_is", "_protocol")

    def __init__(self, deflates: bool) -> None:
        self._deflates = deflates
        self._protocol: Protocol | None = None
        self._partial = b""
        self._partial_is = Opcode.TEXT

    @property
    def is_closed(self) -> bool:
        """Whether the peer has sent a close frame."""
        return self._protocol is not None and self._protocol.close_rcvd is not None

    def receive(self, data: bytes) -> list[tuple[Opcode, bytes]]:
        """The messages (``TEXT``, ``BINARY``) and pongs that ``data`` completes, in order.

        Text isn't checked to be UTF-8. What there is to answer, ``to_send`` gives.
        """
        if self._protocol is None:
            whole = self._whole(data)
            if whole is not None:
                return [whole]
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
        """A close frame, unless there was one; ``reason`` has at most 123 bytes."""
        protocol = self._made()
        if protocol.state is OPEN:
            protocol.send_close(code, reason)

    def to_send(self) -> list[bytes]:
        """What is to be written now; an empty one asks for the end of the stream."""
        return [] if self._protocol is None else self._protocol.data_to_send()

    def end(self) -> None:
        """Nothing comes any more."""
        if self._protocol is not None:
            self._protocol.parser.close()  # the generator and the protocol hold each other
            self._protocol = None

    def _whole(self, data: bytes) -> tuple[Opcode, bytes] | None:
        """What ``data`` says if it is one whole frame that needs nobody's judgement."""
        if len(data) < 6:
            return None
        first, length, begin = data[0], data[1] - _MASKED, 6
        if length == 126:
            length, begin = int.from_bytes(data[2:4], "big"), 8
        elif length == 127:
            return None
        if len(data) - begin != length or length > MAX_MESSAGE_BYTES:
            return None
        opcode = _WHOLE.get(first)
        if opcode is not None and (opcode is not Opcode.PONG or length <= _PONG_BYTES):
            return opcode, apply_mask(data[begin:], data[begin - 4 : begin])
        opcode = _DEFLATED.get(first)
        if opcode is None or not self._deflates or length > _DEFLATED_BYTES:
            return None
        inflater = zlib.decompressobj(-frames.WINDOW_BITS)
        body = apply_mask(data[begin:], data[begin - 4 : begin])
        try:
            payload = inflater.decompress(body + frames.SYNC_FLUSH_TAIL, MAX_MESSAGE_BYTES)
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
                bits = frames.WINDOW_BITS
                self._protocol.extensions = [PerMessageDeflate(True, True, bits, bits)]
        return self._protocol
