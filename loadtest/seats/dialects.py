"""How a seat talks to a given server, so that the same seats measure Grandstand and its peers.

Pure: bytes in, messages out. A dialect says what to send on connecting, how to know that the seat
is in (from then on its messages are counted), where one whole message ends, and what answers the
server's keep-alive. It must not know sockets, clocks or figures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from enum import Enum, auto
from itertools import cycle, islice
from typing import Any, NamedTuple, Protocol

import msgspec
from grandstand.client.websocket import SUBPROTOCOL, retry_after_s
from grandstand.client.websocket import WebSocket as Upgrade
from grandstand.wire.messages import Bye, Hello, Resume
from msgspec import UNSET
from websockets.typing import Subprotocol

from loadtest.seats.client_frames import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Found,
    StreamError,
    found,
    masked,
)

MAX_HEAD_BYTES = 16 * 1024
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_RETRY_AFTER = re.compile(rb"\r\nretry-after:([^\r\n]*)", re.IGNORECASE)
FOLLOWED = 10
"""Topics that a viewer follows."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

Place = tuple[str, int]
"""An epoch and an offset in it."""


class Kind(Enum):
    """What a message means for a seat."""

    UPGRADED = auto()
    """The connection speaks: say hello."""
    REFUSED = auto()
    """``code`` is the HTTP status."""
    ENTERED = auto()
    """The seat is in."""
    COUNTED = auto()
    """A frame of the show."""
    TOLD = auto()
    """For this seat alone."""
    ANSWERED = auto()
    """Asks for no more than its ``reply``."""
    CLOSED = auto()
    """``code`` is the close code, ``reply`` the answering close frame."""


class Message(NamedTuple):
    """One whole message: where the next begins, what it says decoded, and what to send back."""

    kind: Kind
    end: int
    told: dict[str, Any] | None = None
    reply: bytes = b""
    code: int = 0
    retry_after_s: float = 0.0


class Dialect(Protocol):
    """A way to talk; one object serves all seats."""

    opening: bytes
    """Sent as soon as the connection stands."""

    def hello(self, token: str | None, place: Place | None) -> bytes:
        """Sent at ``UPGRADED``; ``place`` is where this seat lost the show, if it did."""

    def cut(self, data: bytes, at: int, upgraded: bool) -> Message | None:
        """The message that begins at ``at``; None while bytes are missing.

        Raises StreamError for what it doesn't understand.
        """


class WebSocket:
    """A plain upgrade, in at the 101: Nchan, node ``ws``, the bare floor; and what all share."""

    def __init__(
        self, host: str, path: str, protocol: Subprotocol | None = None, *, deflate: bool = False
    ) -> None:
        """``host`` with its port. All seats send the same request, its key too; the answer's
        ``Sec-WebSocket-Accept`` isn't looked at.
        """
        self.opening = Upgrade(f"ws://{host}{path}", protocol, deflate=deflate).written()

    at_101 = Kind.ENTERED

    def hello(self, token: str | None, place: Place | None) -> bytes:
        """Nothing."""
        return b""

    def cut(self, data: bytes, at: int, upgraded: bool) -> Message | None:
        """The answer to the upgrade, later frames."""
        if not upgraded:
            return self._head(data, at)
        frame = found(data, at)
        if frame is None:
            return None
        if frame.opcode == PING:
            return Message(Kind.ANSWERED, frame.end, reply=masked(PONG, frame.payload))
        if frame.opcode == PONG:
            return Message(Kind.ANSWERED, frame.end)
        if frame.opcode == CLOSE:
            code = int.from_bytes(frame.payload[:2], "big") if len(frame.payload) > 1 else 1005
            return Message(
                Kind.CLOSED, frame.end, reply=masked(CLOSE, frame.payload[:2]), code=code
            )
        return self._message(frame)

    def _message(self, frame: Found) -> Message:
        return Message(Kind.COUNTED, frame.end)

    def _head(self, data: bytes, at: int) -> Message | None:
        end = data.find(b"\r\n\r\n", at) + 4
        if end < 4:
            if len(data) - at > MAX_HEAD_BYTES:
                raise StreamError("an answer without an end")
            return None
        head = data[at:end]
        status = _STATUS.match(head)
        if status is None:
            raise StreamError("an answer that isn't HTTP")
        if status[1] == b"101":
            return Message(self.at_101, end)
        after = _RETRY_AFTER.search(head)
        wait_s = retry_after_s(None if after is None else after[1].decode("latin-1"))
        return Message(Kind.REFUSED, len(data), code=int(status[1]), retry_after_s=wait_s)


def topic(number: int) -> str:
    """The n-th of the topics that viewers follow."""
    return f"athlete:{number}"


class Grandstand(WebSocket):
    """Our contract, version 1, in msgpack: in at the ``welcome``."""

    at_101 = Kind.UPGRADED

    def __init__(
        self,
        host: str,
        room: str,
        *,
        deflate: bool = False,
        patience: int = 0,
        topics: int = 0,
        languages: Sequence[str] = (),
    ) -> None:
        """With ``deflate`` permessage-deflate is offered; frames are inflated once for all. With
        ``patience`` they may wait for so long, in ms. With ``topics`` each viewer follows ten of so
        many. With ``languages`` each wants the next of them in turn, "" being none."""
        super().__init__(host, f"/v1/rooms/{room}/live", SUBPROTOCOL, deflate=deflate)
        self._patience = patience
        self._topics = cycle(map(topic, range(topics)))
        self._languages = cycle(languages or [""])

    def hello(self, token: str | None, place: Place | None) -> bytes:
        """With the token, and the place to go on from."""
        greeting = Hello(
            token=UNSET if token is None else token,
            resume=UNSET if place is None else Resume(*place),
            client="grandstand load",
            patience=self._patience or UNSET,
            follow=list(islice(self._topics, FOLLOWED)) or UNSET,
            lang=next(self._languages) or UNSET,
        )
        return masked(BINARY, _encode(greeting))

    @staticmethod
    def say(message: dict[str, Any]) -> bytes:
        """Any message to the server."""
        return masked(BINARY, _encode(message))

    def _message(self, frame: Found) -> Message:
        try:
            told = _decode(frame.payload)
            kind = told["type"]
        except (msgspec.DecodeError, KeyError, TypeError):
            raise StreamError("a message that isn't ours") from None
        if kind == "frame":
            return Message(Kind.COUNTED, frame.end, told)
        return Message(Kind.ENTERED if kind == "welcome" else Kind.TOLD, frame.end, told)


