"""Import of comments into a room's record: an export, a trace, others' files.

Imported comments are not shown, take no rate, and go to no moderator (those that one let through
would be held again). All other rules hold: clean text of at most ``max_text`` characters, and a
time that the record still keeps. A comment is identified by moment, author and text, and among
equal ones by how many come before it. So a repeated file adds nothing, and two equal comments in it
are two.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from msgspec import UNSET, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import ProblemError
from grandstand.api.validation import MAX_LINES_BYTES, read_body
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.events import CommentsImported
from grandstand.domain.identity import Role
from grandstand.domain.record import Row, imported_at, imported_id
from grandstand.domain.utterance import Utterance, look_of
from grandstand.moderation.weight import weigh
from grandstand.recordings.line import Line, Twins
from grandstand.recordings.recording import Entry, NotARecordingError, Reader
from grandstand.text.normalise import clean, skeleton
from grandstand.wire.codec import BadMessageError
from grandstand.wire.codes import ErrorCode, RefusedError
from grandstand.wire.messages import Time
from grandstand.wire.settings import Settings

MAX_COMMENTS = 10_000
ROWS_PER_EVENT = 1000
"""One event is at most one commit: it holds the store for about 5 ms, and the room's own events go
on."""
AT_ONCE = 100
"""Comments that are processed before other tasks have their turn: about 3 ms."""
CHUNK_BYTES = 16_384

_Known = tuple[int, str, str]


class ImportQuery(Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """``from`` is the programme time of 0 in the body; our own XML contains it."""

    from_: Time | UnsetType = UNSET


class PastComment(Line, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A comment of the past, as the record has it; ``at`` counts from ``from``.

    ``merged_into`` is the ``id`` of a comment in the same body.
    """


class RefusedComment(Struct, frozen=True):
    """A comment that can't be imported; ``line`` is its place in the body, from 1."""

    line: int
    code: ErrorCode
    message: str


class ImportResult(Struct, frozen=True):
    """What happened to the comments; ``known`` are those that the record had already."""

    imported: int
    known: int
    refused: list[RefusedComment]


async def post(call: Call) -> Response:
    """Add comments to the record: a JSON list, NDJSON, Bilibili's XML, or another known format.

    At most 10,000 comments and 1 MiB. Good comments are imported, whatever the others are. Comments
    that were imported before stay as they are, so the same body may be sent again.
    """
    query = call.query(ImportQuery)
    entries, told_start = await _entries(await read_body(call.request, MAX_LINES_BYTES))
    start = (told_start or 0) if query.from_ is UNSET else query.from_
    live = call.live
    now, settings = live.now(), live.replica.state.settings
    judged = Judged()
    for first in range(0, len(entries), AT_ONCE):
        judged.judge(entries[first : first + AT_ONCE], start, now, settings)
        await asyncio.sleep(0)
    candidates = judged.candidates
    record = call.api.rooms.store.record
    there = _There(await record.at(live.room, {each.utterance.at for each in candidates}))
    for first in range(0, len(candidates), AT_ONCE):
        judged.compare(candidates[first : first + AT_ONCE], there)
        await asyncio.sleep(0)
    fresh = judged.fresh
    for first in range(0, len(fresh), ROWS_PER_EVENT):
        await call.submit(CommentsImported(event_id(), fresh[first : first + ROWS_PER_EVENT]))
    refused = sorted(judged.refused, key=lambda each: each.line)
    return answer(ImportResult(len(fresh), judged.known, refused))


