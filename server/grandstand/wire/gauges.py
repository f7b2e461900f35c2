"""The latest values of a room, as typed structs; ``messages`` says how they are read."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType


class Pulse(Struct, frozen=True):
    """The room's pulse: rates over the last seconds, mood and excitement from the scorer."""

    comments_per_second: Annotated[float, Meta(ge=0)]
    people: Annotated[int, Meta(ge=0, description="who commented in the last 10 s")]
    mood: Annotated[float, Meta(ge=-1, le=1)]
    excitement: Annotated[float, Meta(ge=0, le=1)]


class Behind(Struct, frozen=True):
    """How far viewers' pictures are behind live, in ms: a tenth of them at most ``p10``, and so on.

    Those who are ahead of live count as 0.
    """

    p10: Annotated[int, Meta(ge=0)]
    p50: Annotated[int, Meta(ge=0)]
    p90: Annotated[int, Meta(ge=0)]
    p99: Annotated[int, Meta(ge=0)]


class Sync(Struct, frozen=True):
    """How far from their moments items were shown, in ms, as viewers told last."""

    p50: Annotated[int, Meta(ge=0)]
    p99: Annotated[int, Meta(ge=0)]


class AudiencePoll(Struct, frozen=True):
    """How far the audience is in an open poll: which share of those who told has passed its
    beginning and its end, which share is at most its `grace` behind live, and in how many ms 99 %
    will have passed the end."""

    poll: str
    seen: Annotated[float, Meta(ge=0, le=1)]
    ended: Annotated[float, Meta(ge=0, le=1)]
    last_in: Annotated[int, Meta(ge=0)]
    in_time: Annotated[float, Meta(ge=0, le=1)]


class Audience(Struct, frozen=True):
    """Where the room's viewers are in the programme, of those who told it in the last two minutes.

    Staff alone get it. While nobody has told, ``told`` and all values are 0.
    """

    told: Annotated[int, Meta(ge=0)]
    behind: Behind
    sync: Sync
    polls: list[AudiencePoll]


class RundownGauge(Struct, frozen=True):
    """Which version the room's run-down has."""

    version: Annotated[int, Meta(ge=0)]


class Expected(Struct, frozen=True, rename={"within": "in"}):
    """What is expected `in` so many seconds: in eight of ten cases between `p10` and `p90`, in half
    of them below `p50`."""

    within: Annotated[int, Meta(ge=0)]
    p10: Annotated[float, Meta(ge=0)]
    p50: Annotated[float, Meta(ge=0)]
    p90: Annotated[float, Meta(ge=0)]


class Crowd(Struct, frozen=True):
    """The audience foreseen: sockets, and comments a minute. Lists are empty while nothing is
    known."""

    viewers: list[Expected]
    comments: list[Expected]


class Gauges(Struct, frozen=True):
    """Latest values; clients keep those that are absent. `audience`, `rundown` and `crowd` are for
    staff alone."""

    viewers: Annotated[int, Meta(ge=0, description="sockets")] | UnsetType = UNSET
    lurkers: (
        Annotated[int, Meta(ge=0, description="viewers without a socket, an estimate")] | UnsetType
    ) = UNSET
    pulse: Pulse | UnsetType = UNSET
    refused: (
        Annotated[
            int,
            Meta(
                ge=0,
                description="comments answered `overloaded` with a `retry_after` of 10 or more: "
                "more was said than the room can take. Counted up, and anew when servers restart; "
                "absent while there are none. They are in no `overflow`",
            ),
        ]
        | UnsetType
    ) = UNSET
    audience: Audience | UnsetType = UNSET
    rundown: RundownGauge | UnsetType = UNSET
    crowd: Crowd | UnsetType = UNSET
