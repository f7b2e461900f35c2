"""The highlights of a room and its heat line, the same for everybody, for a minute; and their
deletion by a producer."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api import cached
from grandstand.api.cached import Row
from grandstand.api.operations import Call, event_id
from grandstand.api.problems import UNKNOWN_HIGHLIGHT, Fault, ProblemError, invalid
from grandstand.domain.clips import Clip, Form, Rate, listed
from grandstand.domain.events import HighlightDeleted
from grandstand.store.highlights import MINUTE_MS, Highlights
from grandstand.wire.highlights import KIND, Highlight
from grandstand.wire.messages import Time

LONGEST_MS = 6 * 3_600_000
"""Of a heat line: 0.5 MB of JSON."""

MEDIA = {
    "json": "application/json",
    "webvtt": "text/vtt",
    "edl": "text/plain",
    "otio": "application/vnd.pixar.opentimelineio+json",
}


class HighlightsQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Which part of the show, in whole minutes: that of ``from``, up to that of ``to`` or to the
    last that is over. ``least`` is the least strength of a highlight."""

    from_: Time | UnsetType = UNSET
    to: Time | UnsetType = UNSET
    least: Annotated[float, Meta(ge=0, le=1_000_000)] = 0
    format: Literal["json", "webvtt", "edl", "otio"] = "json"
    start: Annotated[Time, Meta(description="when the recording began; `from` unless said")] | (
        UnsetType
    ) = UNSET
    handles: Annotated[float, Meta(ge=0, le=60, description="s before and behind a clip")] = 5
    rate: Rate = "25"


class HighlightList(Struct, frozen=True):
    """What the audience stirred at, in order, and how many times the usual was said in each
    second, [second (ms), value]. A second of which nothing is known isn't there."""

    highlights: list[Highlight]
    heat: list[tuple[int, float]]


class _Clips(NamedTuple):
    """Clips of a recording that began at ``begin``, with ``handles`` (s)."""

    form: Form
    begin: int
    handles: float
    rate: Rate
    title: str


class _About(NamedTuple):
    """All that an answer depends on: the epoch of the room, the end of the last minute that is
    over, and from where to where it tells (programme ms); with ``clips``, of those."""

    room: str
    epoch: str
    over: int
    first: int
    end: int
    least: float
    clips: _Clips | None


async def get(call: Call) -> Response:
    """Return the highlights that were noticed from `from` to `to`, and the heat of each second.

    Without both, of the last six hours. Whole minutes of programme time are answered, as far as
    they are over, so that everybody who asks within a minute is told the same, and any cache may
    keep it for so long. Nothing is told of before `record_retention`.

    In another `format` they are clips of a recording that began at `start`, with `handles`:
    chapters (WebVTT), or cuts for editing programs (a CMX 3600 EDL, OpenTimelineIO), at `rate`
    frames a second.
    """
    query, now = call.query(HighlightsQuery), call.live.now()
    over = now - now % MINUTE_MS
    start, end = _span(query, over)
    settings = call.live.replica.state.settings
    first = max(start, _oldest(over, settings.record_retention))
    room, clips = call.live.room, None
    if query.format != "json":
        begin = start if query.start is UNSET else query.start
        clips = _Clips(query.format, begin, query.handles, query.rate, settings.title or room)
    about = _About(room, call.live.replica.epoch, over, first, end, query.least, clips)
    store = call.api.rooms.store.highlights
    body = await call.api.minute_bodies.of(about, lambda: _body(store, about))
    left_s = max(1, (over + MINUTE_MS - now) // 1000)
    return cached.answer(call, body.content, body.etag, f"max-age={left_s}", MEDIA[query.format])


def _span(query: HighlightsQuery, over: int) -> tuple[int, int]:
    """Return the whole minutes to tell of; ``over`` is the end of the last one."""
    end = over if query.to is UNSET else min(over, query.to + -query.to % MINUTE_MS)
    start = max(0, end - LONGEST_MS) if query.from_ is UNSET else query.from_
    if query.to is not UNSET and query.to < start:
        raise invalid([Fault("to", f"must not lie before `from`, {start}")])
    start -= start % MINUTE_MS
    if end - start > LONGEST_MS and query.format == "json":
        raise invalid([Fault("to", f"may lie {LONGEST_MS} ms behind `from`: ask for parts of it")])
    return start, end


def _oldest(over: int, retention_s: int) -> int:
    """Return the first whole minute that the room still keeps at the end of the present one."""
    oldest = over + MINUTE_MS - retention_s * 1000
    return oldest + -oldest % MINUTE_MS


async def _body(store: Highlights, about: _About) -> bytes:
    found = await store.between(about.room, about.first, about.end)
    found = [each for each in found if each.strength >= about.least]
    if about.clips is not None:
        return _listed(about.clips, found)
    heat = await store.heat(about.room, about.first, about.end)
    return msgspec.json.encode(HighlightList(found, list(heat.items())))


def _listed(wanted: _Clips, found: list[Highlight]) -> bytes:
    handles, begin = round(wanted.handles * 1000), wanted.begin
    clips = [
        Clip.of_highlight(
            each.from_ - begin, each.until - begin, each.strength, each.words, handles
        )
        for each in found
        if each.until > begin
    ]
    return listed(clips, wanted.form, wanted.title, wanted.rate)


async def delete(call: Call) -> Response:
    """Delete a highlight. It leaves every screen at once, and within a minute, for which caches may
    keep them, lists, chapters and clips. Nothing brings it back."""
    found = await known(call, call.path("highlight"))
    gone = found.gone(max(found.until, call.live.now()))
    await call.submit(HighlightDeleted(event_id(), gone.overlay()))
    return Response(status_code=204)


async def known(call: Call, name: str) -> Highlight:
    """Return a highlight of the room, whether it is kept already or only shown. Raises
    ProblemError 404."""
    live = call.live
    overlay = live.replica.state.overlays.get(name)
    if overlay is not None and overlay.kind == KIND:
        return Highlight.of(overlay)
    kept = await call.api.rooms.store.highlights.between(live.room, 0, 2**53)
    found = next((each for each in kept if each.id == name), None)
    if found is None:
        words = f"there is no highlight {name[:64]}: see GET /v1/rooms/{live.room}/highlights"
        raise ProblemError(404, UNKNOWN_HIGHLIGHT, words)
    return found


CALL: Row = (
    "/highlights",
    get,
    {200: HighlightList, 304: None},
    HighlightsQuery,
    tuple(MEDIA.values()),
)
"""Its path in a room, handler, answers, query and media types."""