async def _entries(body: bytes) -> tuple[list[Entry], int | None]:
    """Return the parts of the body, and its start. Raises ProblemError 400 or 413."""
    reader = Reader(kind=PastComment)
    entries: list[Entry] = []
    try:
        for first in range(0, len(body) + 1, CHUNK_BYTES):
            chunk = body[first : first + CHUNK_BYTES]
            is_last = first + CHUNK_BYTES > len(body)
            for entry in chain(reader.feed(chunk), reader.close() if is_last else ()):
                entries.append(entry)
                if len(entries) > MAX_COMMENTS:
                    words = f"more than {MAX_COMMENTS} comments at once: send several bodies"
                    raise ProblemError(413, ErrorCode.TOO_LONG, words)
                if not len(entries) % AT_ONCE:
                    await asyncio.sleep(0)
            await asyncio.sleep(0)
    except NotARecordingError as fault:
        raise ProblemError(400, ErrorCode.BAD_MESSAGE, f"the body: {fault}") from None
    if reader.is_cut_off:
        words = "the body: it is JSON that ends before its end"
        raise ProblemError(400, ErrorCode.BAD_MESSAGE, words)
    return entries, reader.start


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A comment that may be imported; ``ordinal`` tells it from equal ones."""

    number: int
    line: Line
    utterance: Utterance
    ordinal: int

    @property
    def key(self) -> _Known:
        """Return what identifies the comment, without its ordinal."""
        return _key(self.utterance)

    @property
    def id(self) -> str:
        """Return the id that the comment gets."""
        return imported_id(*self.key, self.ordinal)

    def row(self, merged_into: str) -> Row:
        """Return the comment as the record keeps it."""
        line, text = self.line, self.utterance.text
        weight = weigh(text, skeleton(text)) if line.weight is UNSET else line.weight + 0
        is_shown = line.shown and not merged_into
        return Row.of(self.id, self.utterance, weight, is_shown, merged_into, line.count)


def _key(utterance: Utterance) -> _Known:
    return utterance.at, utterance.user, utterance.text


class _There:
    """What the record has at the moments of the candidates."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._imported: set[str] = set()
        self._own: dict[_Known, list[str]] = defaultdict(list)
        for row in rows:
            if imported_at(row.id) is None:
                self._own[_key(row.utterance)].append(row.id)
            else:
                self._imported.add(row.id)

    def id_of(self, candidate: _Candidate) -> str | None:
        """Return the id of the same comment in the record: said in the room, or imported before."""
        own = self._own.get(candidate.key, ())
        if candidate.ordinal < len(own):
            return own[candidate.ordinal]
        return candidate.id if candidate.id in self._imported else None


class Judged:
    """The result for each comment of a body: fresh, known or refused."""

    def __init__(self) -> None:
        self.candidates: list[_Candidate] = []
        self.fresh: list[Row] = []
        self.known = 0
        self.refused: list[RefusedComment] = []
        self._twins = Twins()
        self._taken: set[tuple[int, str, str, int]] = set()
        self._targets: dict[str, _Candidate] = {}

    def judge(self, entries: Iterable[Entry], start: int, now: int, settings: Settings) -> None:
        """Separate the candidates from those that can't be imported."""
        for number, _, line in entries:
            try:
                if isinstance(line, str):
                    raise BadMessageError(line)
                utterance = _checked(line, start, now, settings)
            except RefusedError as fault:
                self.refused.append(RefusedComment(number, fault.code, fault.message))
                continue
            key = _key(utterance)
            more = self._twins.ordinal((*key, line.ordinal), line.id)
            if more is None or (*key, line.ordinal + more) in self._taken:
                self.known += 1
                continue
            candidate = _Candidate(number, line, utterance, line.ordinal + more)
            self._taken.add((*key, candidate.ordinal))
            self.candidates.append(candidate)
            if line.id:
                self._targets[line.id] = candidate

    def compare(self, candidates: Iterable[_Candidate], there: _There) -> None:
        """Separate those that the record lacks from those that it has, once all are judged."""
        for each in candidates:
            if there.id_of(each) is not None:
                self.known += 1
                continue
            target = self._targets.get(each.line.merged_into)
            if each.line.merged_into and target is None:
                words = f"`merged_into`: {each.line.merged_into} must be in the same body"
                self.refused.append(RefusedComment(each.number, ErrorCode.BAD_MESSAGE, words))
            else:
                merged_into = "" if target is None else there.id_of(target) or target.id
                self.fresh.append(each.row(merged_into))


def _checked(line: Line, start: int, now: int, settings: Settings) -> Utterance:
    """Return what was said. Raises RefusedError for a comment that the record can't take."""
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
    role: Role = "viewer" if line.role is UNSET else line.role
    return Utterance(user, clean(line.name), at, text, look_of(line), role)
