"""The job that recounts polls: once a result is final, the root over its votes is found and signed.

Theory of operation: a poll that awaits its audit is recounted from its votes, which nothing changes
any more. A small one is counted here, in slices; a large one in a process of its own, so that the
loop that fans out doesn't wait. What comes out depends on votes, salt and key alone. So a job that
was killed leaves nothing behind: the next holder of the lease finds the poll as it was, and its
event changes nothing if the first one came in after all.

It must not say what it found to anybody but the room: a signature tells a hidden tally to whoever
tries candidates.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

import msgspec
import structlog

from grandstand.domain.events import PollAudited
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.recount import ALGORITHM, signed_message
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.recount.recounting import Recounted, recount
from grandstand.recount.worker import STORE_AWAY, Order
from grandstand.store.errors import StoreUnavailable
from grandstand.wire.audits import Audit

SMALL = 5000
"""Voters that are counted on the loop: 35 ms in slices; a process takes 300 to start."""

log = structlog.get_logger(__name__)


class WorkerDiedError(Exception):
    """The process that recounted a poll ended without a result."""


class Recounting:
    """Recounts the polls of all rooms that this process leads."""

    name = "recount"

    def __init__(self, small: int = SMALL) -> None:
        self._small = small
        self._one_at_a_time = asyncio.Semaphore()

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Look at the polls after every tick."""
        done: set[str] = set()
        while True:
            for poll in [each for each in room.polls.values() if each.awaits_audit]:
                if poll.id not in done:
                    await self._audit(room, poll)
                    done.add(poll.id)
            done &= room.polls.keys()
            await room.next_tick()

    async def _audit(self, room: LeaderRoom, poll: PollRecord) -> None:
        work = f"recount {poll.id}"
        room.kept_awake_by.add(work)
        try:
            found = await self._recount(room, poll)
            if found is None or (found.tally, found.voters) != (poll.tally, poll.voters):
                # Some of them were lost, or their time is over: there is nothing to prove.
                log.error("votes_do_not_add_up", room=room.id, poll=poll.id)
                room.store.losses.count("votes")
                return
            key = await room.store.signing_keys.current()
            message = signed_message(room.id, poll.id, found.root, found.tally)
            audit = Audit(
                root=found.root.hex(),
                leaves=found.voters,
                algorithm=ALGORITHM,
                signature=key.sign(message).hex(),
                key=key.public.kid,
                receipts=poll.audit == "receipts",
            )
            await room.append(PollAudited(f"audit:{poll.id}", poll.id, audit))
        finally:
            room.kept_awake_by.discard(work)

    async def _recount(self, room: LeaderRoom, poll: PollRecord) -> Recounted | None:
        if (poll.voters or 0) <= self._small:
            return await recount(room.store.recounts, room.id, poll)
        async with self._one_at_a_time:
            return await _in_a_process(Order(room.store.url, room.id, poll))


async def _in_a_process(order: Order) -> Recounted | None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "grandstand.recount.worker"), stdin=PIPE, stdout=PIPE
    )
    try:
        answer, _ = await process.communicate(msgspec.msgpack.encode(order))
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode == STORE_AWAY:
        raise StoreUnavailable("it doesn't answer the process that recounts")
    if process.returncode != 0:
        raise WorkerDiedError(f"exit code {process.returncode}")
    return msgspec.msgpack.decode(answer, type=Recounted | None)
