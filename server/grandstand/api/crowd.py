"""The call for what audiences will be, of all rooms and together."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from grandstand.api.auth import check_all_rooms
from grandstand.api.operations import Call, answer
from grandstand.crowd.outlook import total
from grandstand.wire.gauges import Expected


class RoomCrowd(Struct, frozen=True):
    """A room with so many viewers at `present`, and what is expected of it."""

    room: str
    present: Annotated[int, Meta(ge=0)]
    viewers: list[Expected]
    comments: list[Expected]


class TotalCrowd(Struct, frozen=True):
    """All rooms together. Quantiles are sums of the rooms', as if all erred alike: the true
    interval is narrower."""

    present: Annotated[int, Meta(ge=0)]
    viewers: list[Expected]
    comments: list[Expected]


class CrowdReport(Struct, frozen=True):
    """What audiences will be, in the rooms in which something happens; those with most viewers
    first."""

    rooms: list[RoomCrowd]
    sum: TotalCrowd


async def get(call: Call) -> Response:
    """Return what is expected of the audiences of all rooms. Needs a producer of all rooms."""
    check_all_rooms(call.known)
    store = call.api.rooms.store
    awake = sorted(await store.awake_rooms.due(store.now_ms()))
    known = await store.crowds.latest(awake, store.now_ms())
    rooms = sorted(
        (
            RoomCrowd(room, each.present, each.crowd.viewers, each.crowd.comments)
            for room, each in known.items()
        ),
        key=lambda each: (-each.present, each.room),
    )
    together = total(each.crowd for each in known.values())
    present = sum(each.present for each in rooms)
    return answer(CrowdReport(rooms, TotalCrowd(present, together.viewers, together.comments)))
