"""A room whose polls are voted in, closed and recounted, and what must come out."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

from grandstand.domain.events import PollOpened, PollStepped
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.leader.registry import ROOM_JOBS
from grandstand.recount.job import SMALL, Recounting
from grandstand.store import keys
from grandstand.wire.codec import decode_frame
from grandstand.wire.messages import Poll

from tests.domain.polls import recounting
from tests.domain.polls.recounting import Votes
from tests.sequencer.harness import Sequenced
from tests.waiting import until

VOTES: Votes = {f"v{n}": ([n % 2] if n % 3 else [0, 1], 1) for n in range(300)}


class Voting(Sequenced):
    """A room with the jobs of a server's rooms."""

    def lead(self, small: int = SMALL) -> None:
        self.start(*ROOM_JOBS, Recounting(small))

    def record(self, poll: str) -> PollRecord:
        return self.live.replica.state.polls[poll]

    async def opened(self, **fields: Any) -> PollRecord:
        """An open poll of several choices, led or not."""
        poll = self.poll(**{"kind": "multiple", "max_choices": 2, "audit": "tally", **fields})
        await self.append(PollOpened(uuid4().hex, poll))
        return poll

    async def voted(self, poll: PollRecord, votes: Votes = VOTES) -> None:
        await until(lambda: poll.id in self.live.replica.state.polls)
        ballots = [
            Ballot(voter, "1", tuple(each), True, weight=weight)
            for voter, (each, weight) in votes.items()
        ]
        casts = await self.node.store.votes.cast(self.live.room, poll, ballots)
        assert casts == ["counted"] * len(votes)

    async def close(self, poll: PollRecord) -> None:
        now = self.live.now()
        await self.append(PollStepped(uuid4().hex, poll.id, "close", now, grace=0))

    async def finished(self, poll: PollRecord) -> None:
        await self.close(poll)
        await self.is_final(poll)

    async def is_final(self, poll: PollRecord) -> None:
        polls = self.live.replica.state.polls
        await until(lambda: poll.id in polls and polls[poll.id].final)

    async def audited(self, poll: PollRecord) -> PollRecord:
        await until(lambda: self.record(poll.id).audited is not None)
        return self.record(poll.id)

    def shown(self, poll: str) -> list[Poll]:
        """The poll as it went to viewers, each time."""
        frames = [decode_frame(each) for commit in self.listener.commits for each in commit.frames]
        return [each for frame in frames for each in frame.polls or [] if each.id == poll]

    async def check(self, poll: PollRecord, votes: Votes = VOTES) -> None:
        """Hold the audit against the contract's words in plain Python."""
        record, store = await self.audited(poll), self.node.store
        salt = await store.recounts.salt(self.live.room, poll.id)
        assert salt is not None
        assert record.audited is not None
        leaves = recounting.leaves_of(salt, votes, poll.weights)
        root = recounting.root_of(leaves)
        assert (record.audited.root, record.audited.leaves) == (root.hex(), len(votes))
        tally = recounting.tally_of(votes, len(poll.options), poll.weights)
        assert record.tally == tally
        private = await store.rooms._reader.ask("GET", keys.SIGNING_KEY)
        assert isinstance(private, bytes)
        signature = recounting.signature_of(private, self.live.room, poll.id, root, tally)
        assert record.audited.signature == signature.hex()
        assert record.audited.key == recounting.key_of(private)["kid"]


def workers() -> list[int]:
    """The processes of this one that recount."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == os.getpid() and b"grandstand.recount.worker" in command:
            found.append(int(entry.name))
    return found


async def worker_stopped() -> int:
    """The process that recounts, once there is one, standing still."""
    await until(workers)
    (pid,) = workers()
    os.kill(pid, signal.SIGSTOP)
    return pid
