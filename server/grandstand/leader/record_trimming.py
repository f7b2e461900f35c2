"""The job that trims the record and the highlights of what is older than the room keeps."""

from __future__ import annotations

import asyncio

from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom

TRIM_S = 5.0

LEEWAY_MS = 2000
"""By how much more than max_latency an ``at`` may be older than its comment's arrival before the
record deletes it by programme time."""


class RecordTrimming:
    """Trims the record of a room."""

    name = "record trimming"

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Trim at the start, for a room that only time has changed, and after commits."""
        await _trim(room)
        async for batch in commits:
            is_last = batch.seq == room.stands.seq
            if is_last:
                await _trim(room)
            await cursor.move(batch)
            if is_last:  # else a room that commits often would be ever further ahead
                await asyncio.sleep(TRIM_S)


async def _trim(room: LeaderRoom) -> None:
    settings = room.settings
    since = room.now() - settings.record_retention * 1000
    await room.store.record.trim(room.id, since - settings.max_latency - LEEWAY_MS)
    await room.store.highlights.trim(room.id, since)  # their own job does so only when it moves on
