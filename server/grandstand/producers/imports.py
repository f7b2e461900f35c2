"""Comments from elsewhere, brought into a room's record: an export, a trace, Bilibili's XML.

Nobody is shown them, no rate is taken, no moderator is asked (what one let through would be held
again). All else holds: clean text of at most ``max_text`` characters, a moment that the record
still keeps. A comment is known by moment, author and text, so that a file sent again adds nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from grandstand.moderation import clean, skeleton
from grandstand.moderation.weight import weigh
from grandstand.producers.api import Call, answer, event_id
from grandstand.producers.problems import ProblemError
from grandstand.producers.validation import MAX_LINES_BYTES, read_body
from grandstand.recordings.line import Line
from grandstand.recordings.recording import NotARecordingError, Recording, read
from grandstand.rules.clock import AHEAD_MS
from grandstand.rules.events import CommentsImported
from grandstand.rules.record import Row, imported_id
from grandstand.wire.codec import BadMessageError
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Settings, Time

MAX_COMMENTS = 10_000
ROWS_PER_EVENT = 1000
"""One event is one commit at most: it holds the store for about 5 ms, and the room's own go on."""

_Known = tuple[int, str, str]


class ImportQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``from`` is the programme time of 0 in the body; XML of ours tells it by itself."""

    from_: Time | UnsetType = UNSET


class PastComment(Line, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A comment of long ago, as the record tells it; ``at`` counts from ``from``.

    ``merged_into`` is the ``id`` of a comment in the same body.
    """


class RefusedComment(Struct, frozen=True):
    """A comment that can't be taken in; ``line`` is its place in the body, from 1."""

    line: int
    code: ErrorCode
    message: str


class ImportResult(Struct, frozen=True):
    """What became of the comments; ``known`` are those that the record had already."""

    imported: int
    known: int
    refused: list[RefusedComment]


async def post(call: Call) -> Response:
    """Brings comments into the record: a JSON list, NDJSON, or Bilibili's XML.

    At most 10,000 comments and 1 MiB. Good ones are taken in whatever the others are; what was
    taken in before stays as it is, so the same body may be sent again.
    """
    query = call.query(ImportQuery)
    body = await read_body(call.request, MAX_LINES_BYTES)
    live = call.live
    now, settings = live.now(), live.replica.state.settings

    def judged() -> tuple[list[_Candidate], list[RefusedComment]]:
        recording = _recording(body)
        start = (recording.start or 0) if query.from_ is UNSET else query.from_
        return _candidates(recording, start, now, settings)

    # Ten thousand comments are half a second's work, in which others have their turns.
    candidates, refused = await asyncio.to_thread(judged)
    record = call.api.rooms.store.record
    there = await record.at(live.room, {each.at for each in candidates})
    known_ids = {(row.at, row.user, row.text): row.id for row in there}
    fresh, orphans = await asyncio.to_thread(_fresh, candidates, known_ids)
    for first in range(0, len(fresh), ROWS_PER_EVENT):
        await call.submit(CommentsImported(event_id(), fresh[first : first + ROWS_PER_EVENT]))
    known = len(candidates) - len(fresh) - len(orphans)
    told = sorted([*refused, *orphans], key=lambda each: each.line)
    return answer(ImportResult(len(fresh), known, told))


def _recording(payload: bytes) -> Recording:
    rows = payload.count(b"\n")
    if rows > 2 * MAX_COMMENTS:  # counted before they are read; blank ones are passed over
        raise _too_many(rows)
    try:
        recording = read(payload, PastComment)
    except NotARecordingError as fault:
        raise ProblemError(400, ErrorCode.BAD_MESSAGE, f"the body: {fault}") from None
    if len(recording.lines) > MAX_COMMENTS:
        raise _too_many(len(recording.lines))
    return recording


def _too_many(count: int) -> ProblemError:
    words = f"{count} comments at once; {MAX_COMMENTS} may be"
    return ProblemError(413, ErrorCode.TOO_LONG, words)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A comment that may be taken in."""

    number: int
    line: Line
    at: int
    user: str
    text: str

    @property
    def key(self) -> _Known:
        """What it is known by."""
        return self.at, self.user, self.text

    def row(self, merged_into: str) -> Row:
        """As the record keeps it."""
        line = self.line
        return Row(
            id=imported_id(*self.key),
            at=self.at,
            user=self.user,
            name=clean(line.name),
            text=self.text,
            weight=weigh(self.text, skeleton(self.text))
            if line.weight is UNSET
            else line.weight + 0,
            shown=line.shown and not merged_into,
            merged_into=merged_into,
            count=line.count,
            mode=line.mode,
            size=line.size,
            color=None if line.color is UNSET else line.color,
            role="viewer" if line.role is UNSET else line.role,
        )


def _candidates(
    recording: Recording, start: int, now: int, settings: Settings
) -> tuple[list[_Candidate], list[RefusedComment]]:
    good, refused = [], []
    for number, line in recording.lines:
        try:
            if isinstance(line, str):
                raise BadMessageError(line)
            good.append(_candidate(number, line, start, now, settings))
        except RefusedError as fault:
            refused.append(RefusedComment(number, fault.code, fault.message))
    return good, refused


def _candidate(number: int, line: Line, start: int, now: int, settings: Settings) -> _Candidate:
    """Raises RefusedError for a comment that the record can't take."""
    user, text = clean(line.user), clean(line.text)
    if not user or not text:
        raise BadMessageError("`text` is blank" if user else "`user` is blank")
    if len(text) > settings.max_text:
        words = f"{len(text)} characters; this room takes {settings.max_text}"
        raise RefusedError(ErrorCode.TOO_LONG, words)
    at = start + round(line.at)
    if at > now + AHEAD_MS:
        raise RefusedError(ErrorCode.BAD_TIME, f"{at} lies ahead of the room's clock, {now}")
    if at < now - settings.record_retention * 1000:
        words = (
            f"{at} is older than the record keeps: raise `record_retention` "
            f"({settings.record_retention} s), or shift it by `from`"
        )
        raise RefusedError(ErrorCode.BAD_TIME, words)
    return _Candidate(number, line, at, user, text)


def _fresh(
    candidates: list[_Candidate], there: Mapping[_Known, str]
) -> tuple[list[Row], list[RefusedComment]]:
    """The rows that the record lacks, and those whose ``merged_into`` leads nowhere."""
    ids = {
        each.line.id: there.get(each.key) or imported_id(*each.key)
        for each in candidates
        if each.line.id
    }
    rows: dict[_Known, Row] = {}
    orphans = []
    for each in candidates:
        if each.key in there or each.key in rows:
            continue
        merged_into = ids.get(each.line.merged_into, "")
        if each.line.merged_into and not merged_into:
            words = f"`merged_into`: {each.line.merged_into} must be in the same body"
            orphans.append(RefusedComment(each.number, ErrorCode.BAD_MESSAGE, words))
        else:
            rows[each.key] = each.row(merged_into)
    return [*rows.values()], orphans
