"""A room's audience by the minute, as its leader counted it in the last week."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from grandstand.api.operations import Call, answer
from grandstand.crowd.live_curve import LiveCurve
from grandstand.wire.messages import Time

MINUTE_MS = 60_000

Count = Annotated[int, Meta(ge=0)] | None


class AudienceCurve(Struct, frozen=True, rename={"from_": "from"}):
    """Viewers, and comments within the minute, of each minute from `from` on, a whole minute of the
    store's clock; null where nobody counted. Programme time is `ahead` ms ahead of that clock."""

    from_: Time
    ahead: int
    viewers: list[Count]
    comments: list[Count]


async def get(call: Call) -> Response:
    """Return what is kept of a room's audience: a week at most, as past shows of forecasts."""
    store, live = call.api.rooms.store, call.live
    now_ms = int(store.now_ms())
    minute = now_ms // MINUTE_MS
    curve = LiveCurve.of(await store.crowds.hours(live.room), minute)
    begin = curve.begin if curve.viewers else minute
    viewers, comments = ([*map(_count, each)] for each in (curve.viewers, curve.comments))
    return answer(AudienceCurve(begin * MINUTE_MS, live.now() - now_ms, viewers, comments))


def _count(value: float) -> Count:
    return None if math.isnan(value) else round(value)
