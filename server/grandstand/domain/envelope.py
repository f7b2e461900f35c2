"""What the sequencer publishes to the edges, through the store."""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import Struct, field

from grandstand.domain.state import PrivateChanges


class Commit(Struct, frozen=True, omit_defaults=True, tag="commit"):
    """One commit: number ``seq``, its numbered frames (msgpack payloads, often one, seldom none).

    ``offset`` is the room's last offset once it is applied, ``now`` programme time in ms.
    ``share`` is how much of what viewers say the sequencer can take, above 0 and at most 1.
    """

    epoch: str
    seq: int
    offset: int
    now: int
    frames: list[bytes]
    private: PrivateChanges = field(name="asides")
    share: float = 1.0


class Latest(Struct, frozen=True, tag="latest"):
    """An unnumbered frame, tallies that only those may see who voted in the poll, and what is for
    staff alone (a frame, or empty)."""

    epoch: str
    frame: bytes
    viewers: int
    for_voters: dict[str, bytes] = {}
    for_staff: bytes = b""


class Renewed(Struct, frozen=True, tag="epoch"):
    """History may have been cut: every replica of the room must load it anew."""

    epoch: str


class Ended(Struct, frozen=True, tag="ended"):
    """A producer deleted the room that was in ``epoch``."""

    epoch: str


Envelope: TypeAlias = Commit | Latest | Renewed | Ended

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Envelope] = msgspec.msgpack.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """Return an envelope as bytes to publish."""
    return _encoder.encode(envelope)


def decode(payload: bytes) -> Envelope:
    """Return an envelope from published bytes."""
    return _decoder.decode(payload)
