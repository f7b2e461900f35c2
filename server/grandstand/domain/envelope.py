"""What the sequencer publishes to the edges, by way of the store."""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import Struct, field

from grandstand.domain.state import PrivateChanges


class Commit(Struct, frozen=True, tag="commit"):
    """One commit: number ``seq``, its numbered frames (msgpack payloads, often one, seldom none).

    ``offset`` is the room's last offset once it is applied, ``now`` programme time in ms.
    """

    epoch: str
    seq: int
    offset: int
    now: int
    frames: list[bytes]
    private: PrivateChanges = field(name="asides")


class Latest(Struct, frozen=True, tag="latest"):
    """An unnumbered frame, and beside it tallies which only those may see who voted in the poll."""

    epoch: str
    frame: bytes
    viewers: int
    for_voters: dict[str, bytes] = {}


class Renewed(Struct, frozen=True, tag="epoch"):
    """History may have been cut: whoever holds a replica loads the room anew."""

    epoch: str


class Ended(Struct, frozen=True, tag="ended"):
    """A producer deleted the room that was in ``epoch``."""

    epoch: str


Envelope: TypeAlias = Commit | Latest | Renewed | Ended

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Envelope] = msgspec.msgpack.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    """An envelope as it is published."""
    return _encoder.encode(envelope)


def decode(payload: bytes) -> Envelope:
    """An envelope as it was published."""
    return _decoder.decode(payload)
