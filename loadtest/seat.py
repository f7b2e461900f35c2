"""The leanest viewer that speaks the contract: raw frames on an asyncio protocol, msgpack inside.

It exists so that the load's own cost stays small beside the server's; the zero mask is legal
(RFC 6455 section 5.3 asks for an unpredictable one only where a proxy could be fooled).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Seat(asyncio.Protocol):
    """One viewer; ``on_message`` gets every message but frames, which are only counted."""

    def __init__(
        self,
        host: str,
        room: str,
        token: str | None,
        on_message: Callable[[Seat, Any], None],
    ) -> None:
        self.frames = 0
        self.closed = False
        self.welcomed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._hello = {"type": "hello"} if token is None else {"type": "hello", "token": token}
        self._on_message = on_message
        self._head = (
            f"GET /v1/rooms/{room}/live HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: Z3JhbmRzdGFuZC1zZWF0IQ==\r\n"
            "Sec-WebSocket-Protocol: grandstand.v1.msgpack\r\n\r\n"
        ).encode()
        self._buffer = b""
        self._upgraded = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._head)

    def send(self, message: dict[str, Any]) -> None:
        """One message in one masked binary frame; nothing once the connection is over."""
        if self.closed:
            return
        self._frame(0x82, _encode(message))

    def _frame(self, first: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes((first, 0x80 | size)) if size < 126 else struct.pack("!BBH", first, 254, size)
        self._transport.write(head + b"\0\0\0\0" + payload)

    def data_received(self, data: bytes) -> None:
        """The answer to the upgrade, then frames."""
        buffer = self._buffer + data
        if not self._upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                self._buffer = buffer
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.welcomed.set_exception(ConnectionError(buffer[:200].decode("latin-1")))
                self._transport.close()
                return
            self._upgraded = True
            self.send(self._hello)
            buffer = buffer[end + 4 :]
        at = 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size == 126:
                if len(buffer) - at < 4:
                    break
                size, start = struct.unpack_from("!H", buffer, at + 2)[0], at + 4
            elif size == 127:
                if len(buffer) - at < 10:
                    break
                size, start = struct.unpack_from("!Q", buffer, at + 2)[0], at + 10
            if len(buffer) < start + size:
                break
            self._take(buffer[at] & 15, buffer[start : start + size])
            at = start + size
        self._buffer = buffer[at:]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == 9:
            self._frame(0x8A, payload)
        elif opcode == 2:
            # Every message's map begins with its type: \x84 \xa4 type \xa5 frame.
            if payload[6:12] == b"\xa5frame":
                self.frames += 1
                return
            message = _decode(payload)
            if message["type"] == "welcome" and not self.welcomed.done():
                self.welcomed.set_result(message)
            else:
                self._on_message(self, message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        self.closed = True
        if not self.welcomed.done():
            self.welcomed.set_exception(exc or ConnectionError("closed before the welcome"))

    def close(self) -> None:
        """Leaves."""
        self.closed = True
        self._transport.close()


async def sit(
    url: str, room: str, token: str | None, on_message: Callable[[Seat, Any], None]
) -> Seat:
    """Connects one viewer and says hello; raises ConnectionError if it isn't welcomed."""
    place = urlsplit(url)
    loop = asyncio.get_running_loop()
    _, seat = await loop.create_connection(
        lambda: Seat(place.netloc, room, token, on_message), place.hostname or "", place.port or 80
    )
    await seat.welcomed
    return seat
