"""What an ack is worth when a room's server is replaced, of the pure books.

A server has one replica. A write is acknowledged once the replica has it, and all before it. A
failover makes the replica the server; it may lack what nobody was told. The old server may go on
for a while: it answers those who haven't heard of its successor, and takes what they write. Then
both give the same ids to different entries. Senders repeat what isn't acknowledged, and
sequencers repeat their commits, wherever they like.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from grandstand.domain.limits import Rate
from grandstand.store.ingest import Item
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from tests.examples import TIMES
from tests.invariants import ledger
from tests.invariants.ledger import Keeping, Limits, Proposal, Room

LIMITS = Limits(300_000, Rate(0, 1), backlog=100, held=0)
KEEPING = Keeping(3, size=200, lag_ms=150_000, lag_bytes=400)
NOW_MS = 1_700_000_000_000

messages = st.integers(1, 5)
counts = st.integers(1, 3)


@dataclass
class Server:
    """What a server has of the room, and what its replica has."""

    room: Room
    replica: Room


class Failovers(RuleBasedStateMachine):
    """One room, a few messages that come again and again, and servers that take over."""

    proposals = Bundle("proposals")

    def __init__(self) -> None:
        super().__init__()
        self.server = Server(Room("e0"), Room("e0"))
        self.old: Server | None = None
        self.acknowledged: dict[int, str] = {}
        self.attempts = 0
        self.commits = 0

    def _asked(self, old: bool) -> Server:
        return self.old if old and self.old is not None else self.server

    @rule(message=messages, confirmed=st.booleans(), old=st.booleans())
    def says(self, message: int, confirmed: bool, old: bool) -> None:
        server = self._asked(old)
        self.attempts += 1
        item = Item("ada", str(message), "c", str(message).encode())
        server.room, (answer,) = ledger.append(
            server.room, [item], LIMITS, NOW_MS, str(self.attempts)
        )
        # The replica of an old server has left it: nothing confirms its writes.
        if confirmed and server is self.server:
            server.replica = server.room
            assert self.acknowledged.setdefault(message, answer.comment) == answer.comment

    @rule(target=proposals, count=counts, loads_old=st.booleans(), reads_old=st.booleans())
    def folds(self, count: int, loads_old: bool, reads_old: bool) -> Proposal:
        """Makes a commit of a room that one server has, and of entries that perhaps the other
        has."""
        seen = self._asked(loads_old).room
        waiting = self._asked(reads_old).room.ingest
        read = [entry for entry in waiting if entry.cursor > seen.cursor][:count]
        self.commits += 1
        return Proposal(
            name=str(self.commits),
            before=seen.place,
            seq=seen.seq + 1,
            offset=seen.offset + 1,
            cursor=read[-1].cursor if read else seen.cursor,
            now=NOW_MS,
            envelope=b"",
            attempt=read[-1].attempt if read else "",
            rows=[(int(entry.payload), entry.comment) for entry in read],
        )

    @rule(proposal=proposals, confirmed=st.booleans(), old=st.booleans())
    def commits_arrive(self, proposal: Proposal, confirmed: bool, old: bool) -> None:
        server = self._asked(old)
        server.room, _ = ledger.commit(server.room, proposal, KEEPING, NOW_MS)
        if confirmed and server is self.server:
            server.replica = server.room

    @rule()
    def is_replicated(self) -> None:
        self.server.replica = self.server.room

    @rule(renews=st.booleans())
    def fails_over(self, renews: bool) -> None:
        """The sequencer goes on, or another one loads the room and begins a new epoch."""
        self.old, room = self.server, self.server.replica
        if renews:
            self.commits += 1
            room, _ = ledger.renew(room, room.epoch, f"e{self.commits}", room.seq, room.offset)
        self.server = Server(room, room)

    @precondition(lambda self: self.old is not None)
    @rule()
    def the_old_server_hears_of_it(self) -> None:
        self.old = None

    @invariant()
    def what_was_acknowledged_is_there_once_and_as_it_was_told(self) -> None:
        room = self.server.room
        there = [(int(entry.payload), entry.comment) for entry in room.ingest]
        there += room.record
        assert self.acknowledged.items() <= set(there)
        assert max(Counter(message for message, _ in there).values(), default=1) == 1
        assert max(Counter(comment for _, comment in there).values(), default=1) == 1


TestFailovers = Failovers.TestCase
TestFailovers.settings = settings(max_examples=60 * TIMES, stateful_step_count=30)
