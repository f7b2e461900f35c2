"""Publications: what commits and latest-frames give to viewers, and the audiences they go to. Pure.

It must not know connections. Theory of operation: a publication has a base, which the room gets,
and additions, each for one audience. Base and additions are messages, and each message has one
``Publication`` on a node: the ring keeps it and every cohort is written from it. It makes a form (a
codec, deflated or not, or the events of the programme feed) when somebody first asks, and keeps it.
So a form is made at most once on a node, however many viewers get it, live or from the ring. It is
dropped when the ring drops the publication.

The sequencer publishes msgpack. A publication keeps that as a plain frame from the start, and has
at most four more forms: no payload is kept besides its frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import TypeAlias

from grandstand.domain.envelope import Commit, Latest
from grandstand.wire import event_stream, program, websocket_frames
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.messages import Frame, Notice

DEFLATE_FROM_BYTES = 128
"""Below this size deflate saves less than a packet, and costs the viewer an inflation."""


class Form(Enum):
    """The bytes in which a peer gets publications: WebSocket frames, or events of the programme
    feed, chunked for HTTP/1.1."""

    MSGPACK = auto()
    MSGPACK_DEFLATED = auto()
    JSON = auto()
    JSON_DEFLATED = auto()
    EVENTS = auto()
    EVENTS_CHUNKED = auto()


_OF_SOCKETS = {
    (False, False): Form.MSGPACK,
    (False, True): Form.MSGPACK_DEFLATED,
    (True, False): Form.JSON,
    (True, True): Form.JSON_DEFLATED,
}


def socket_form(is_text: bool, deflates: bool) -> Form:
    """Return the form for a WebSocket of this kind."""
    return _OF_SOCKETS[is_text, deflates]


@dataclass(frozen=True, slots=True)
class Everyone:
    """All viewers of the room."""


@dataclass(frozen=True, slots=True)
class Voters:
    """Viewers who have a vote in a poll."""

    poll: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Moderators and producers."""


AudienceKey: TypeAlias = Everyone | Voters | Staff

EVERYONE, STAFF = Everyone(), Staff()


class Publication:
    """A message in ready forms, and what goes to single audiences with it."""

    __slots__ = (
        "_epoch",
        "_events",
        "_json",
        "_json_deflated",
        "_message",
        "_msgpack",
        "_msgpack_deflated",
        "additions",
        "offset",
    )

    def __init__(
        self,
        payload: bytes,
        offset: int | None = None,
        additions: Mapping[AudienceKey, Publication] = MappingProxyType({}),
        message: Frame | Notice | None = None,
        epoch: str = "",
    ) -> None:
        """``payload`` is the message in msgpack; without ``message`` it is a frame. ``offset`` and
        ``epoch`` are those of a numbered frame.
        """
        self.offset = offset
        self._epoch = epoch
        self._events: bytes | None = None
        self.additions = additions
        self._message = message
        self._msgpack = websocket_frames.plain(payload, text=False)
        self._msgpack_deflated: bytes | None = None
        self._json: bytes | None = None
        self._json_deflated: bytes | None = None

    @classmethod
    def of(cls, message: Frame | Notice) -> Publication:
        """Return the publication of a message that is made here."""
        return cls(encode(message, "msgpack"), message=message)

    @property
    def payload(self) -> bytes:
        """Return the message in msgpack."""
        return websocket_frames.payload(self._msgpack)

    def ready(self, form: Form) -> bytes:
        """Return the bytes to write to a peer of this kind; b"" if it has nothing for it."""
        match form:
            case Form.MSGPACK:
                return self._msgpack
            case Form.MSGPACK_DEFLATED:
                if self._msgpack_deflated is None:
                    self._msgpack_deflated = self._deflated(self._msgpack, is_text=False)
                return self._msgpack_deflated
            case Form.JSON:
                return self._as_json()
            case Form.JSON_DEFLATED:
                if self._json_deflated is None:
                    self._json_deflated = self._deflated(self._as_json(), is_text=True)
                return self._json_deflated
            case Form.EVENTS:  # for few, old proxies: not kept
                return event_stream.unchunked(self._as_events())
            case Form.EVENTS_CHUNKED:
                return self._as_events()

    def _as_json(self) -> bytes:
        if self._json is None:
            message, self._message = self._message, None
            payload = encode(message or decode_frame(self.payload), "json")
            self._json = websocket_frames.plain(payload, text=True)
        return self._json

    def _as_events(self) -> bytes:
        if self._events is None:
            self._events = event_stream.chunk(program.events(self.payload, self._epoch))
        return self._events

    def _deflated(self, plain: bytes, is_text: bool) -> bytes:
        if len(self.payload) < DEFLATE_FROM_BYTES:
            return plain
        return websocket_frames.deflated(websocket_frames.payload(plain), is_text)


class FeedEvent:
    """What the programme feed alone has: a beat, a ``reset``."""

    __slots__ = ("_chunked",)

    offset = None

    def __init__(self, data: bytes) -> None:
        self._chunked = event_stream.chunk(data)

    def ready(self, form: Form) -> bytes:
        """Return the bytes to write to a peer of this kind; b"" for a viewer."""
        match form:
            case Form.EVENTS_CHUNKED:
                return self._chunked
            case Form.EVENTS:
                return event_stream.unchunked(self._chunked)
            case _:
                return b""


def of_commit(commit: Commit) -> list[Publication]:
    """Return the publications of a commit's numbered frames, in their order."""
    first = commit.offset - len(commit.frames) + 1
    return [
        Publication(payload, offset, epoch=commit.epoch)
        for offset, payload in enumerate(commit.frames, first)
    ]


def of_latest(latest: Latest) -> Publication:
    """Return the publication of an unnumbered frame, with what only voters or staff get."""
    additions: dict[AudienceKey, Publication] = {
        Voters(poll): Publication(payload) for poll, payload in latest.for_voters.items()
    }
    if latest.for_staff:
        additions[STAFF] = Publication(latest.for_staff)
    return Publication(latest.frame, additions=additions)
