"""The store's scripts are the pure books: same answers, same contents, whatever the network does.

Random operations run on ``ledger`` and on a real Valkey side by side. Each write goes through a
proxy which may cut its connection before or after the execution; then it is sent again, as the
callers of the store do, and must have had one effect.

Nothing here waits or depends on how long a step takes: periods are eleven days long, and time
passes by moving what the store remembers into the past (``Bench.a_period_passes``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import pytest
from grandstand.domain.envelope import Commit, encode
from grandstand.domain.limits import Rate
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.polls.votes import Ballot
from grandstand.domain.record import Row
from grandstand.domain.state import PrivateChanges, RoomState, Sanction
from grandstand.store import confirmations, connection, ingest, keys, revocations, timeline, votes
from grandstand.store.connection import connect
from grandstand.store.errors import (
    ConflictError,
    RoomEndedError,
    RoomGoneError,
    StoreUnavailable,
    UnknownRoomError,
)
from grandstand.store.ingest import Appended, CommentRate, Entry, Item, Kind
from grandstand.store.job_cursors import JobCursor as StoredCursor
from grandstand.store.leases import Leases
from grandstand.store.lua import load
from grandstand.store.store import Store, open_store
from grandstand.store.stored_votes import votes_of
from grandstand.store.timeline import Changes, Head
from grandstand.store.topology import opening
from grandstand.wire.messages import HeldComment
from grandstand.wire.settings import Settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RULE_MARKER,
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.examples import TIMES
from tests.invariants import ledger
from tests.invariants.ledger import (
    JobCursor,
    Keeping,
    Limits,
    Place,
    Post,
    Proposal,
    Race,
    Room,
    Shard,
)
from tests.proxy import CuttingProxy
from tests.valkey import valkey

PERIOD_MS = 10**9
LIMITS = Limits(PERIOD_MS, Rate(PERIOD_MS // 2, 3), backlog=4, held=2)
FREE = replace(LIMITS, rate=Rate(0, 1))
SLACK_MS = 600_000
"""How long an example may take before the waits that limited viewers are told differ by more."""

PATIENCE_S = 600.0
"""How long the store may take. With the product's limits (2, 4 and 5 s) a machine that is busy with
something else makes a step fail once, and hypothesis, which can't repeat that, takes the strategies
for flaky."""

KEEPING = Keeping(3, size=200, lag_ms=10**9, lag_bytes=300)
AT_ONCE = replace(KEEPING, lag_ms=-1)
"""Whatever a job lags behind is over at once."""
CHANGES_MAX = 3
OPTIONS = 20
REVOCATIONS = 2
SHARDS = 2
RACE = Race(answer=0, kept=1)

T = TypeVar("T")
Cut = Literal["no", "before", "after", "before, then after"]

cuts: st.SearchStrategy[Cut] = st.sampled_from(
    ["no", "no", "before", "after", "before, then after"]
)
users = st.sampled_from(["ada", "bo"])
message_ids = st.sampled_from(list("12345678"))
kinds: st.SearchStrategy[Kind] = st.sampled_from(["c", "c", "c", "h", "h", "r", "x", "q"])
items = st.builds(
    lambda user, id, kind: Item(user, id, kind, f"{kind} {user} {id} \x00é".encode()),
    users,
    message_ids,
    kinds,
)
jobs = st.sampled_from(["one", "two"])
choices = st.lists(st.integers(0, OPTIONS - 1), min_size=1, max_size=4, unique=True).map(
    tuple[int, ...]
)
ballots = st.builds(
    Ballot,
    st.sampled_from(["ada", "cy|1", "|", "é", "bo"]),
    message_ids,
    choices | st.just((0,)),
    st.booleans(),
    weight=st.sampled_from([1, 1, 0, 7, 1000]),
    ms=st.sampled_from([0, 1, 1, 86_400_000]),
    name=st.sampled_from(["Ada", "\x00é|", ""]),
)


@dataclass
class Bench:
    """A Valkey, seen through the proxy by ``store`` and without it by ``aside``."""

    proxy: CuttingProxy
    store: Store
    aside: Store
    rooms: int = 0

    async def insist(self, cut: Cut, write: Callable[[], Awaitable[T]]) -> T:
        """The write's answer, after cuts of its connection if need be."""
        if cut in ("before", "before, then after"):
            self.proxy.cut_before("EVALSHA")
            with pytest.raises(StoreUnavailable):
                await write()
        if cut in ("after", "before, then after"):
            self.proxy.cut_after("EVALSHA")
            with pytest.raises(StoreUnavailable):
                await write()
        return await write()

    async def clock_ms(self) -> float:
        return await self.aside.rooms.clock_ms()

    async def ask(self, *command: Any) -> Any:
        return await self.aside.rooms._reader.ask(*command)

    async def a_period_passes(self, room: str) -> None:
        """Moves what the room remembers one period into the past."""
        current = int(await self.aside.rooms.clock_ms()) // PERIOD_MS
        for age in (1, 0):
            if await self.ask("EXISTS", keys.ids(room, current - age)):
                await self.ask(
                    "RENAME", keys.ids(room, current - age), keys.ids(room, current - age - 1)
                )
        for user in ("ada", "bo"):
            if await self.ask("EXISTS", keys.rate(room, user)):
                await self.ask("DECRBY", keys.rate(room, user), PERIOD_MS)


