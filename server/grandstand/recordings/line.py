"""One comment of a recorded chat, whatever it was written in."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from grandstand.wire.messages import MAX_TIME_MS, Color, Mode, Size, StaffRole

MAX_ID_CHARS = 40


class Line(Struct, frozen=True, omit_defaults=True):
    """A comment: ``at`` in ms, of programme time or from the start of the recording.

    ``id`` and ``merged_into`` are the recording's own ids; ``weight`` is absent where nobody
    weighed it.
    """

    at: Annotated[float, Meta(ge=0, le=MAX_TIME_MS, description="ms")]
    user: Annotated[str, Meta(min_length=1, max_length=100)]
    text: str
    name: Annotated[str, Meta(max_length=100)] = ""
    weight: Annotated[float, Meta(ge=0, le=10)] | UnsetType = UNSET
    mode: Mode = "scroll"
    color: Color | UnsetType = UNSET
    size: Size = "normal"
    count: Annotated[int, Meta(ge=1, le=2**31 - 1)] = 1
    shown: bool = True
    id: Annotated[str, Meta(max_length=MAX_ID_CHARS)] = ""
    merged_into: Annotated[str, Meta(max_length=MAX_ID_CHARS)] = ""
    role: StaffRole | UnsetType = UNSET
