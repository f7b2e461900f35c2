"""The record: every accepted comment, shown or not, by programme time, for ``record_retention``.

A member is a msgpack array that begins with the comment's id. Ids sort in the order in which they
were given, so rows come out in the order of ``at``, then ``id``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import structlog

from grandstand.domain.record import Row, imported_at
from grandstand.domain.stored_state import UNREADABLE
from grandstand.store import keys
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Argument, Writer

SLICE = 500
"""Rows fetched at a time."""

TOGETHER = 1000
"""Rows of a viewer that are emptied at a time: that keeps the store for some milliseconds."""

_EMPTY = load("empty")
_encoder = msgspec.msgpack.Encoder()

_decoder = msgspec.msgpack.Decoder(Row)
_Member = tuple[bytes, float]
"""A member of the record, and its `at`."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecordCursor:
    """A position between two rows: behind the comment ``id`` at ``at``."""

    at: int
    id: str


class Record:
    """The records of all rooms."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def rows(
        self,
        room: str,
        start: int,
        end: int,
        after: RecordCursor | None = None,
        shown_only: bool = True,
    ) -> AsyncIterator[Row]:
        """Yield the rows with ``start <= at < end``, in the order of at, then id, without retracted
        and emptied ones.

        With ``after``, yield only those behind that position.
        """
        lowest = start if after is None else max(start, after.at)
        skip = 0
        while True:
            found = await self._between(room, lowest, f"({end}", skip, SLICE)
            if not found:
                return
            rows = _readable(room, found)
            gone = await self._reader.ask(
                "SMISMEMBER", keys.retracted(room), *[row.id for row in rows] or [""]
            )
            # The next slice starts behind what was read of the last `at`.
            last_at = found[-1][1]
            skip = sum(at == last_at for _, at in found) + (skip if last_at == lowest else 0)
            lowest = int(last_at)
            for row, is_gone in zip(rows, gone, strict=False):
                behind = after is None or (row.at, row.id) > (after.at, after.id)
                if behind and row.user and not is_gone and (row.shown or not shown_only):
                    yield row

    async def retracted_of(self, room: str, ids: Sequence[str]) -> set[str]:
        """Return those of the comments that were taken back."""
        gone: set[str] = set()
        for first in range(0, len(ids), SLICE):
            some = ids[first : first + SLICE]
            marks = await self._reader.ask("SMISMEMBER", keys.retracted(room), *some)
            gone |= {each for each, is_gone in zip(some, marks, strict=True) if is_gone}
        return gone

    async def rows_of(self, room: str, ids: Sequence[str]) -> list[Row]:
        """Return the rows of the room's own comments of these ids, as far as it has them."""
        moments: set[int] = set()
        for first in range(0, len(ids), SLICE):
            some = ids[first : first + SLICE]
            moments |= {
                int(at)
                for at in await self._reader.ask_all(
                    [("HGET", keys.at_of(room, each), each[-1]) for each in some]
                )
                if at is not None
            }
        wanted, ordered, found = set(ids), sorted(moments), list[Row]()
        for first in range(0, len(ordered), SLICE):
            rows = await self.at(room, ordered[first : first + SLICE])
            found += [row for row in rows if row.id in wanted]
        return found

    async def find(self, room: str, comment_id: str) -> Row | None:
        """Return the row of one comment, if it is in the record."""
        if not comment_id:
            return None
        at = imported_at(comment_id)
        if at is None:
            at = await self._reader.ask("HGET", keys.at_of(room, comment_id), comment_id[-1])
        if at is None:
            return None
        rows = _readable(room, await self._between(room, int(at), int(at), 0, -1))
        return next((row for row in rows if row.id == comment_id), None)

    async def at(self, room: str, moments: Collection[int]) -> list[Row]:
        """Return the rows at any of the moments (programme time, ms), retracted ones too."""
        replies = await self._reader.ask_all(
            [("ZRANGE", keys.record(room), at, at, "BYSCORE", "WITHSCORES") for at in moments]
        )
        return _readable(room, [member for members in replies for member in members])

    async def _between(
        self, room: str, low: int, high: int | str, offset: int, count: int
    ) -> list[_Member]:
        order = (keys.record(room), low, high, "BYSCORE", "LIMIT", offset, count, "WITHSCORES")
        found: list[_Member] = await self._reader.ask("ZRANGE", *order)
        return found

    async def rows_by(
        self, room: str, user: str, before: int
    ) -> AsyncIterator[list[tuple[Row, bytes]]]:
        """Yield what a viewer said before programme time ``before`` (ms), the newest first: rows
        and their members, about ``TOGETHER`` at a time."""
        found: list[tuple[Row, bytes]] = []
        while members := await self._newest(room, before):
            mine = [each for each, _ in members if user.encode() in each]
            rows = [(row, each) for each in mine for row in _readable(room, [(each, 0)])]
            found += [(row, each) for row, each in rows if row.user == user]
            before = int(min(at for _, at in members))
            if len(found) >= TOGETHER:
                yield found
                found = []
        if found:
            yield found

    async def _newest(self, room: str, before: int) -> list[_Member]:
        """Return the newest members before a moment: all of each moment that they are of."""
        key = keys.record(room)
        order = (key, f"({before}", "-inf", "BYSCORE", "REV", "LIMIT", 0, SLICE, "WITHSCORES")
        found: list[_Member] = await self._reader.ask("ZRANGE", *order)
        if not found:
            return []
        last_at = found[-1][1]
        rest = await self._between(room, int(last_at), int(last_at), 0, -1)
        return [each for each in found if each[1] > last_at] + rest

    async def last(self, room: str, since: int, end: int, most: int) -> list[Row]:
        """Return the newest rows with ``since <= at < end`` (programme ms), at most about ``most``,
        in no order; without retracted and emptied ones, whether they were shown or not."""
        found: list[Row] = []
        before = end
        while len(found) < most and before > since:
            members = await self._newest(room, before)
            if not members:
                break
            before = int(min(at for _, at in members))
            found += _readable(room, [member for member in members if member[1] >= since])
        gone = await self.retracted_of(room, [row.id for row in found])
        return [row for row in found if row.user and row.id not in gone]

    async def spread(self, room: str, start: int, end: int, parts: int, each: int) -> list[Row]:
        """Return shown rows with ``start <= at < end`` (programme ms), of at most ``each`` that
        begin each of so many equal parts of the time; without retracted and emptied ones."""
        edges = [start + (end - start) * part // parts for part in range(parts + 1)]
        key = keys.record(room)
        replies = await self._reader.ask_all(
            [
                ("ZRANGE", key, low, f"({high}", "BYSCORE", "LIMIT", 0, each, "WITHSCORES")
                for low, high in pairwise(edges)
            ]
        )
        rows = _readable(room, [member for members in replies for member in members])
        shown = [row for row in rows if row.shown and row.user]
        gone = await self.retracted_of(room, [row.id for row in shown])
        return [row for row in shown if row.id not in gone]

    async def empty(self, room: str, rows: Sequence[tuple[Row, bytes]]) -> None:
        """Empty rows, given with their members; again has no effect. Raises StoreUnavailable."""
        values: list[Argument] = []
        for row, member in rows:
            values += (row.at, member, _encoder.encode(row.emptied()))
        await self._writer.all([(_EMPTY, [keys.head(room), keys.record(room)], values)])

    async def count(self, room: str, start: int, end: int) -> int:
        """Return how many comments it holds with ``start <= at < end`` (programme ms)."""
        return int(await self._reader.ask("ZCOUNT", keys.record(room), start, f"({end}"))

    async def size(self, room: str) -> int:
        """Return how many comments it holds."""
        return int(await self._reader.ask("ZCARD", keys.record(room)))

    async def trim(self, room: str, before: int) -> int:
        """Delete what is before ``before`` (programme time, ms); return how many that were."""
        key = keys.record(room)
        return int(await self._reader.ask("ZREMRANGEBYSCORE", key, "-inf", f"({before}"))


def _readable(room: str, members: Sequence[_Member]) -> list[Row]:
    """Return the rows, without those that another version wrote in a form that we can't read."""
    rows, odd = [], 0
    for member, _ in members:
        try:
            rows.append(_decoder.decode(member))
        except UNREADABLE:
            odd += 1
    if odd:
        log.warning("record_rows_unreadable", room=room, count=odd)
    return rows