class Machine(RuleBasedStateMachine):
    """The books and the scripts side by side."""

    kept_until = 0
    """The store loses no head before this seq."""

    def __init__(self, runner: asyncio.Runner, bench: Bench) -> None:
        super().__init__()
        self.runner, self.bench, self.store = runner, bench, bench.store
        bench.rooms += 1
        self.name = f"r{bench.rooms}"
        self.elapsed_ms = 0
        self.cursors = ["0-0"]
        self.run(self.store.rooms.create(self.name, "made"))
        self.run(bench.ask("DEL", keys.REVOKED))  # it is all rooms'
        self.revoked: Mapping[str, int] = {}
        self.head = self.run(self.store.timeline.load(self.name)).head
        parts = self.run(bench.ask("HGETALL", keys.state(self.name)))
        state = {name.decode(): payload for name, payload in parts.items()}
        self.room = Room(self.head.epoch, state=state)
        self.stale: list[tuple[Proposal, Head, Entry | None, Commit, RoomState, Changes]] = []
        self.settings = 0
        self.race = RACE if bench.rooms % 2 else None  # every second room's polls are quizzes
        self.poll = {change: self._poll(change) for change in (False, True)}
        self.shards = {change: [Shard()] * SHARDS for change in (False, True)}
        self.highest = 0
        self.post = Post()
        self.moved: list[tuple[str, JobCursor, JobCursor, tuple[bytes, ...]]] = []

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def _poll(self, change: bool) -> PollRecord:
        return PollRecord(
            id=f"p{change:d}",
            kind="quiz" if self.race else "multiple",
            answer=RACE.answer if self.race else None,
            question="?",
            options=[""] * OPTIONS,
            opens_at=0,
            closes_at=1,
            grace=0,
            change=change,
            max_choices=4,
            shards=SHARDS,
        )

    # --- what enters -----------------------------------------------------------------------------

    @rule(batch=st.lists(items, min_size=1, max_size=5), free=st.booleans(), cut=cuts)
    def appends(self, batch: list[Item], free: bool, cut: Cut) -> None:
        limits = FREE if free else LIMITS
        rate = CommentRate(int(limits.rate.interval_ms), limits.rate.burst)

        async def append() -> list[Appended]:
            now_ms = await self.bench.clock_ms()
            return await self.store.ingest.append(self.name, batch, rate, now_ms)

        # Sent again, a batch is answered as if it came for the first time: what was limited or
        # overloaded had no effect and is looked at anew, the rest is remembered.
        if self.room.life != "alive":
            error = RoomGoneError if self.room.life == "lost" else RoomEndedError
            with pytest.raises(error):
                self.run(self.bench.insist(cut, append))
            return
        now_ms = int(self.run(self.bench.clock_ms())) + self.elapsed_ms
        for _ in range(2 if "after" in cut else 1):
            entered = self.room.entered
            self.room, expected = ledger.append(self.room, batch, limits, now_ms)
            self.cursors += [""] * (self.room.entered - entered)
        answers = self.run(self.bench.insist(cut, append))
        assert [_told(each) for each in answers] == [_told(each) for each in expected]
        for answer, wanted in zip(answers, expected, strict=True):
            assert abs(answer.wait_ms - wanted.wait_ms) < SLACK_MS

    @rule()
    def a_period_passes(self) -> None:
        self.run(self.bench.a_period_passes(self.name))
        self.elapsed_ms += PERIOD_MS
        # What is older than two periods has expired: the books forget it in their own way.

    # --- the sequencer ---------------------------------------------------------------------------

    @rule(
        count=st.integers(0, 6),
        approve=st.booleans(),
        cut=cuts,
        keep=st.booleans(),
        patient=st.sampled_from([True, True, True, True, False]),
        times=st.integers(1, 4),
    )
    def commits(
        self, count: int, approve: bool, cut: Cut, keep: bool, patient: bool, times: int
    ) -> None:
        for _ in range(times):
            self._fold(count, approve, cut, keep, patient)

    def _fold(self, count: int, approve: bool, cut: Cut, keep: bool, patient: bool) -> None:
        entries = self.run(self.store.ingest.read(self.name, self.head.cursor, count or 1))[:count]
        read = self.room.ingest[:count]
        assert [(each.comment, each.payload) for each in entries] == [
            (each.comment, each.payload) for each in read
        ]
        for entry, mine in zip(entries, read, strict=True):
            self.cursors[mine.cursor] = entry.cursor
        rows: list[Row] = []
        held: list[HeldComment] = []
        decided: list[str] = []
        retracted: list[str] = []
        for mine in read:
            if mine.comment and mine.payload[:1] == b"h":
                held.append(_held(mine.comment))
            elif mine.comment:
                rows.append(_row(mine.comment))
            elif self.room.held:
                decided.append(min(self.room.held))
                rows += [_row(decided[-1])] if approve else []
            elif rows:
                retracted.append(rows[-1].id)
        cursor = read[-1].cursor if read else self.room.cursor
        sanction = Sanction("mute", self.settings) if approve else None
        sanctions = {f"u{self.settings % 3}": sanction} if count % 2 else {}
        entities = {f"e{self.settings % 3}": b"\xff%d" % self.settings} if approve else {}
        self.settings += 1
        state = RoomState(settings=Settings(title=str(self.settings)))
        commit = Commit(
            epoch=self.head.epoch,
            seq=self.head.seq + 1,
            offset=self.head.offset + len(rows),
            now=self.settings,
            frames=[b"\x00\xff"] * len(rows),
            private=PrivateChanges(sanctions=sanctions, entities=entities),
        )
        polls = [self.poll[approve]]
        changes = Changes(frozenset({"settings"}), rows, polls, held, decided, retracted)
        proposal = Proposal(
            name=str(self.settings),
            before=Place(self.head.epoch, self.head.seq, self.room.cursor),
            seq=commit.seq,
            offset=commit.offset,
            cursor=cursor,
            now=commit.now,
            envelope=encode(commit),
            state={"settings": msgspec.msgpack.encode(state.settings)},
            polls={poll.id: msgspec.msgpack.encode(poll) for poll in polls},
            held={each.id: msgspec.msgpack.encode(each) for each in held},
            decided=decided,
            sanctions={
                user: None if sanction is None else msgspec.msgpack.encode(sanction)
                for user, sanction in sanctions.items()
            },
            entities=entities,
            rows=[(row.at, row.id) for row in rows],
            retracted=retracted,
        )
        last = entries[-1] if read else None
        arguments = (proposal, self.head, last, commit, state, changes)
        if keep:  # made now, sent later
            self.stale.append(arguments)
        else:
            self._commit(*arguments, cut, patient)

    @precondition(lambda self: self.stale)
    @rule(age=st.integers(0, 3), cut=cuts)
    def a_late_commit_arrives(self, age: int, cut: Cut) -> None:
        self._commit(*self.stale[-1 - age % len(self.stale)], cut)

    def _commit(
        self,
        proposal: Proposal,
        head: Head,
        last: Entry | None,
        commit: Commit,
        state: RoomState,
        changes: Changes,
        cut: Cut,
        patient: bool = True,
    ) -> None:
        keeping = KEEPING if patient else AT_ONCE
        self.room, result = ledger.commit(self.room, proposal, keeping)

        async def send() -> Head:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(timeline, "LAG_MS", keeping.lag_ms)
                return await self.store.timeline.commit(
                    self.name, head, last, commit, state, changes
                )

        if result == "conflict":
            with pytest.raises(ConflictError):
                self.run(self.bench.insist(cut, send))
        else:
            self.head = self.run(self.bench.insist(cut, send))
            self.stale.append((proposal, head, last, commit, state, changes))

    @precondition(lambda self: self.room.ingest)
    @rule(count=st.integers(1, 3))
    def the_store_loses_the_last_entries(self, count: int) -> None:
        entries = self.run(self.store.ingest.read(self.name, "0-0", 1000))[-count:]
        self.run(self.bench.ask("XDEL", keys.ingest(self.name), *(e.cursor for e in entries)))
        self.room = ledger.lose_entries(self.room, len(entries))

    @rule(ahead=st.integers(-2, 1), stale=st.booleans(), cut=cuts)
    def is_sealed(self, ahead: int, stale: bool, cut: Cut) -> None:
        epoch = "of long ago" if stale else self.room.epoch
        until = max(0, self.settings + ahead)

        async def seal() -> int | None:
            return await self.store.timeline.seal(self.name, epoch, until, 0)

        self.room, seq = ledger.seal(self.room, epoch, until)
        assert self.run(self.bench.insist(cut, seal)) == seq

    @rule(
        ahead=st.integers(0, 3),
        stale=st.booleans(),
        now=st.none() | st.integers(0, 9),
        cut=cuts,
    )
    def history_is_cut(self, ahead: int, stale: bool, now: int | None, cut: Cut) -> None:
        over = replace(self.head, epoch="of long ago") if stale else self.head
        if self.room.life != "alive":
            with pytest.raises(UnknownRoomError):
                self.run(self.store.timeline.renew_epoch(self.name, over, "run", 0, 0))
            return
        seq, offset = self.head.seq + ahead, self.head.offset + ahead

        async def renew() -> str:
            return await self.store.timeline.renew_epoch(self.name, over, "run", seq, offset, now)

        epoch = self.run(self.bench.insist(cut, renew))
        self.room, in_force = ledger.renew(self.room, over.epoch, epoch, seq, offset, now)
        assert epoch == in_force
        self.head = self.run(self.store.timeline.load(self.name)).head
        if self.stale:  # made for the epoch that is over, perhaps for this very seq and cursor
            self._commit(*self.stale[-1], cut)

    # --- jobs ------------------------------------------------------------------------------------

    @rule(job=jobs, cut=cuts)
    def enrolls(self, job: str, cut: Cut) -> None:
        async def enroll() -> StoredCursor:
            return await self.store.job_cursors.enroll(self.name, job)

        if self.room.life != "alive":
            with pytest.raises(RoomGoneError if self.room.life == "lost" else RoomEndedError):
                self.run(self.bench.insist(cut, enroll))
            return
        stored = self.run(self.bench.insist(cut, enroll))
        self.room, at = ledger.enroll(self.room, job, stored.move)
        assert (stored.epoch, stored.seq, stored.move) == (at.epoch, at.seq, at.move)

    @rule(
        job=jobs,
        ahead=st.integers(-1, 4),
        epoch=st.sampled_from(["of the room", "of the commit", "of long ago"]),
        found=st.lists(st.sampled_from([b"a", b"\x00\xff"]), max_size=2).map(tuple),
        cut=cuts,
    )
    def moves(self, job: str, ahead: int, epoch: str, found: tuple[bytes, ...], cut: Cut) -> None:
        before = self.room.jobs.get(job, JobCursor("", 0, "of nobody"))
        seq = max(0, before.seq + ahead)
        made = {each.seq: each.epoch for each in self.room.timeline}
        of = {"of the room": self.room.epoch, "of the commit": made.get(seq, "none")}
        move = f"m{len(self.moved)}"
        self.moved.append((job, before, JobCursor(of.get(epoch, "long ago"), seq, move), found))
        self._move(*self.moved[-1], cut)

    @precondition(lambda self: self.moved)
    @rule(age=st.integers(0, 3), cut=cuts)
    def a_late_move_arrives(self, age: int, cut: Cut) -> None:
        self._move(*self.moved[-1 - age % len(self.moved)], cut)

    def _move(
        self, job: str, before: JobCursor, after: JobCursor, found: tuple[bytes, ...], cut: Cut
    ) -> None:
        at, to = (StoredCursor(each.epoch, each.seq, each.move) for each in (before, after))

        async def move() -> None:
            await self.store.job_cursors.advance(self.name, job, at, to, found)

        if self.room.life != "alive":
            with pytest.raises(RoomGoneError if self.room.life == "lost" else RoomEndedError):
                self.run(self.bench.insist(cut, move))
            return
        entered = self.room.entered
        self.room, result = ledger.advance(self.room, job, before, after, found)
        self.cursors += [""] * (self.room.entered - entered)
        if result == "conflict":
            with pytest.raises(ConflictError):
                self.run(self.bench.insist(cut, move))
        else:
            self.run(self.bench.insist(cut, move))

    # --- what is forgotten -----------------------------------------------------------------------

    @rule(back=st.integers(-1, 4), is_late=st.booleans(), cut=cuts)
    def forgets(self, back: int, is_late: bool, cut: Cut) -> None:
        seq = self.head.seq - back

        async def forget() -> bool:
            return await self.store.timeline.forget(self.name, seq, is_late)

        self.room, up_to = ledger.forget(self.room, seq, is_late)
        is_done = self.run(self.bench.insist(cut, forget))
        assert is_done is (up_to is not None and up_to >= seq)

    @rule(count=st.integers(1, 3), cut=cuts)
    def empties(self, count: int, cut: Cut) -> None:
        rows = self.run(_rows_of_ada(self.store, self.name))[:count]
        self.room = ledger.empty(self.room, [row.id for row, _ in rows])
        self.run(self.bench.insist(cut, lambda: self.store.record.empty(self.name, rows)))

    # --- who sequences ---------------------------------------------------------------------------

    @rule(
        node=st.sampled_from(["one", "two", "three"]),
        deed=st.sampled_from(["hold", "hold", "give back", "recover", "try 1-0", "try 2-0"]),
        runs_out=st.booleans(),
        cut=cuts,
    )
    def is_held(self, node: str, deed: str, runs_out: bool, cut: Cut) -> None:
        leases = self.store.leases
        mine = Leases(leases._writer, node)
        if runs_out:
            self.run(self.bench.ask("DEL", keys.lease(self.name)))
            self.post = ledger.run_out(self.post)

        async def do() -> int | None:
            if deed == "hold":
                return await mine.lost(self.name) if await mine.hold([self.name]) else None
            if deed == "give back":
                await mine.give_back([self.name])
                return None
            if deed == "recover":
                return 0 if await mine.recover(self.name) else None
            try:
                async with mine.trying(self.name, deed[4:]) as lost:
                    return lost
            except ConflictError:
                return None

        expected: int | None = None
        if deed == "hold":
            self.post, expected = ledger.hold(self.post, node)
        elif deed == "give back":
            self.post = ledger.give_back(self.post, node)
        elif deed == "recover":
            self.post, expected = ledger.recover(self.post, node)
        else:
            self.post, expected = ledger.try_alone(self.post, node, deed[4:])
        assert self.run(self.bench.insist(cut, do)) == expected

    # --- tokens ----------------------------------------------------------------------------------

    @rule(
        name=st.sampled_from(["ada", "bo", "a:b", "v"]),
        life=st.sampled_from(["over", "soon over", "long"]),
        cut=cuts,
    )
    def revokes(self, name: str, life: str, cut: Cut) -> None:
        now_ms = int(self.run(self.bench.aside.rooms.clock_ms()))
        until = {"over": now_ms - 1, "soon over": now_ms + SLACK_MS, "long": 2**52}[life]

        async def put() -> bool:
            return await self.store.revocations.put("sub", name, until)

        self.revoked, expected = ledger.revoke(self.revoked, name, until, now_ms, REVOCATIONS)
        assert self.run(self.bench.insist(cut, put)) == expected
        if life == "soon over" and expected:  # time passes
            over = self.revoked[name] - 2 * SLACK_MS
            self.revoked = {**self.revoked, name: over}
            field = ("HSET", keys.REVOKED, f"sub:{name}", f"0:{over}")
            self.run(self.bench.ask(*field))
        stored = self.run(self.store.revocations.all())[1]
        assert {key[1]: each.until for key, each in stored.items()} == self.revoked

    @rule(lost=st.sets(st.sampled_from(["ada", "bo", "a:b", "v"])), cut=cuts)
    def the_store_loses_revocations(self, lost: set[str], cut: Cut) -> None:
        version, known = self.run(self.store.revocations.all())
        gone = [f"sub:{name}" for name in sorted(lost & self.revoked.keys())]
        if not gone:
            return
        self.run(self.bench.ask("HDEL", keys.REVOKED, "v", *gone))
        left = {name: until for name, until in self.revoked.items() if name not in lost}
        self.revoked = ledger.put_back(left, self.revoked)

        async def restore() -> None:
            await self.store.revocations.restore(known.values(), version)

        self.run(self.bench.insist(cut, restore))
        after, stored = self.run(self.store.revocations.all())
        assert after == version + 1
        assert stored == known

    # --- its end, and its beginning anew ---------------------------------------------------------

    @precondition(lambda self: self.room.seq >= self.kept_until)
    @rule(loses_timeline=st.booleans())
    def the_store_loses_the_head(self, loses_timeline: bool) -> None:
        lost = [keys.head(self.name), *([keys.timeline(self.name)] if loses_timeline else [])]
        self.run(self.bench.ask("DEL", *lost))
        self._count_comments()
        self.room = ledger.lose_head(self.room, loses_timeline)

    @rule()
    def the_store_loses_everything(self) -> None:
        left = self.run(self.bench.ask("KEYS", f"*{{{self.name}}}*"))
        self.run(self.bench.ask("DEL", keys.head(self.name), *left))
        self.post = Post()
        self._count_comments()
        self.room = ledger.lose(self.room)

    @rule(cut=cuts)
    def ends(self, cut: Cut) -> None:
        async def end() -> bool | None:
            return await self.store.deletions.end(self.name)

        answer = self.run(self.bench.insist(cut, end))
        if self.room.life == "lost":
            assert answer is None
            return
        self.room, result = ledger.end(self.room)
        assert answer is (result == "ended" and "after" not in cut)

    @rule(pieces=st.integers(1, 9))
    def is_swept(self, pieces: int) -> None:
        async def sweep() -> bool:
            return await self.store.deletions.sweep(self.name, await self.bench.clock_ms())

        for _ in range(pieces):  # more than enough; one that was broken off is begun anew
            self.run(sweep())
        assert any(self.run(sweep()) for _ in range(100))
        self._count_comments()
        if self.room.life == "ended":
            for change, poll in self.poll.items():
                if poll.id in self.room.polls:
                    self.shards[change] = [Shard()] * SHARDS
        self.room = ledger.sweep(self.room)
        if self.room.life == "swept":
            self.post = Post()
            left = self.run(self.bench.ask("KEYS", f"*{{{self.name}}}*"))
            rates = [keys.rate(self.name, user).encode() for user in ("ada", "bo")]
            assert set(left) - set(rates) <= {keys.head(self.name).encode()}

    @rule(restored=st.booleans(), cut=cuts)
    def is_made_anew(self, restored: bool, cut: Cut) -> None:
        sanctions = {"u1": Sanction("ban", None)}
        state = RoomState(settings=Settings(title="anew"), sanctions=sanctions)
        seq, offset = (self.head.seq, self.head.offset) if restored else (0, 0)

        async def create() -> bool:
            if restored:
                return await self.store.rooms.restore(self.name, b"salt", state, seq, offset)
            return await self.store.rooms.create(self.name, "anew", state.settings)

        if self.room.life == "ended":
            with pytest.raises(StoreUnavailable):
                self.run(create())
            return
        self._count_comments()
        life = self.room.life
        answer = self.run(self.bench.insist(cut, create))
        self.head = self.run(self.store.timeline.load(self.name)).head
        parts = self.run(self.bench.ask("HGETALL", keys.state(self.name)))
        first = int(self.run(self.bench.ask("HGET", keys.head(self.name), "next")))
        stored = {name.decode(): payload for name, payload in parts.items()}
        self.room, result = ledger.create(
            self.room,
            self.head.epoch,
            stored,
            {user: msgspec.msgpack.encode(sanction) for user, sanction in sanctions.items()}
            if restored
            else {},
            first,
            seq,
            offset,
        )
        if life == "alive":
            assert result == "exists"
            return
        # A restoration that was cut off finds the room there when it comes again.
        assert answer is not (restored and "after" in cut)
        assert stored["settings"] == msgspec.msgpack.encode(state.settings)
        assert first == 0 or first > self.highest
        assert first > 0 or not (restored or life == "swept" or self.room.record)
        self.cursors[0] = "0-0"

    def _count_comments(self) -> None:
        self.highest = max(self.highest, self.room.comments)

    # --- votes -----------------------------------------------------------------------------------

    @rule(
        batch=st.lists(ballots, min_size=1, max_size=5),
        change=st.booleans(),
        opens=st.booleans(),
        cut=cuts,
    )
    def votes(self, batch: list[Ballot], change: bool, opens: bool, cut: Cut) -> None:
        # A batch is one script per shard in one pipeline: a cut takes effect at the first of them.
        one = votes.shard_of(batch[0].voter, SHARDS)
        batch = [ballot for ballot in batch if votes.shard_of(ballot.voter, SHARDS) == one]
        if opens:
            self.run(self.store.votes.open(self.name, self.poll[change]))
            self.shards[change] = [ledger.open_shard(shard) for shard in self.shards[change]]
        for _ in range(2 if "after" in cut else 1):
            self.shards[change][one], expected = ledger.cast(
                self.shards[change][one], batch, change, CHANGES_MAX, self.race
            )
        poll = self.poll[change]

        async def cast() -> list[votes.Cast]:
            return await self.store.votes.cast(self.name, poll, batch)

        assert self.run(self.bench.insist(cut, cast)) == expected

    @rule(change=st.booleans(), cut=cuts)
    def closes(self, change: bool, cut: Cut) -> None:
        self.shards[change] = [ledger.close(shard) for shard in self.shards[change]]

        async def close() -> tuple[list[int], int]:
            return await self.store.votes.close(self.name, self.poll[change], 3600)

        assert self.run(self.bench.insist(cut, close)) == self._tally(change)

    def _tally(self, change: bool) -> tuple[list[int], int]:
        shards = self.shards[change]
        tally = [sum(shard.tally.get(n, 0) for shard in shards) for n in range(OPTIONS)]
        return tally, sum(len(shard.votes) for shard in shards)

    # --- the end: what lies in the store ---------------------------------------------------------

    def teardown(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        ask, room, mine = self.bench.ask, self.name, self.room
        if mine.life != "alive":
            head = await ask("HGETALL", keys.head(room))
            assert (b"ended" in head, b"swept" in head) == (
                mine.life in ("ended", "swept"),
                mine.life == "swept",
            )
            return
        head = await ask("HGETALL", keys.head(room))
        assert (head[b"epoch"], head[b"seq"], head[b"offset"], head[b"now"], head[b"next"]) == (
            mine.epoch.encode(),
            b"%d" % mine.seq,
            b"%d" % mine.offset,
            b"%d" % mine.now,
            b"%d" % mine.comments,
        )
        assert int(head.get(b"sealed", 0)) == mine.sealed
        assert head[b"cursor"].decode() == self.cursors[mine.cursor]
        entries = await self.store.ingest.read(room, "0", 1000)
        assert [(each.comment, each.payload) for each in entries] == [
            (each.comment, each.payload) for each in mine.ingest
        ]
        rows = await ask("XRANGE", keys.timeline(room), "-", "+")
        assert [
            (fields[b"p"].decode(), int(seq.split(b"-")[0]), fields[b"e"]) for seq, fields in rows
        ] == [(each.epoch, each.seq, each.envelope) for each in mine.timeline]
        assert int(head[b"trimmed"]) == mine.trimmed
        assert await ask("HGETALL", keys.jobs(room)) == {
            job.encode(): f"{at.epoch}|{at.seq}|{at.move}".encode() for job, at in mine.jobs.items()
        }
        for key, expected in (
            (keys.state(room), mine.state),
            (keys.polls(room), mine.polls),
            (keys.held(room), mine.held),
            (keys.sanctions(room), mine.sanctions),
            (keys.entities(room), mine.entities),
        ):
            assert await ask("HGETALL", key) == {k.encode(): v for k, v in expected.items()}
        polls = [msgspec.msgpack.decode(poll, type=PollRecord) for poll in mine.polls.values()]
        assert await ask("ZRANGE", keys.poll_order(room), 0, -1, "WITHSCORES") == [
            [poll.id.encode(), poll.opens_at]
            for poll in sorted(polls, key=lambda poll: (poll.opens_at, poll.id))
        ]
        recorded = [row async for row in self.store.record.rows(room, 0, 99, shown_only=False)]
        left = {(at, id) for at, id in mine.record if id not in mine.emptied}
        shown = {(at, id) for at, id in left if id not in mine.retracted}
        assert [(row.at, row.id) for row in recorded] == sorted(shown)
        by_ada = await _rows_of_ada(self.store, room)
        assert {(row.at, row.id) for row, _ in by_ada} == left
        assert await self.store.record.size(room) == len(mine.record)
        for at, id in mine.record:
            found = await self.store.record.find(room, id)
            assert found is not None
            assert found.at == at
        for change, shards in self.shards.items():
            poll = self.poll[change]
            assert await self.store.votes.tally(room, poll) == self._tally(change)
            for number, shard in enumerate(shards):
                fields = await ask("HGETALL", keys.votes(room, poll.id, number))
                assert fields == {
                    voter.encode(): _field(mine) for voter, mine in shard.votes.items()
                }
                assert dict(votes_of(fields)) == {
                    voter.encode(): (mine[0].choices, mine[0].weight)
                    for voter, mine in shard.votes.items()
                }
                ranks = await ask(
                    "ZRANGE", keys.fastest(room, poll.id, number), 0, -1, "WITHSCORES"
                )
                names = await ask("HGETALL", keys.names(room, poll.id, number))
                assert [
                    (voter.decode(), (ms, names.pop(voter).decode())) for voter, ms in ranks
                ] == [*shard.fastest.items()]
                assert names == {}


FOLLOWING = {
    *("commits", "a_late_commit_arrives", "is_sealed", "history_is_cut", "forgets"),
    "the_store_loses_the_head",
    *("is_made_anew", "enrolls", "moves", "a_late_move_arrives"),
}
"""The rules by which jobs follow commits: among all others they are seldom tried."""

OTHERS = {name for name in vars(Machine) if hasattr(getattr(Machine, name), RULE_MARKER)}
Following = type("Following", (Machine,), {**dict.fromkeys(OTHERS - FOLLOWING), "kept_until": 4})


def _told(answer: Appended) -> Appended:
    return replace(answer, wait_ms=0)


def _row(comment: str) -> Row:
    # A few programme times only, so that many share one.
    return Row(comment, len(comment) + ord(comment[-1]) % 2, "ada", "Ada", "\x00é", 1.5, True)


async def _rows_of_ada(store: Store, room: str) -> list[tuple[Row, bytes]]:
    return [each async for some in store.record.rows_by(room, "ada", 99) for each in some]


def _held(comment: str) -> HeldComment:
    return HeldComment(comment, 1, "ada", "Ada", "\x00é", 1.5, [], "why")


def _field(mine: tuple[Ballot, ...]) -> bytes:
    earlier = [ballot.key for ballot in mine[1:]]
    vote = ",".join(map(str, mine[0].choices))
    weight = f"*{mine[0].weight}" if mine[0].weight != 1 else ""
    return "|".join([mine[0].key, vote + weight, *earlier]).encode()


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "PERIOD_MS", PERIOD_MS)
    monkeypatch.setattr(ingest, "BACKLOG_CAP", LIMITS.backlog)
    monkeypatch.setattr(ingest, "HELD_CAP", LIMITS.held)
    monkeypatch.setattr(timeline, "KEPT", KEEPING.seqs)
    monkeypatch.setattr(timeline, "KEPT_BYTES", KEEPING.size)
    monkeypatch.setattr(timeline, "LAG_BYTES", KEEPING.lag_bytes)
    monkeypatch.setattr(votes, "CHANGES_MAX", CHANGES_MAX)
    monkeypatch.setattr(votes, "FASTEST_KEPT", RACE.kept)
    monkeypatch.setattr(revocations, "MAX_REVOCATIONS", REVOCATIONS)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(connection, "POOL_TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(confirmations, "TIMEOUT_MS", int(PATIENCE_S * 1000))
    monkeypatch.setattr(opening, "connect", partial(connect, reply_timeout_s=PATIENCE_S))


@pytest.mark.parametrize("machine", [Machine, Following])
@pytest.mark.usefixtures("small_limits", "patient")
def test_the_scripts_do_what_the_books_do(machine: type[Machine], tmp_path: Path) -> None:
    async def open_bench() -> Bench:
        url = await stack.enter_async_context(valkey(tmp_path))
        proxy = await stack.enter_async_context(CuttingProxy(url))
        aside = await _store(stack, url)
        scripts = (
            "advance",
            "append",
            "close",
            "commit",
            "create",
            "end",
            "enroll",
            "lease",
            "open",
            "renew",
            "restore",
            "revoke",
            "seal",
            "swept",
            "vote",
        )
        for name in scripts:
            await aside.rooms._reader.ask("SCRIPT", "LOAD", load(name).source)
        return Bench(proxy, await _store(stack, proxy.url), aside)

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            bench = runner.run(open_bench())
            run_state_machine_as_test(
                lambda: machine(runner, bench),  # type: ignore[arg-type]  # a factory is fine
                settings=settings(
                    max_examples=40 * TIMES,
                    stateful_step_count=30,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    phases=[Phase.generate],  # to shrink a failure would take minutes
                ),
            )
        finally:
            runner.run(stack.aclose())


async def _store(stack: AsyncExitStack, url: str) -> Store:
    store = await open_store(url)
    stack.push_async_callback(store.close)
    return store
