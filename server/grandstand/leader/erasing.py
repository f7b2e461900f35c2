"""The job that erases viewers: their comments are taken back, and their rows of the record emptied.

Theory of operation: an erasure is part of the room's state from its request until nothing is left
of the viewer, so whoever leads the room works on it. It begins anew where it was cut off: rows that
were emptied aren't found again, and to take a comment back again does no harm. The newest come
first, since they are on screens. After a while the timeline forgets the commits that had them.
What the archive holds goes by the commits that take the comments back (``leader.recut``).
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

import structlog

from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.erasure_events import CommentsErased, ErasureEnded
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom

FORGET_MS = 300_000
"""How long after its request an erasure reaches the timeline: by then jobs have read, and the
archive has, all that was before it."""

LATEST_MS = 570_000
"""When it does though a job lags: within ten minutes nothing must be left (contract)."""

AGAIN_S = 1.0

log = structlog.get_logger(__name__)


class Erasing:
    """Erases viewers of a room."""

    name = "erasing"

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Look after every tick whether somebody is to be erased, or was long enough ago."""
        emptied: dict[tuple[str, int], int] = {}
        while True:
            pending = sorted(room.erasures.items(), key=lambda erasure: erasure[1])
            if pending:
                room.kept_awake_by.add(self.name)
            else:
                room.kept_awake_by.discard(self.name)
            for user, at in pending:
                if (user, at) not in emptied:
                    await _empty(room, user, at)
                    emptied[user, at] = room.stands.seq
                age_ms = room.now() - at
                if age_ms >= FORGET_MS:
                    await _forget(room, user, at, emptied[user, at], age_ms >= LATEST_MS)
            emptied = {each: emptied[each] for each in pending}
            await room.next_tick()


async def _empty(room: LeaderRoom, user: str, at: int) -> None:
    """Take back and empty all that the viewer said up to ``at``, a piece a tick."""
    record, count = room.store.record, 0
    async for rows in record.rows_by(room.id, user, at + AHEAD_MS + 1):
        shown = [row.id for row, _ in rows if row.shown]
        if shown:  # first: an emptied row doesn't tell whose it was
            await room.append(CommentsErased(uuid4().hex, shown))
        await record.empty(room.id, rows)
        count += len(rows)
        await room.next_tick()
    log.info("viewer_erased", room=room.id, comments=count)


async def _forget(room: LeaderRoom, user: str, at: int, seq: int, is_late: bool) -> None:
    """Have the timeline forget what was before ``seq``, and end the erasure once it has."""
    if await room.store.timeline.forget(room.id, seq, is_late):
        await room.append(ErasureEnded(f"erased:{user}:{at}", user, at))
    else:
        await asyncio.sleep(AGAIN_S)
