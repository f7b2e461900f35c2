"""The programme feed: what the frames of a room say of the show, as server-sent events. Pure.

It has nothing of single viewers: no comment, no count, no notice. Theory of operation: a frame
gives one event for each poll, card, cue and tally in it. The last event of a numbered frame carries
the frame's position as its ``id``. So a client that was cut in the middle of a frame gets all of it
again, and none that it had whole. What adds comes before what removes, as in the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from grandstand.wire import event_stream
from grandstand.wire.forecasts import KIND as FORECAST
from grandstand.wire.messages import Cue, Overlay, Poll, Resume, Tally, Time
from grandstand.wire.settings import Settings

_MAX_OFFSET_DIGITS = 16


class ProgramState(Struct, frozen=True):
    """The data of ``reset``: the show's whole state, which replaces all that a client knows.

    ``cues`` are those not older than ``max_latency``.
    """

    room: str
    epoch: str
    offset: Annotated[int, Meta(ge=0)]
    now: Time
    settings: Settings
    polls: list[Poll]
    overlays: list[Overlay]
    cues: list[Cue]


EVENTS: Mapping[str, type] = {
    "reset": ProgramState,
    "settings": Settings,
    "poll": Poll,
    "overlay": Overlay,
    "forecast": Overlay,
    "drop": str,
    "cue": Cue,
    "tally": Tally,
}
"""What an event's data are; of ``drop`` the id of the card that goes. A ``forecast`` comes as the
``overlay`` that it is, too, for clients that know no forecasts."""


class _ProgramFrame(Struct, frozen=True, tag="frame"):
    """A frame without what the feed leaves out, which is passed over unread."""

    offset: int | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    polls: list[Poll] = []
    overlays: list[Overlay] = []
    drop: list[str] = []
    cues: list[Cue] = []
    tallies: list[Tally] = []


_decoder = msgspec.msgpack.Decoder(_ProgramFrame)
_encode = msgspec.json.Encoder().encode


def events(payload: bytes, epoch: str) -> bytes:
    """Return the events of a frame (msgpack), b"" if it has none; ``epoch`` is a numbered one's."""
    frame = _decoder.decode(payload)
    found = list(_events(frame))
    last_id = position(epoch, frame.offset) if frame.offset is not UNSET else ""
    last = len(found) - 1
    return b"".join(
        event_stream.event(name, _encode(data), last_id if index == last else "")
        for index, (name, data) in enumerate(found)
    )


def reset(state: ProgramState) -> bytes:
    """Return the event that begins a client's knowledge anew."""
    return event_stream.event("reset", _encode(state), position(state.epoch, state.offset))


def position(epoch: str, offset: int) -> str:
    """Return the ``id`` of a numbered frame's last event."""
    return f"{epoch}:{offset}"


def resume(last_event_id: str) -> Resume | None:
    """Return the position that an ``id`` names; None if it is none of ours."""
    epoch, _, offset = last_event_id.rpartition(":")
    if not epoch or not (offset.isascii() and offset.isdigit()):
        return None
    return Resume(epoch, int(offset)) if len(offset) <= _MAX_OFFSET_DIGITS else None


def _events(frame: _ProgramFrame) -> Iterator[tuple[str, object]]:
    if frame.settings is not UNSET:
        yield "settings", frame.settings
    for name, items in (
        ("poll", frame.polls),
        ("overlay", frame.overlays),
        ("drop", frame.drop),
        ("cue", frame.cues),
        ("tally", frame.tallies),
    ):
        for item in items:
            yield name, item
            if isinstance(item, Overlay) and item.kind == FORECAST:
                yield "forecast", item
