"""The first stage of a viewer's connection: reads its request's head and asks admission.

It must not know frames, and writes nothing: it says who was admitted, or how the request must be
answered. A connection has one until its head is whole; an open one keeps nothing of it.
"""

from __future__ import annotations

import asyncio
from typing import Generic, NamedTuple, Protocol, TypeVar

import structlog
from uvicorn.config import Config

from grandstand.edge.transport import handshake
from grandstand.edge.transport.client_address import forwarded_for, peer_of
from grandstand.edge.transport.handshake import Handshake, Offer, Refusal, unavailable
from grandstand.edge.transport.handshake_limit import HandshakeLimit

MAX_HEAD_BYTES = 64 * 1024  # as much as h11 collects of a head

SessionT = TypeVar("SessionT")
SessionT_co = TypeVar("SessionT_co", covariant=True)

_log = structlog.get_logger(__name__)


class Admission(Protocol[SessionT_co]):
    """Decides who may come in."""

    @property
    def handshake_limit(self) -> HandshakeLimit:
        """Return the limit that is asked first."""

    def admit(self, handshake: Handshake) -> SessionT_co | Refusal:
        """Return a session for the viewer, or the answer that it gets instead."""


class Admitted(NamedTuple, Generic[SessionT]):
    """A viewer that may come in; ``rest`` are the bytes that followed its head."""

    offer: Offer
    session: SessionT
    peer: str
    rest: bytes


class Opening(Generic[SessionT]):
    """One connection until its head is whole. Nothing that a peer sends makes it raise."""

    __slots__ = ("_admission", "_config", "_head", "early")

    def __init__(self, admission: Admission[SessionT], config: Config) -> None:
        self._admission = admission
        self._config = config
        self._head = bytearray()
        self.early = b""
        """What came after the head, if uvicorn has read it already."""

    def receive(
        self, data: bytes, transport: asyncio.Transport
    ) -> Admitted[SessionT] | bytes | None:
        """Take bytes of the head; return None if it isn't whole yet, else who was admitted, or the
        answer that ends the connection, which may be empty."""
        self._head += data
        end = self._head.find(b"\r\n\r\n") + 4
        if end < 4:
            return b"" if len(self._head) > MAX_HEAD_BYTES else None
        head, rest = self._head[:end], bytes(self._head[end:]) + self.early
        peer = ""
        try:
            peer = peer_of(transport, self._config)(forwarded_for(head))
            return self._consider(head, peer, rest)
        except Exception:
            _log.exception("handshake failed", peer=peer)
            return unavailable("our fault")

    def _consider(self, head: bytearray, peer: str, rest: bytes) -> Admitted[SessionT] | bytes:
        limit = self._admission.handshake_limit
        if busy := limit.refusal(peer):
            return busy
        offer = handshake.read(head, peer)
        if isinstance(offer, Offer):
            admitted = self._admission.admit(offer.handshake)
            if not isinstance(admitted, Refusal):
                return Admitted(offer, admitted, peer, rest)
            offer = admitted.response()
        limit.give_back()
        return offer
