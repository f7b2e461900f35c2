"""The call for what audiences will be, of all rooms and together, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from grandstand.api.auth import check_all_rooms
from grandstand.api.operations import Call, answer
from grandstand.crowd.outlook import total
from grandstand.store.houses import House, Said
from grandstand.wire.gauges import Expected
from grandstand.wire.messages import Time

DONE_MAX = 100


class RoomCrowd(Struct, frozen=True):
    """A room with so many viewers at `present`, and what is expected of it."""

    room: str
    present: Annotated[int, Meta(ge=0)]
    viewers: list[Expected]
    comments: list[Expected]


class TotalCrowd(Struct, frozen=True):
    """All rooms together. Quantiles are sums of the rooms', as if all erred alike: the true
    interval is narrower. Rooms without a forecast of the last two minutes are missing in it."""

    present: Annotated[int, Meta(ge=0)]
    viewers: list[Expected]
    comments: list[Expected]
    without_forecast: Annotated[int, Meta(ge=0)]


class HouseReport(Struct, frozen=True):
    """The processes that say how they let viewers in, together: `seats` is 0 if one of them has no
    number, `here` are viewers and programme feeds, `per_s` handshakes."""

    processes: Annotated[int, Meta(ge=0)]
    seats: Annotated[int, Meta(ge=0)]
    here: Annotated[int, Meta(ge=0)]
    waiting: Annotated[int, Meta(ge=0)]
    per_s: Annotated[int, Meta(ge=0)]


class Advice(Struct, frozen=True):
    """What should be done, and since when."""

    code: str
    text: str
    since: Time


class Done(Struct, frozen=True):
    """What a process did by itself."""

    code: str
    text: str
    at: Time
    process: str


class CrowdReport(Struct, frozen=True):
    """What audiences will be, in the rooms in which something happens, those with most viewers
    first; what to do about it; and what was done, newest first."""

    rooms: list[RoomCrowd]
    sum: TotalCrowd
    house: HouseReport
    advice: list[Advice]
    done: list[Done]


async def get(call: Call) -> Response:
    """Return what is expected of the audiences of all rooms. Needs a producer of all rooms."""
    check_all_rooms(call.known)
    store = call.api.rooms.store
    now_ms = store.now_ms()
    awake = sorted(await store.awake_rooms.due(now_ms))
    known = await store.crowds.latest(awake, now_ms)
    houses = await store.houses.all(now_ms)
    rooms = sorted(
        (
            RoomCrowd(room, each.present, each.crowd.viewers, each.crowd.comments)
            for room, each in known.items()
        ),
        key=lambda each: (-each.present, each.room),
    )
    together = total(each.crowd for each in known.values())
    present = sum(each.present for each in rooms)
    done = [
        Done(said.code, said.text, said.at, process)
        for process, house in houses.items()
        for said in house.done
    ]
    report = CrowdReport(
        rooms,
        TotalCrowd(present, together.viewers, together.comments, len(awake) - len(known)),
        _house(houses.values()),
        _advice(houses.values()),
        sorted(done, key=lambda each: -each.at)[:DONE_MAX],
    )
    return answer(report)


def _house(houses: Iterable[House]) -> HouseReport:
    known = [*houses]
    seats = [each.seats for each in known]
    return HouseReport(
        len(known),
        sum(seats) if all(seats) else 0,
        sum(each.here for each in known),
        sum(each.waiting for each in known),
        sum(each.per_s for each in known),
    )


def _advice(houses: Iterable[House]) -> list[Advice]:
    """Return each advice once, since the first process gave it, in the words of the latest."""
    said: dict[str, list[tuple[int, Said]]] = {}
    for house in houses:
        for each in house.advice:
            said.setdefault(each.code, []).append((house.at, each))
    return [
        Advice(code, max(all_of, key=lambda one: one[0])[1].text, min(one.at for _, one in all_of))
        for code, all_of in sorted(said.items())
    ]
