"""The record: comments by programme time, in pages or whole."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response, StreamingResponse

from grandstand.api.auth import check_access
from grandstand.api.operations import Call, answer
from grandstand.api.problems import Fault, invalid
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.record import Row
from grandstand.recordings.formats import bilibili
from grandstand.store.record import RecordCursor
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Look, StaffRole, Time

PAGE_COMMENTS = 500
CHUNK_COMMENTS = 200
"""Comments of a streamed answer that are sent at a time, about 30 KB."""

_PLACE = re.compile(r"(\d{1,16}):([a-z0-9]{1,32})")


class RecordQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Which part of the record, and in which format. ``after`` is the ``next`` of the page
    before."""

    from_: Time | UnsetType = UNSET
    to: Time | UnsetType = UNSET
    format: Literal["json", "ndjson", "bilibili-xml"] = "json"
    shown: Literal["only", "all"] = "only"
    after: Annotated[str, Meta(max_length=100)] | UnsetType = UNSET


class RecordedComment(Look, frozen=True, omit_defaults=True):
    """A comment of the record. ``merged_into`` is the shown comment that stands for it."""

    id: str
    at: Time
    user: str
    name: str
    text: str
    weight: float
    count: int = 1
    shown: bool = True
    merged_into: str | UnsetType = UNSET
    role: StaffRole | UnsetType = UNSET


class RecordPage(Struct, frozen=True):
    """A page of the record; ``next`` is there if more follow."""

    comments: list[RecordedComment]
    next: str | UnsetType = UNSET


async def get(call: Call) -> Response:
    """Return the record by programme time, ``from`` inclusive, ``to`` exclusive."""
    query = call.query(RecordQuery)
    if query.shown == "all":
        if call.identity is None:
            raise RefusedError(ErrorCode.UNAUTHORIZED, "`shown=all` takes a moderator's token")
        check_access(call.identity, "moderator", call.live.room)
    start, end = _span(call, query)
    after = _cursor(query)
    rows = call.api.rooms.store.record.rows(
        call.live.room, start, end, after, shown_only=query.shown == "only"
    )
    if query.format == "json":
        return answer(await _page(rows))
    # An error before the first row is still answered by a problem document. A later one breaks the
    # answer off without its end.
    first = await anext(rows, None)
    if query.format == "ndjson":
        return StreamingResponse(_lines(first, rows), media_type="application/x-ndjson")
    parts = bilibili.document(call.live.room, start, _chunks(first, rows))
    return StreamingResponse(parts, media_type="application/xml")


def _span(call: Call, query: RecordQuery) -> tuple[int, int]:
    """Return the times to read; by default all that the record has, without what isn't due yet."""
    now, retention_s = call.live.now(), call.live.replica.state.settings.record_retention
    start = max(0, now - retention_s * 1000) if query.from_ is UNSET else query.from_
    end = now + AHEAD_MS + 1 if query.to is UNSET else query.to
    if start > end and query.to is not UNSET:
        raise invalid([Fault("to", f"must not lie before `from`, {start}")])
    return start, end


def _cursor(query: RecordQuery) -> RecordCursor | None:
    if query.after is UNSET:
        return None
    if query.format != "json":
        raise invalid([Fault("after", "is for pages of json; other formats come whole")])
    try:
        padded = query.after + "=" * (-len(query.after) % 4)
        found = _PLACE.fullmatch(base64.urlsafe_b64decode(padded).decode())
    except ValueError:
        found = None
    if found is None:
        raise invalid([Fault("after", "isn't the `next` of a page")])
    return RecordCursor(int(found[1]), found[2])


async def _page(rows: AsyncIterator[Row]) -> RecordPage:
    page: list[Row] = []
    async for row in rows:
        if len(page) == PAGE_COMMENTS:
            last = page[-1]
            cursor = base64.urlsafe_b64encode(f"{last.at}:{last.id}".encode()).decode()
            return RecordPage([recorded(row) for row in page], cursor.rstrip("="))
        page.append(row)
    return RecordPage([recorded(row) for row in page])


async def _lines(first: Row | None, rows: AsyncIterator[Row]) -> AsyncIterator[bytes]:
    async for chunk in _chunks(first, rows):
        yield b"".join(msgspec.json.encode(recorded(row)) + b"\n" for row in chunk)


async def _chunks(first: Row | None, rows: AsyncIterator[Row]) -> AsyncIterator[list[Row]]:
    chunk = [] if first is None else [first]
    async for row in rows:
        chunk.append(row)
        if len(chunk) >= CHUNK_COMMENTS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def recorded(row: Row) -> RecordedComment:
    """Return what the record tells of a comment; it doesn't tell the language."""
    said = row.utterance
    return RecordedComment(
        row.id,
        said.at,
        said.user,
        said.name,
        said.text,
        row.weight,
        row.count,
        row.shown,
        row.merged_into or UNSET,
        said.staff_role,
        mode=said.look.mode,
        color=said.look.color,
        size=said.look.size,
    )
