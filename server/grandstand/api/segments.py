"""Segments: what viewers without a socket are shown, made so that any cache can keep it."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import RedirectResponse, Response

from grandstand.api import cached
from grandstand.api.cached import Answers, Row
from grandstand.api.operations import Call
from grandstand.api.problems import ProblemError
from grandstand.api.segment_source import Encoded
from grandstand.archive.archive import ArchiveAwayError, ArchiveBusyError
from grandstand.domain.segments import DURATION_MS, TRANSLATED_MS, Kind, Name, path
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import MAX_TIME_MS
from grandstand.wire.segments import RoomSnapshot, SegmentFile, SegmentIndex

MSGPACK = "application/vnd.msgpack"

_EPOCH = re.compile(r"[0-9A-Za-z]{1,64}")
LONGEST_RETRY_S = 60


class SegmentsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The moment around which segments are listed; absent, those of the last minute are."""

    at: Annotated[int, Meta(ge=0, le=MAX_TIME_MS, description="programme time, ms")] | None = None


async def index(call: Call) -> Response:
    """List the segments of the last minute, or those around the programme time `at`.

    A viewer begins with the snapshot, and shows the frames of the segments from there on at its own
    playhead. `latest` is for playheads that have passed `now`. `missing` names what was lost.
    """
    at = call.query(SegmentsQuery).at
    try:
        found = await call.api.segments.index(call.live, at)
    except (ArchiveAwayError, ArchiveBusyError) as away:
        raise _unavailable(away) from None
    if found is None:
        raise RefusedError(ErrorCode.UNAVAILABLE, "the room is just being read; ask again", 1.0)
    return _answer(call, found, "max-age=1")


async def segment(call: Call) -> Response:
    """Return the numbered frames of one segment, of two seconds by the time of their commits.

    `{segment}` is `{n}.msgpack` or `{n}.json`, or with a revision `{n}-{revision}.msgpack`. It
    never changes. Before it is cut the answer is 404, and `Retry-After` says for how long. Once it
    was cut again, since a comment was taken back, the answer is 307 to its present name.

    `{n}.{lang}.msgpack` has translations too, and is cut four seconds later. The answer is 307 to
    the one without if the room doesn't have the language, or some time has passed.
    """
    return await _file(call, "segments")


async def snapshot(call: Call) -> Response:
    """Return the state at the beginning of a segment, as a viewer's `welcome` has it.

    `{segment}` and answers are as for segments. Only what an index names is there for sure.
    """
    return await _file(call, "snapshots")


async def _file(call: Call, kind: Kind) -> Response:
    epoch, name = call.path("epoch"), Name.read(call.path("segment"))
    if name is None or not _EPOCH.fullmatch(epoch):
        raise ProblemError(404, "not_found", f"there is nothing at {call.request.url.path[:200]}")
    source, room = call.api.segments, call.live.room
    if name.lang in call.live.replica.state.settings.languages:
        now_s = asyncio.get_running_loop().time()
        call.api.asked_languages.note(room, name.lang, now_s)
    find = source.segment if kind == "segments" else source.snapshot
    try:
        found = await find(call.live, epoch, name)
    except (ArchiveAwayError, ArchiveBusyError) as away:
        raise _unavailable(away) from None
    if found is None:
        raise _not_there(call, epoch, name, kind)
    if isinstance(found, Name):  # what it was must not be told any more
        headers = {"Cache-Control": cached.who_keeps(call, "max-age=1")}
        return RedirectResponse(path(room, epoch, found, kind), 307, headers)
    return _answer(call, found, "max-age=31536000, immutable")


def _not_there(call: Call, epoch: str, name: Name, kind: Kind) -> ProblemError:
    """Return 404; for what is still to come it says when to ask again."""
    headers = {"Cache-Control": cached.who_keeps(call, "max-age=1")}
    live, begins_ms = call.live, name.n * DURATION_MS
    cut_ms = begins_ms + DURATION_MS if kind == "segments" else begins_ms
    cut_ms += TRANSLATED_MS if name.lang else 0
    until = live.replica.segments.until
    if epoch == live.replica.epoch and (name.revision or name.lang or name.n >= until):
        wait_s = math.ceil((cut_ms - live.now()) / 1000)
        headers["Retry-After"] = str(min(max(wait_s, 1), LONGEST_RETRY_S))
    return ProblemError(404, "not_found", "it isn't there, or not yet", headers=headers)


def _unavailable(away: Exception) -> RefusedError:
    return RefusedError(ErrorCode.UNAVAILABLE, f"the archive: {away}", 2.0)


def _answer(call: Call, found: Encoded, how: str) -> Response:
    media = "application/json" if found.codec == "json" else MSGPACK
    return cached.answer(call, found.body, found.etag, how, media)


def _of_file(kind: Kind, handler: Callable[[Call], Awaitable[Response]], file: type[Struct]) -> Row:
    answers: Answers = {200: file, 304: None, 307: None}
    return f"/{kind}/{{epoch}}/{{segment}}", handler, answers, None, ("application/json", MSGPACK)


CALLS: Sequence[Row] = (
    ("/segments", index, {200: SegmentIndex, 304: None}, SegmentsQuery, ("application/json",)),
    _of_file("segments", segment, SegmentFile),
    _of_file("snapshots", snapshot, RoomSnapshot),
)
"""Their paths in a room, handlers, answers, queries and media types."""
