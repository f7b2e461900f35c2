"""The opening handshake: from the bytes of a request to an offer that the gate may admit.

Pure: bytes in, bytes out. It must not know transports, nor who may enter. ``websockets`` checks
the request and words the answer; ours are the choice of the subprotocol and the terms of deflate.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import ExtensionParameter, Subprotocol

from grandstand.wire.codes import ErrorCode
from grandstand.wire.frames import WINDOW_BITS

SUBPROTOCOL_IS_TEXT = {"grandstand.v1.msgpack": False, "grandstand.v1.json": True}


@dataclass(frozen=True, slots=True)
class Handshake:
    """Who asks to come in, and whither: what the gate decides by.

    ``path`` is percent-decoded, ``query`` isn't. ``peer`` is the viewer's address without the
    port, behind a trusted proxy the one the proxy names, and empty on a Unix socket.
    """

    path: str
    query: str
    headers: Headers
    peer: str
    origin: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The HTTP answer instead of a socket; ``body`` is a problem document (RFC 9457)."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> bytes:
        """The whole answer as it goes on the wire."""
        headers = Headers(
            [
                ("Connection", "close"),
                ("Content-Length", str(len(self.body))),
                ("Content-Type", "application/problem+json"),
                *self.headers,
            ]
        )
        return Response(self.status, HTTPStatus(self.status).phrase, headers, self.body).serialize()


def problem(status: int, code: ErrorCode, detail: str, retry_after_s: int | None = None) -> Refusal:
    """A refusal in the contract's own words."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    headers = () if retry_after_s is None else (("Retry-After", str(retry_after_s)),)
    return Refusal(status, json.dumps(body).encode(), headers)


@dataclass(frozen=True, slots=True)
class Offer:
    """A sound handshake: ``response`` is the 101 that opens the socket on these terms."""

    handshake: Handshake
    is_text: bool
    deflates: bool
    response: bytes


def read(head: bytes | bytearray, peer_of: Callable[[Headers], str]) -> Offer | bytes:
    """Judge a request head (up to its empty line): an offer, or the answer that ends it.

    The answer is empty where the request isn't HTTP at all.
    """
    server = _Server(extensions=[_DEFLATE])
    try:
        server.receive_data(head)
        requests = server.events_received()
        if not requests or not isinstance(request := requests[0], Request):
            return b"".join(server.data_to_send())
        response = server.accept(request)
        if isinstance(server.handshake_exc, _NoSubprotocolError):
            return _UNKNOWN_SUBPROTOCOLS.response()
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            return response.serialize()
        path, _, query = request.path.partition("?")
        headers = request.headers
        return Offer(
            Handshake(unquote(path), query, headers, peer_of(headers), server.origin),
            is_text=SUBPROTOCOL_IS_TEXT.get(server.subprotocol or "", True),
            deflates=bool(server.extensions),
            response=response.serialize(),
        )
    finally:
        # The parser is a generator that holds the server which holds the parser.
        server.parser.close()


_UNKNOWN_SUBPROTOCOLS = problem(
    HTTPStatus.BAD_REQUEST,
    ErrorCode.BAD_MESSAGE,
    f"offer one of these subprotocols, or none: {', '.join(SUBPROTOCOL_IS_TEXT)}",
)


class _NoSubprotocolError(NegotiationError):
    """Only subprotocols that we don't know were offered."""


class _Server(ServerProtocol):
    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        for subprotocol in subprotocols:
            if subprotocol in SUBPROTOCOL_IS_TEXT:
                return subprotocol
        if subprotocols:
            raise _NoSubprotocolError("no subprotocol that we know")
        return None


class _DeflateWithoutTakeover(ServerPerMessageDeflateFactory):
    """Deflate on terms that suit a frame made once for everyone, or not at all."""

    def process_request_params(
        self,
        params: Sequence[ExtensionParameter],
        accepted_extensions: Sequence[Extension],
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        response, extension = super().process_request_params(params, accepted_extensions)
        if extension.local_max_window_bits < WINDOW_BITS:
            raise NegotiationError("ready frames are deflated with the full window")
        return response, extension


_DEFLATE = _DeflateWithoutTakeover(server_no_context_takeover=True, client_no_context_takeover=True)
