"""Durable cursors: how far each job has followed a room's commits (invariant 8).

A cursor moves by compare-and-set, in the script that appends what the job found. So of two
processes that both believe they run a job only one succeeds, and what it found enters once. The
timeline keeps what a job has still to read (invariant 7).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from grandstand.store import keys
from grandstand.store.errors import ConflictError, RoomEndedError, RoomGoneError
from grandstand.store.ingest import new_attempt
from grandstand.store.lua import load
from grandstand.store.writer import Call, Writer

_ENROLL, _ADVANCE = load("enroll"), load("advance")


def _new_move() -> str:
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class JobCursor:
    """A job has finished every commit up to number ``seq``, which was made in ``epoch``.

    ``move`` names the move that led here, so that a repeated move is recognised.
    """

    epoch: str
    seq: int
    move: str = field(default_factory=_new_move)

    @property
    def stored(self) -> str:
        """Return the cursor in its stored form."""
        return f"{self.epoch}|{self.seq}|{self.move}"


class JobCursors:
    """The cursors of all jobs in all rooms."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def enroll(self, room: str, job: str) -> JobCursor:
        """Return the job's position; a new job begins with the oldest commit that is kept.

        All commits that the caller knew of before are as durable as the store promises once this
        returns.

        Raises StoreUnavailable, RoomGoneError, RoomEndedError.
        """
        touched = [keys.head(room), keys.jobs(room), keys.timeline(room)]
        (reply,) = await self._writer.all([(_ENROLL, touched, [job, _new_move()])])
        _require_room(room, reply)
        epoch, seq, move = reply.decode().split("|")
        return JobCursor(epoch, int(seq), move)

    async def advance(
        self,
        room: str,
        job: str,
        before: JobCursor,
        after: JobCursor,
        found: Sequence[bytes] = (),
    ) -> None:
        """Move the job from ``before`` to ``after``, and append the events ``found``, in one step.

        Raises ConflictError if the job is at another position, or if the room never had that
        commit. Raises StoreUnavailable as every write; then the same call may be made again
        unchanged. Raises RoomGoneError, RoomEndedError.
        """
        touched = [keys.head(room), keys.jobs(room), keys.timeline(room), keys.ingest(room)]
        call: Call = (_ADVANCE, touched, [job, before.stored, after.stored, new_attempt(), *found])
        (reply,) = await self._writer.all([call])
        _require_room(room, reply)
        if reply != b"moved":
            raise ConflictError(f"{room}: the job {job} is not at {before.seq} any more")


def _require_room(room: str, reply: bytes) -> None:
    if reply == b"gone":
        raise RoomGoneError(room)
    if reply == b"ended":
        raise RoomEndedError(room)
