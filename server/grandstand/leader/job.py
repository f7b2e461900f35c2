"""Jobs: work that one process in the cluster does for a room, beside its sequencer.

The process that holds a room's lease runs the room's jobs. A job follows the commits from a durable
cursor, or the room's ticks, or both. Its results enter the room by the ingest stream, as everything
does.

A job may fail, stall or be killed at any point, and the process that holds the lease may be
replaced while it still believes that it holds it. So:

- A job gets each commit after its cursor once, or again with the same epoch and number.
- It moves its cursor when it has finished a commit. Its results enter in the same step.
- What it does elsewhere carries an id made of the room, the job and the thing it is about, never of
  a commit's number, so that the other end recognises it when it comes again.
- It does not compute for longer than a few ms without an ``await``: it shares the event loop.

When ``run`` raises, it is started again, after a pause that grows. When it returns, it isn't
started again until another process takes the room or the room wakes again.
"""

from __future__ import annotations

from typing import Protocol

from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom


class Job(Protocol):
    """One kind of work; one object serves all rooms."""

    @property
    def name(self) -> str:
        """Return the name under which its cursor is stored; it must never change once a room has
        it."""

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Work for ``room`` until cancelled.

        A job that never asks for ``commits`` has no cursor in the store.
        """
