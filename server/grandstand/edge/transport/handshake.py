"""The opening handshake: from the bytes of a request to an offer that admission may admit.

Bytes in, bytes out; it reads nothing else but the clock, once a second. It must not know
transports, nor who may enter. ``websockets`` checks the request and words the answer. The choice of
the subprotocol and the terms of deflate are ours.

Theory of operation: ``websockets`` takes longer to read a head than everything else that a viewer's
entry costs, and the heads of an audience differ only in their keys. So a head in which nothing is
unusual is only cut into its fields here. The fields that decide are given to ``websockets`` once a
second for all viewers who send the same ones; they share its answer, except for the key. A head
that is unusual in any way, or refused, goes to it whole.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS, Request, Response
from websockets.server import ServerProtocol
from websockets.typing import ExtensionParameter, StatusLike, Subprotocol
from websockets.utils import accept_key

from grandstand.wire.codes import ErrorCode
from grandstand.wire.websocket_frames import WINDOW_BITS

NOT_SNIFFED = ("X-Content-Type-Options", "nosniff")
"""On every HTTP answer: browsers believe its Content-Type."""

SUBPROTOCOL_IS_TEXT = {"grandstand.v1.msgpack": False, "grandstand.v1.json": True}

_PLAIN = re.compile(
    r"GET [!-~]+ HTTP/1\.1\r\n(?:[-!#$%&'*+.^_`|~0-9A-Za-z]++:[\t -~\x80-\xff]*+\r\n)+\r\n"
)
_DECISIVE = (
    "upgrade",
    "connection",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
)
_OF_A_BODY = frozenset({"content-length", "transfer-encoding"})
_PLAIN_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")  # 16 bytes
_SAMPLE_KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
_SAMPLE_ACCEPT = accept_key(_SAMPLE_KEY).encode()


@dataclass(frozen=True, slots=True)
class Handshake:
    """Who asks to come in, and where: what admission decides by.

    ``path`` is percent-decoded, ``query`` isn't. ``host`` is there if the request has exactly one.
    ``peer`` is the viewer's address without the port; behind a trusted proxy it is the one that the
    proxy names, and on a Unix socket it is empty.
    """

    path: str
    query: str
    host: str | None
    peer: str
    origin: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The HTTP answer instead of a socket; ``body`` is a problem document (RFC 9457)."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def response(self) -> bytes:
        """Return the whole answer as it goes on the wire."""
        headers = Headers(
            [
                ("Connection", "close"),
                ("Content-Length", str(len(self.body))),
                ("Content-Type", "application/problem+json"),
                NOT_SNIFFED,
                *self.headers,
            ]
        )
        return Response(self.status, HTTPStatus(self.status).phrase, headers, self.body).serialize()


def problem(status: int, code: ErrorCode, detail: str, retry_after_s: int | None = None) -> Refusal:
    """Return a refusal as a problem document."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    headers = () if retry_after_s is None else (("Retry-After", str(retry_after_s)),)
    return Refusal(status, json.dumps(body).encode(), headers)


def unavailable(detail: str) -> bytes:
    """Return the answer of a server that is temporarily unable."""
    return problem(503, ErrorCode.UNAVAILABLE, detail, retry_after_s=1).response()


@dataclass(frozen=True, slots=True)
class Offer:
    """A valid handshake: ``response`` is the 101 that opens the socket on these terms."""

    handshake: Handshake
    is_text: bool
    deflates: bool
    response: bytes


def read(head: bytes | bytearray, peer: str) -> Offer | bytes:
    """Judge a request head (up to its empty line): return an offer, or the answer that ends it.

    ``peer`` is the viewer's address.
    """
    return _read_plain(head, peer) or _read_any(head, peer)


def _read_plain(head: bytes | bytearray, peer: str) -> Offer | None:
    """Return the offer to a head in which nothing is unusual; None for any other."""
    text = head.decode("latin-1")
    if len(text) > MAX_LINE_LENGTH or _PLAIN.fullmatch(text) is None:
        return None
    request_line, *lines = text[:-4].split("\r\n")
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip(" \t")
    key = fields.get("sec-websocket-key", "")
    if (
        len(lines) > MAX_NUM_HEADERS
        or len(lines) > len(fields)  # one comes twice
        or not _OF_A_BODY.isdisjoint(fields)
        or _PLAIN_KEY.fullmatch(key) is None
    ):
        return None
    sample = _offer_to_all(int(time.time()), *map(fields.get, _DECISIVE))
    if sample is None:
        return None
    path, _, query = request_line[len("GET ") : -len(" HTTP/1.1")].partition("?")
    return Offer(
        Handshake(unquote(path), query, fields.get("host"), peer, fields.get("origin")),
        sample.is_text,
        sample.deflates,
        sample.response.replace(_SAMPLE_ACCEPT, accept_key(key).encode()),
    )


@lru_cache(maxsize=64)
def _offer_to_all(_second: int, *values: str | None) -> Offer | None:
    """Return what ``websockets`` answers to these deciding fields in this second, which its answer
    names."""
    fields = [("sec-websocket-key", _SAMPLE_KEY), *zip(_DECISIVE, values, strict=True)]
    lines = [f"{name}: {value}\r\n" for name, value in fields if value is not None]
    head = f"GET / HTTP/1.1\r\n{''.join(lines)}\r\n".encode("latin-1")
    offer = _read_any(head, "")
    return offer if isinstance(offer, Offer) else None


def _read_any(head: bytes | bytearray, peer: str) -> Offer | bytes:
    """Judge a head as ``read`` does, by ``websockets`` alone."""
    server = _Server(extensions=[_DEFLATE])
    try:
        server.receive_data(head)
        requests = server.events_received()
        if not requests or not isinstance(request := requests[0], Request):
            return b"".join(server.data_to_send()) or _UNREADABLE.response()
        response = server.accept(request)
        if isinstance(server.handshake_exc, _NoSubprotocolError):
            return _UNKNOWN_SUBPROTOCOLS.response()
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            return response.serialize()
        path, _, query = request.path.partition("?")
        hosts = request.headers.get_all("Host")
        host = hosts[0] if len(hosts) == 1 else None
        return Offer(
            Handshake(unquote(path), query, host, peer, server.origin),
            is_text=SUBPROTOCOL_IS_TEXT.get(server.subprotocol or "", True),
            deflates=bool(server.extensions),
            response=response.serialize(),
        )
    finally:
        # The parser is a generator that holds the server which holds the parser.
        server.parser.close()


_UNREADABLE = problem(
    HTTPStatus.BAD_REQUEST,
    ErrorCode.BAD_MESSAGE,
    "not an upgrade in strict HTTP/1.1: lines end in CR LF, and it has no body",
)
_UNKNOWN_SUBPROTOCOLS = problem(
    HTTPStatus.BAD_REQUEST,
    ErrorCode.BAD_MESSAGE,
    f"offer one of these subprotocols, or none: {', '.join(SUBPROTOCOL_IS_TEXT)}",
)


class _NoSubprotocolError(NegotiationError):
    """Only subprotocols that we don't know were offered."""


class _Server(ServerProtocol):
    def reject(self, status: StatusLike, text: str) -> Response:
        """Return a refusal."""
        response = super().reject(status, text)
        response.headers[NOT_SNIFFED[0]] = NOT_SNIFFED[1]
        return response

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
