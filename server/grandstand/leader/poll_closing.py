"""The job that ends polls: closes every shard of those whose time is over, and enters the tally.

A poll is final once a tick has read the event that this job appends. Closing again gives the same
tally, and a final poll accepts no other.
"""

from __future__ import annotations

import asyncio

import structlog

from grandstand.domain.events import PollFinished
from grandstand.domain.polls.record import PollRecord
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.store.errors import StoreUnavailable

AGAIN_MS = 1000
"""A poll that isn't final this long after it was closed is closed again."""

log = structlog.get_logger(__name__)


class PollClosing:
    """Ends the polls of a room."""

    name = "poll closing"

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Look at the polls after every tick."""
        closed: dict[str, int] = {}
        while True:
            now = room.now()
            over = [
                poll
                for poll in room.polls.values()
                if is_over(poll, now) and not 0 <= now - closed.get(poll.id, -AGAIN_MS) < AGAIN_MS
            ]
            if over:
                closed = {each: closed[each] for each in closed.keys() & room.polls.keys()}
                closed.update((poll.id, now) for poll in over)
                # Side by side: where the shards of one poll are out of reach, the others end.
                await asyncio.gather(*(_close(room, poll) for poll in over))
            await room.next_tick()


def is_over(poll: PollRecord, now: int) -> bool:
    """Return whether the poll isn't final and takes no votes from ``now`` (programme ms) on."""
    return (poll.status == "open" and now >= poll.ends_at) or (
        poll.status == "cancelled" and not poll.final
    )


async def _close(room: LeaderRoom, poll: PollRecord) -> None:
    try:
        kept_s = room.settings.record_retention
        tally, voters = await room.store.votes.close(room.id, poll, kept_s)
        await room.append(PollFinished(f"finish:{poll.id}", poll.id, tally, voters))
    except StoreUnavailable as away:
        log.warning("poll_not_closed", room=room.id, poll=poll.id, reason=away.reason)