def bye_in(told: dict[str, Any]) -> Bye | None:
    """A message of Grandstand's, if it is the last before a close. Raises StreamError."""
    try:
        return msgspec.convert(told, Bye) if told["type"] == "bye" else None
    except msgspec.ValidationError as error:
        raise StreamError(f"a bye that isn't ours: {error}") from None


class SocketIO(WebSocket):
    """Socket.IO 5 on Engine.IO 4, over WebSocket alone: in when the namespace is joined."""

    at_101 = Kind.UPGRADED

    def __init__(self, host: str) -> None:
        super().__init__(host, "/socket.io/?EIO=4&transport=websocket")

    def _message(self, frame: Found) -> Message:
        packet = frame.payload[:2] if frame.opcode == TEXT else b""
        match packet[:1], packet:
            case b"0", _:
                return Message(Kind.ANSWERED, frame.end, reply=masked(TEXT, b"40"))
            case b"2", _:
                return Message(Kind.ANSWERED, frame.end, reply=masked(TEXT, b"3"))
            case _, b"40":
                return Message(Kind.ENTERED, frame.end)
            case (b"1", _) | (_, b"41" | b"44"):
                return Message(Kind.CLOSED, frame.end, reply=masked(CLOSE, b""), code=1005)
        return Message(Kind.COUNTED, frame.end)


class Program:
    """Our programme feed, as server-sent events in chunks: in at the head of the answer."""

    def __init__(self, host: str, room: str) -> None:
        self.opening = f"GET /v1/rooms/{room}/program HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()

    def hello(self, token: str | None, place: Place | None) -> bytes:
        """Nothing."""
        return b""

    def cut(self, data: bytes, at: int, upgraded: bool) -> Message | None:
        """The head, later chunks: of events, or of a beat."""
        end = data.find(b"\r\n\r\n" if not upgraded else b"\r\n", at)
        if end < 0:
            return None
        if not upgraded:
            status = _STATUS.match(data[at : at + 12])
            if status is None:
                raise StreamError("an answer that isn't HTTP")
            code = int(status[1])
            return Message(Kind.ENTERED if code == 200 else Kind.REFUSED, end + 4, code=code)
        size = int(data[at:end], 16)
        whole = end + 2 + size + 2
        if len(data) < whole:
            return None
        if not size:
            return Message(Kind.CLOSED, whole, code=1000)
        is_beat = data[end + 2 : end + 3] == b":"
        return Message(Kind.ANSWERED if is_beat else Kind.COUNTED, whole)


class Nats:
    """NATS' own protocol over TCP: in when the server has answered the first PING."""

    def __init__(self, subject: str) -> None:
        options = json.dumps({"verbose": False, "pedantic": False, "lang": "python"})
        self.opening = b""
        self._hello = f"CONNECT {options}\r\nSUB {subject} 1\r\nPING\r\n".encode()

    def hello(self, token: str | None, place: Place | None) -> bytes:
        """Subscribes."""
        return self._hello

    def cut(self, data: bytes, at: int, upgraded: bool) -> Message | None:
        """A line, and the body that follows a MSG."""
        end = data.find(b"\r\n", at) + 2
        if end < 2:
            return None
        word, _, rest = data[at : end - 2].partition(b" ")
        match word.upper():
            case b"MSG":
                end += int(rest.rpartition(b" ")[2]) + 2
                return None if len(data) < end else Message(Kind.COUNTED, end)
            case b"INFO":  # may come again, when a cluster changes
                return Message(Kind.ANSWERED if upgraded else Kind.UPGRADED, end)
            case b"PONG":
                return Message(Kind.ENTERED, end)
            case b"PING":
                return Message(Kind.ANSWERED, end, reply=b"PONG\r\n")
            case b"+OK":
                return Message(Kind.ANSWERED, end)
        raise StreamError(data[at : end - 2].decode("latin-1"))


def dialect(
    name: str,
    host: str,
    room: str,
    *,
    path: str | None = None,
    deflate: bool = False,
    patience: int = 0,
    topics: int = 0,
    languages: Sequence[str] = (),
) -> Dialect:
    """By its name. ``path`` is that of ``websocket``; ``patience``, ``topics`` and ``languages``
    are our own's; NATS' subject is the room.

    Raises ValueError for a name that is none.
    """
    match name:
        case "grandstand":
            return Grandstand(
                host,
                room,
                deflate=deflate,
                patience=patience,
                topics=topics,
                languages=languages,
            )
        case "program":
            return Program(host, room)
        case "websocket":
            return WebSocket(host, path or f"/sub/{room}")
        case "socketio":
            return SocketIO(host)
        case "nats":
            return Nats(room)
    raise ValueError(f"no dialect {name!r}: grandstand, program, websocket, socketio or nats")
