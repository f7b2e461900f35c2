"""One WebSocket of a client, sans I/O, on ``websockets``: bytes in, what they mean out. Pure.

It must not know what the messages say, nor what follows an end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from websockets.client import ClientProtocol
from websockets.extensions import ClientExtensionFactory
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from grandstand.client.backoff import Closed, End, Failed, Refused
from grandstand.wire.codes import CloseCode
from grandstand.wire.messages import MAX_SERVER_MESSAGE_BYTES

SUBPROTOCOL = Subprotocol("grandstand.v1.msgpack")

NORMAL_CLOSURE = 1000

_DELAY = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Opened:
    """The server has agreed: messages may be sent."""


class WebSocket:
    """From its request on. Raises websockets.exceptions.InvalidURI for a ``url`` that is none."""

    def __init__(
        self, url: str, subprotocol: Subprotocol | None = SUBPROTOCOL, *, deflate: bool = False
    ) -> None:
        extensions: list[ClientExtensionFactory] = []
        if deflate:
            extensions.append(ClientPerMessageDeflateFactory(client_max_window_bits=None))
        self._protocol = protocol = ClientProtocol(
            parse_uri(url),
            extensions=extensions or None,
            subprotocols=None if subprotocol is None else [subprotocol],
            max_size=2 * MAX_SERVER_MESSAGE_BYTES,
        )
        self._parts: list[bytes] = []
        protocol.send_request(protocol.connect())

    def written(self) -> bytes:
        """Return what is to be written now; nothing if it is empty."""
        return b"".join(self._protocol.data_to_send())

    def send(self, payload: bytes) -> None:
        """Send a message, if the socket is open."""
        if self._protocol.state is OPEN:
            self._protocol.send_binary(payload)

    def close(self) -> None:
        """Say that this side goes, if the socket is open."""
        if self._protocol.state is OPEN:
            self._protocol.send_close(NORMAL_CLOSURE)

    def receive(self, data: bytes) -> list[Opened | bytes | End]:
        """Take bytes in; return whole messages, and an end as the last."""
        self._protocol.receive_data(data)
        return self._events()

    def receive_eof(self, words: str = "") -> list[Opened | bytes | End]:
        """Take the end of the bytes; ``words`` say what ended them. The last event is an end."""
        self._protocol.receive_eof()
        events = self._events()
        if events and isinstance(events[-1], End):
            return events
        if self._protocol.state is OPEN or self._protocol.handshake_exc is None:
            return [*events, Closed(CloseCode.NO_CLOSE_FRAME, words)]
        return [*events, Failed(words or "no answer to the upgrade")]

    def _events(self) -> list[Opened | bytes | End]:
        protocol = self._protocol
        events: list[Opened | bytes | End] = []
        for event in protocol.events_received():
            if isinstance(event, Response):
                if event.status_code != 101:
                    after_s = retry_after_s(event.headers.get("Retry-After"))
                    return [Refused(event.status_code, after_s)]
                if protocol.handshake_exc is None:
                    events.append(Opened())
            elif isinstance(event, Frame) and (payload := self._whole(event)) is not None:
                events.append(payload)
        if protocol.close_rcvd is not None:
            events.append(Closed(protocol.close_rcvd.code, protocol.close_rcvd.reason))
        elif isinstance(protocol.handshake_exc, Exception) and not _is_eof(protocol.handshake_exc):
            events.append(Failed(f"upgrade: {protocol.handshake_exc}"))
        elif protocol.parser_exc is not None and not _is_eof(protocol.parser_exc):
            events.append(Closed(CloseCode.NO_CLOSE_FRAME, str(protocol.parser_exc)))
        return events

    def _whole(self, frame: Frame) -> bytes | None:
        """Return a message once its last piece is there; a text is no message of ours."""
        if frame.opcode is Opcode.BINARY and frame.fin:
            return bytes(frame.data)
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return None
        self._parts.append(bytes(frame.data))
        if not frame.fin:
            return None
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


def _is_eof(fault: Exception) -> bool:
    return isinstance(fault, EOFError) or isinstance(fault.__cause__, EOFError)


def retry_after_s(value: str | None) -> float:
    """Return the seconds that a ``Retry-After`` asks for; 0 for a date, or what is unreadable."""
    found = None if value is None else _DELAY.fullmatch(value.strip())
    return 0.0 if found is None else float(found[0])
