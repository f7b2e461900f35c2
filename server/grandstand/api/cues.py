"""Cues: moments that a producer marks."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import Fault, invalid
from grandstand.api.validation import NOT_BLANK
from grandstand.domain.events import CueGiven
from grandstand.text.normalise import clean
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import Cue, Time
from grandstand.wire.settings import Settings

MAX_DATA_BYTES = 4096
MAX_AHEAD_MS = 3_600_000
"""How far ahead a cue may be set, unlike a comment."""


class CueBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A cue; without ``at`` it is for now. ``data`` may have 4 KiB as JSON."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK)]
    at: Time | UnsetType = UNSET
    data: dict[str, Any] | UnsetType = UNSET


async def post(call: Call) -> Response:
    """Send a cue to every viewer and to the room's effects."""
    body = call.body(CueBody, faults_between)
    cue = cue_of(body, call.live.replica.state.settings, call.live.now())
    await call.submit(CueGiven(event_id(), cue))
    return answer(cue, 201)


def cue_of(body: CueBody, settings: Settings, now: int) -> Cue:
    """Return the cue that a body without faults describes, under a new id.

    Raises ProblemError 422 if its time is too far away.
    """
    at = now if body.at is UNSET else body.at
    oldest, newest = now - settings.max_latency, now + MAX_AHEAD_MS
    if not oldest <= at <= newest:
        words = f"must lie between {oldest} and {newest}"
        raise invalid([Fault("at", words)], ErrorCode.BAD_TIME)
    data = {} if body.data is UNSET else body.data
    return Cue(id=secrets.token_hex(6), name=clean(body.name), at=at, data=data)


def faults_between(good: dict[str, Any]) -> Iterator[Fault]:
    """Yield the faults of a cue's body beyond its fields."""
    if "name" in good and not clean(good["name"]):
        yield Fault("name", "is blank")
    data = good.get("data", {})
    if len(msgspec.json.encode(data)) > MAX_DATA_BYTES:
        yield Fault("data", f"may have {MAX_DATA_BYTES} bytes")
