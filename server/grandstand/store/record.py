"""The record: every accepted comment, shown or not, by programme time, for ``record_retention``.

A member is a msgpack array that begins with the comment's id. Ids sort in the order in which they
were given, so rows come out in the order of ``at``, then ``id``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from grandstand.domain.record import Row, imported_at
from grandstand.domain.stored_state import UNREADABLE
from grandstand.store import keys
from grandstand.store.reader import Reader

SLICE = 500
"""Rows fetched at a time."""


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

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def rows(
        self,
        room: str,
        start: int,
        end: int,
        after: RecordCursor | None = None,
        shown_only: bool = True,
    ) -> AsyncIterator[Row]:
        """Yield the rows with ``start <= at < end``, in the order of at, then id, without retracted
        ones.

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
                if behind and not is_gone and (row.shown or not shown_only):
                    yield row

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
