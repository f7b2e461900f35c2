"""Publications: what commits and latest-frames give to viewers, and the audiences they go to. Pure.

It must not know connections. Theory of operation: a publication has a base, which the room gets,
and additions, each for one audience. Base and additions are messages, and each message has one
``Publication`` on a node: the ring keeps it and every cohort is written from it. It makes a form (a
codec, deflated or not) when somebody first asks, and keeps it. So a form is made at most once on a
node, however many viewers get it, live or from the ring. It is dropped when the ring drops the
publication.

The sequencer publishes msgpack. A publication keeps that as a plain frame from the start, and has
at most three more forms: no payload is kept besides its frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from grandstand.domain.envelope import Commit, Latest
from grandstand.wire import websocket_frames
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.messages import Frame, Notice

DEFLATE_FROM_BYTES = 128
"""Below this size deflate saves less than a packet, and costs the viewer an inflation."""


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
    """A message as ready WebSocket frames, and what goes to single audiences with it."""

    __slots__ = (
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
    ) -> None:
        """``payload`` is the message in msgpack; without ``message`` it is a frame. ``offset`` is
        that of a numbered frame.
        """
        self.offset = offset
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

    def ready(self, is_text: bool, deflates: bool) -> bytes:
        """Return the bytes to write to a viewer of this kind."""
        if not is_text:
            if not deflates:
                return self._msgpack
            if self._msgpack_deflated is None:
                self._msgpack_deflated = self._deflated(self._msgpack, is_text)
            return self._msgpack_deflated
        if self._json is None:
            message, self._message = self._message, None
            payload = encode(message or decode_frame(self.payload), "json")
            self._json = websocket_frames.plain(payload, is_text)
        if not deflates:
            return self._json
        if self._json_deflated is None:
            self._json_deflated = self._deflated(self._json, is_text)
        return self._json_deflated

    def _deflated(self, plain: bytes, is_text: bool) -> bytes:
        if len(self.payload) < DEFLATE_FROM_BYTES:
            return plain
        return websocket_frames.deflated(websocket_frames.payload(plain), is_text)


def of_commit(commit: Commit) -> list[Publication]:
    """Return the publications of a commit's numbered frames, in their order."""
    first = commit.offset - len(commit.frames) + 1
    return [Publication(payload, offset) for offset, payload in enumerate(commit.frames, first)]


def of_latest(latest: Latest) -> Publication:
    """Return the publication of an unnumbered frame, with what only voters or staff get."""
    additions: dict[AudienceKey, Publication] = {
        Voters(poll): Publication(payload) for poll, payload in latest.for_voters.items()
    }
    if latest.for_staff:
        additions[STAFF] = Publication(latest.for_staff)
    return Publication(latest.frame, additions=additions)
