"""Reads what a peer sends, frame by frame: within its budget, in turns with all other peers.

It must not know sessions or messages; the class that derives from it takes the frames.

Theory of operation: the first frame of what came is read at once, so that a single message costs
nothing more. A peer that sent several frames isn't read from until they are processed, in turns
with all others that wait (``RoundRobin``). So its backlog is what one read brought. A peer that
exceeds its budget isn't read from any more.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod

from websockets.frames import Opcode

from grandstand.edge.transport.inbound import ExcessError, Inbound
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.edge.transport.round_robin import RoundRobin
from grandstand.wire.codes import CloseCode

IGNORED_S = 1
"""How long a peer that sent too much may read the reason before it is cut, in seconds."""

FULL, QUEUED, IGNORED = 1, 2, 4
"""Why a peer isn't read from: it doesn't read itself, it waits for its turn, it sent too much."""


class FrameReader(asyncio.Protocol, ABC):
    """The reading half of a connection. The transport reads as long as nothing is ``_held``."""

    __slots__ = ("_held", "_inbound", "_keepalive", "_transport", "_turns")

    _transport: asyncio.Transport

    def __init__(self, keepalive: Keepalive, turns: RoundRobin) -> None:
        self._keepalive = keepalive
        self._turns = turns
        self._inbound: Inbound | None = None
        self._held = 0

    @abstractmethod
    def receive_frame(self, opcode: Opcode, payload: bytes) -> None:
        """Take a message (text is UTF-8) or a pong."""

    @abstractmethod
    def flush(self, inbound: Inbound) -> None:
        """Write the answers to the frames of one turn."""

    @abstractmethod
    def violated(self, code: CloseCode, reason: str) -> None:
        """Close, saying why: the peer broke a rule."""

    @abstractmethod
    def abort(self) -> None:
        """Drop the connection at once."""

    def read_on(self, most: int) -> int:
        """Read up to ``most`` of the frames that came; return how many were read."""
        inbound, count = self._inbound, 0
        if inbound is None:
            return 0
        while count < most and self._held in (0, QUEUED):
            try:
                received = inbound.read(time.monotonic() * 1000)
            except ExcessError:
                self._ignore(inbound)
                break
            if received is None:
                break
            count += 1
            for opcode, payload in received:
                if opcode is Opcode.TEXT and not _is_utf8(payload):  # RFC 6455 section 8.1
                    self.violated(CloseCode.INVALID_DATA, "a text frame that isn't UTF-8")
                else:
                    self.receive_frame(opcode, payload)
        self.flush(inbound)
        if self._held and not inbound.has_frame:
            self.release(QUEUED)
        return count

    def receive(self, inbound: Inbound, data: bytes) -> None:
        """Take bytes of frames."""
        try:
            inbound.add(data, time.monotonic() * 1000)
        except ExcessError:
            self._ignore(inbound)
        if self.read_on(1) and inbound.has_frame:
            self.hold(QUEUED)
            self._turns.add(self)

    def hold(self, reason: int) -> None:
        """Stop reading from the peer for this reason."""
        if not self._held and not self._transport.is_closing():
            self._transport.pause_reading()
        self._held |= reason

    def release(self, reason: int) -> None:
        """Drop the reason; read again if there is no other."""
        held, self._held = self._held, self._held & ~reason
        if held and not self._held and not self._transport.is_closing():
            self._transport.resume_reading()
        if held != self._held == QUEUED:
            self._turns.add(self)

    def _ignore(self, inbound: Inbound) -> None:
        self.hold(IGNORED)
        inbound.drop()
        self.violated(CloseCode.PROTOCOL_ERROR, "more than a connection may send")
        self._keepalive.after(IGNORED_S, self._transport.abort)


def _is_utf8(payload: bytes) -> bool:
    try:
        return payload.isascii() or bool(str(payload, "utf-8"))
    except UnicodeDecodeError:
        return False
