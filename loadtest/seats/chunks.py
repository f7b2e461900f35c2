"""What one read brought, understood once for all seats that are brought the same bytes. Pure.

Viewers of a room get the same bytes, so nearly every read repeats one of another seat. A chunk is
decoded when it is seen first; a seat that reads it again compares bytes, and knows as much as if it
had decoded every frame itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from loadtest.seats.dialects import Dialect, Kind, Message

MOST_KNOWN = 64
"""Chunks of the last moments: seats that read late find them still known."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole frames. ``before`` and ``after`` are a seat's offsets that they lie between.

    ``before`` is None if none of them is numbered; then ``after`` is the head they tell, or 0.
    """

    data: bytes
    frames: int
    before: int | None
    after: int
    gaps: int
    shows: tuple[str, ...]
    """Ids of comments and polls in it."""


NO_CHUNK = Chunk(b"", 0, 0, 0, 0, ())


@dataclass(slots=True)
class Chunks:
    """Those known, and how they are made."""

    dialect: Dialect
    _known: dict[bytes, Chunk] = field(default_factory=dict)

    def known(self, data: bytes) -> Chunk | None:
        """The chunk that these bytes are, if it was made before."""
        return self._known.get(data)

    def learn(self, data: bytes) -> tuple[Chunk | None, list[Message]]:
        """A new chunk and its frames; no chunk if these aren't whole frames of the show alone, and
        then the messages read until that was seen.

        Raises StreamError as the dialect does.
        """
        messages: list[Message] = []
        at = 0
        while at < len(data):
            message = self.dialect.cut(data, at, True)
            if message is None:
                return None, messages
            messages.append(message)
            if message.kind is not Kind.COUNTED:
                return None, messages
            at = message.end
        chunk = chunk_of(data, messages)
        while len(self._known) >= MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[data] = chunk
        return chunk, messages


def chunk_of(data: bytes, messages: list[Message]) -> Chunk:
    """Of counted messages. Peers' frames aren't numbered: they lie between 0 and 0."""
    before: int | None = None
    after = gaps = 0
    shows: list[str] = []
    for message in messages:
        frame = message.told
        if frame is None:
            return Chunk(data, len(messages), 0, 0, 0, ())
        offset = frame.get("offset")
        if offset is None:
            after = max(after, frame.get("head", 0))
        else:
            if before is None:
                before = offset - 1
            else:
                gaps += max(0, offset - 1 - after)
            after = offset
        shows += _ids(frame.get("comments", ()))
        shows += _ids(frame.get("polls", ()))
    return Chunk(data, len(messages), before, after, gaps, tuple(shows))


def _ids(items: Iterable[dict[str, Any]]) -> Iterable[str]:
    return (item["id"] for item in items)
