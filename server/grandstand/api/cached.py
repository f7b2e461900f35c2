"""Answers that others may keep: how long, who, and by which name they are asked for again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct
from starlette.responses import Response

from grandstand.api.operations import Call

Answers = Mapping[int, type[Struct] | None]
Row = tuple[
    str, Callable[[Call], Awaitable[Response]], Answers, type[Struct] | None, tuple[str, ...]
]
"""A call of a room whose answer may be kept: path, handler, answers, query and media types."""


def who_keeps(call: Call, how: str) -> str:
    """Return who may keep an answer: where guests don't watch, no cache that others share."""
    guests = call.live.replica.state.settings.guests
    return f"{'private' if guests == 'none' else 'public'}, {how}"


def answer(call: Call, body: bytes, etag: str, how: str, media: str) -> Response:
    """Return an answer that may be kept, or 304 if the caller has it; ``how`` is of its
    ``Cache-Control``."""
    headers = {"Cache-Control": who_keeps(call, how), "ETag": etag}
    given = call.request.headers.get("if-none-match", "")
    if etag in (each.strip().removeprefix("W/") for each in given.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media)
