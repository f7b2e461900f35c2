"""The design's invariants, of the pure books: whatever comes, however often and in which order.

The network is a bag: a message once sent may arrive any number of times, at any time, and a
sequencer that was replaced goes on believing in what it saw.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import Any

import pytest
from grandstand.domain.limits import Rate
from grandstand.domain.polls.votes import Ballot
from grandstand.store.errors import RoomEndedError, RoomGoneError
from grandstand.store.ingest import Item, Kind
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.examples import TIMES
from tests.invariants import ledger
from tests.invariants.ledger import (
    Entry,
    JobCursor,
    Keeping,
    Kept,
    Limits,
    Place,
    Post,
    Proposal,
    Race,
    Room,
    Shard,
)

PERIOD_MS = 300_000
LIMITS = Limits(PERIOD_MS, Rate(2000, 3), backlog=12, held=3)
FREE = replace(LIMITS, rate=Rate(0, 1))
KEEPING = Keeping(3, size=200, lag_ms=150_000, lag_bytes=400)
CHANGES_MAX = 3
OPTIONS = 12

users = st.sampled_from(["ada", "bo", "cy"])
message_ids = st.sampled_from(["1", "2", "3", "4"])
kinds: st.SearchStrategy[Kind] = st.sampled_from(["c", "c", "h", "r", "x", "q"])
items = st.builds(
    lambda user, id, kind: Item(user, id, kind, f"{user} {id}".encode()), users, message_ids, kinds
)
choices = st.lists(st.integers(0, OPTIONS - 1), min_size=1, max_size=3, unique=True).map(
    tuple[int, ...]
)
ballots = st.builds(
    Ballot,
    st.sampled_from(["ada", "bo", "cy", "di", "ed"]),
    message_ids,
    choices,
    st.booleans(),
    weight=st.sampled_from([1, 0, 2, 1000]),
    ms=st.integers(0, 3),
    name=st.sampled_from(["", "Ada", "Bo"]),
)
RACE = Race(answer=0, kept=2)


@dataclass
class Runner:
    """A process that runs a job: what it read after its cursor, and what it did with it."""

    cursor: JobCursor | None = None
    read: tuple[Kept, ...] = ()
    up_to: int = 0


@dataclass(frozen=True)
class Move:
    """What a runner sends: it has done with the ``done`` commits, and found something out."""

    before: JobCursor
    after: JobCursor
    done: tuple[Kept, ...]
    found: tuple[bytes, ...]


class Books(RuleBasedStateMachine):
    """One room, two sequencers and two runners of one job that know nothing of each other, and a
    forgetful network."""

    batches = Bundle("batches")
    proposals = Bundle("proposals")
    moves = Bundle("moves")

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 1_700_000_000_000
        self.room = Room("e0")
        self.epochs = 1
        self.commits = 0
        self.effect_ms: dict[bytes, int] = {}
        self.entries: dict[int, Entry] = {}
        self.accepted: set[str] = set()
        self.rejected_by_hand: set[str] = set()
        self.committed: set[int] = set()
        self.by_seq: dict[tuple[str, int], bytes] = {}
        self.by_offset: dict[tuple[str, int], str] = {}
        self.views: dict[int, Room] = {0: self.room, 1: self.room}
        self.runners = {0: Runner(), 1: Runner()}
        self.named = 0
        self.began_at = 0
        self.made: set[tuple[str, int]] = set()
        self.done: Counter[tuple[str, int]] = Counter()
        self.found: Counter[bytes] = Counter()
        self.cut: set[tuple[str, int]] = set()
        self.promised: dict[str, int] = {}

    # --- what enters -----------------------------------------------------------------------------

    @rule(target=batches, batch=st.lists(items, min_size=1, max_size=4))
    def send(self, batch: list[Item]) -> list[Item]:
        return batch

    @rule(batch=batches, limits=st.sampled_from([LIMITS, FREE]))
    def arrives(self, batch: list[Item], limits: Limits) -> None:
        before = self.room
        if before.life != "alive":
            with pytest.raises(RoomGoneError):
                ledger.append(before, batch, limits, self.now_ms)
            return
        self.room, answers = ledger.append(before, batch, limits, self.now_ms)
        assert len(answers) == len(batch)
        for entry in self.room.ingest[len(before.ingest) :]:
            self.entries[entry.cursor] = entry
        for key in {item.key for item in batch}:
            answered = [period for period, each in self.room.answers if each == key]
            if len(answered) > sum(each == key for _, each in before.answers):
                # A new effect: the last one lies longer back than an id is remembered.
                assert self.now_ms - self.effect_ms.get(key, 0) > PERIOD_MS
                self.effect_ms[key] = self.now_ms
        told: dict[bytes, set[Any]] = {}
        for item, answer in zip(batch, answers, strict=True):
            if answer.result in ("accepted", "held", "rejected"):
                told.setdefault(item.key, set()).add(answer)
                self.accepted |= {answer.comment} - {""}
        assert all(len(each) == 1 for each in told.values())

    @rule(ms=st.sampled_from([1, 700, 2000, 60_000, PERIOD_MS - 1, PERIOD_MS, 2 * PERIOD_MS]))
    def time_passes(self, ms: int) -> None:
        self.now_ms += ms

    # --- the sequencers --------------------------------------------------------------------------

    @rule(who=st.integers(0, 1))
    def loads(self, who: int) -> None:
        if self.room.life == "alive":
            self.views[who] = self.room

    @rule(target=proposals, who=st.integers(0, 1), count=st.integers(1, 6), reject=st.booleans())
    def folds(self, who: int, count: int, reject: bool) -> Proposal:
        """Makes a commit of what it saw: comments to the record, held ones to the shelf; a control
        entry decides the oldest held comment."""
        seen = self.views[who]
        read = [entry for entry in seen.ingest if entry.cursor > seen.cursor][:count]
        held, rows, decided = dict(seen.held), [], []
        for entry in read:
            if entry.comment and self._is_held(entry):
                held[entry.comment] = entry.payload
            elif entry.comment:
                rows.append((entry.cursor, entry.comment))
            elif held:
                oldest = min(held)
                del held[oldest]
                decided.append(oldest)
                if not reject:
                    rows.append((0, oldest))
        self.commits += 1
        return Proposal(
            name=str(self.commits),
            before=seen.place,
            seq=seen.seq + 1,
            offset=seen.offset + bool(rows),
            cursor=read[-1].cursor if read else seen.cursor,
            now=self.now_ms,
            envelope=repr((read, self.commits)).encode(),
            held={id: text for id, text in held.items() if id not in seen.held},
            decided=decided,
            rows=rows,
        )

    def _is_held(self, entry: Entry) -> bool:
        return any(
            answer.result == "held" and answer.comment == entry.comment
            for answer in self.room.answers.values()
        )

    @rule(proposal=proposals)
    def commits_arrive(self, proposal: Proposal) -> None:
        before = self.room
        self.room, result = ledger.commit(before, proposal, KEEPING, self.now_ms)
        if result != "committed":
            assert self.room == before
            return
        self.made.add((before.epoch, self.room.seq))
        assert proposal.now >= self.promised.get(before.epoch, 0)  # a whole segment stays as it is
        self._only_what_is_too_far_behind_is_cut(before)
        self._without_a_job_the_timeline_is_small()
        assert before.place == proposal.before
        epoch = before.epoch
        assert self.by_seq.setdefault((epoch, self.room.seq), proposal.envelope) == (
            proposal.envelope
        )
        for offset in range(before.offset + 1, self.room.offset + 1):
            assert self.by_offset.setdefault((epoch, offset), proposal.name) == proposal.name
        self.committed |= {n for n in self.entries if before.cursor < n <= proposal.cursor}
        self.rejected_by_hand |= set(proposal.decided) - {id for _, id in proposal.rows}

    @rule(proposal=proposals)
    def a_commit_that_comes_twice_is_recognised(self, proposal: Proposal) -> None:
        self.commits_arrive(proposal)
        once = self.room
        if once.commit == proposal.name and once.epoch == proposal.before.epoch:
            assert ledger.commit(once, proposal, KEEPING, self.now_ms) == (once, "already")

    @rule(back_ms=st.sampled_from([0, 700, 2000]), stale=st.booleans())
    def is_sealed(self, back_ms: int, stale: bool) -> None:
        before, until = self.room, self.now_ms - back_ms
        epoch = "of long ago" if stale else before.epoch
        self.room, seq = ledger.seal(before, epoch, until)
        assert seq == (None if stale or before.life != "alive" else before.seq)
        assert replace(self.room, sealed=before.sealed) == before
        if seq is not None:
            self.promised[epoch] = max(until, self.promised.get(epoch, 0))

    @rule(ahead=st.integers(0, 3), stale=st.booleans())
    def history_is_cut(self, ahead: int, stale: bool) -> None:
        before = self.room
        over = "of long ago" if stale else before.epoch
        epoch = self._new_epoch()
        if before.life != "alive":
            with pytest.raises(RoomGoneError):
                ledger.renew(before, over, epoch, before.seq, before.offset)
            return
        self.room, in_force = ledger.renew(
            before, over, epoch, before.seq + ahead, before.offset + ahead
        )
        assert in_force == self.room.epoch
        assert (self.room == before) is stale
        assert self.room.seq >= before.seq
        assert self.room.offset >= before.offset

    # --- a job that follows the commits ----------------------------------------------------------

    @rule(who=st.integers(0, 1))
    def enrolls(self, who: int) -> None:
        if self.room.life == "alive":
            self.named += 1
            if "job" not in self.room.jobs:
                self.began_at = self.room.trimmed
            self.room, cursor = ledger.enroll(self.room, "job", str(self.named))
            self.runners[who] = Runner(cursor, (), cursor.seq)

    @rule(who=st.integers(0, 1))
    def reads(self, who: int) -> None:
        """What the room has after what was read before, or after the cursor in another history."""
        runner = self.runners[who]
        if runner.cursor is None:
            return
        kept = [each for each in self.room.timeline if each.seq > runner.up_to]
        runner.read = (*runner.read, *kept)
        runner.up_to = max(runner.up_to, self.room.seq)

    @rule(target=moves, who=st.integers(0, 1), count=st.integers(0, 4), found=st.integers(0, 2))
    def does(self, who: int, count: int, found: int) -> Move:
        """A move that may be sent later, or never; after ``enrolls`` the runner begins anew."""
        runner = self.runners[who]
        self.named += 1
        before = runner.cursor or JobCursor("", 0, "of nobody")
        done = runner.read[:count]
        to = done[-1] if done else before
        after = JobCursor(to.epoch, to.seq, str(self.named))
        payloads = tuple(f"found {self.named} {n}".encode() for n in range(found))
        runner.cursor, runner.read = after, runner.read[count:]
        return Move(before, after, done, payloads)

    @rule(move=moves)
    def moves_arrive(self, move: Move) -> None:
        before = self.room
        if before.life != "alive":
            with pytest.raises(RoomGoneError):
                ledger.advance(before, "job", move.before, move.after, move.found)
            return
        self.room, result = ledger.advance(before, "job", move.before, move.after, move.found)
        if result != "moved":
            assert self.room == before
            assert (result == "already") == (before.jobs.get("job") == move.after)
            return
        assert before.jobs["job"] == move.before
        for entry in self.room.ingest[len(before.ingest) :]:
            self.entries[entry.cursor] = entry
        self.done.update((each.epoch, each.seq) for each in move.done)
        self.found.update(move.found)
        passed = [each for each in before.timeline if move.before.seq < each.seq <= move.after.seq]
        assert set(passed) <= set(move.done)  # no commit is left out

    def _only_what_is_too_far_behind_is_cut(self, before: Room) -> None:
        """Notes what was trimmed before the job had done with it."""
        at = before.jobs.get("job")
        if at is None:
            return
        left = [each.seq for each in self.room.timeline]
        size = sum(len(each.envelope) for each in (*before.timeline, self.room.timeline[-1]))
        for entry in before.timeline:
            is_cut = entry.seq > at.seq and entry.seq not in left
            if is_cut and at.seq >= before.trimmed:
                late = self.now_ms - entry.at_ms > KEEPING.lag_ms
                assert late or size > KEEPING.lag_bytes
            if is_cut:
                self.cut.add((entry.epoch, entry.seq))
            size -= len(entry.envelope)

    def _without_a_job_the_timeline_is_small(self) -> None:
        *older, newest = self.room.timeline
        at = self.room.jobs.get("job")
        if at is None or at.seq >= newest.seq or at.seq < self.room.trimmed:
            size = sum(len(each.envelope) for each in (*older, newest))
            assert not older or (len(older) < KEEPING.seqs and size <= KEEPING.size)

    @rule()
    def the_store_loses_the_head(self) -> None:
        self.room = ledger.lose_head(self.room)

    @rule()
    def is_made_anew(self) -> None:
        before = self.room
        seen = max(self.views.values(), key=lambda view: view.offset)
        # As by the clock: beyond whatever was given out.
        beyond = len(self.entries) + 36 * (self.epochs + 1)
        self.room, result = ledger.create(
            before, self._new_epoch(), {}, {}, beyond, seen.seq, seen.offset
        )
        assert result == ("exists" if before.life == "alive" else "created")
        assert (self.room == before) is (result == "exists")

    def _new_epoch(self) -> str:
        self.epochs += 1
        return f"e{self.epochs}"

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def no_acknowledged_comment_is_lost(self) -> None:
        waiting = {entry.comment for entry in self.room.ingest}
        recorded = {id for _, id in self.room.record}
        kept = waiting | recorded | self.room.held.keys() | self.rejected_by_hand
        assert self.accepted <= kept

    @invariant()
    def only_what_was_committed_is_trimmed(self) -> None:
        waiting = {entry.cursor for entry in self.room.ingest}
        assert self.entries.keys() - waiting == self.committed

    @invariant()
    def each_comment_has_an_id_of_its_own_and_they_sort_as_they_came(self) -> None:
        ids = [entry.comment for entry in self.entries.values() if entry.comment]
        assert ids == sorted(set(ids))

    @invariant()
    def the_backlog_is_bounded(self) -> None:
        comments = [entry for entry in self.room.ingest if entry.comment]
        assert len(comments) <= LIMITS.backlog

    @invariant()
    def the_timeline_runs_on_and_within_an_epoch_without_a_gap(self) -> None:
        timeline = self.room.timeline
        assert [each.seq for each in timeline] == sorted({each.seq for each in timeline})
        for epoch, kept in groupby(timeline, lambda each: each.epoch):
            seqs = [each.seq for each in kept]
            assert seqs == list(range(seqs[0], seqs[-1] + 1))
            assert epoch != self.room.epoch or seqs[-1] == self.room.seq

    @invariant()
    def the_newest_commits_are_kept(self) -> None:
        mine = [each.seq for each in self.room.timeline if each.epoch == self.room.epoch]
        of_epoch = [seq for epoch, seq in self.made if epoch == self.room.epoch]
        newest: set[int] = set()
        size = 0
        for seq in sorted(of_epoch, reverse=True)[: KEEPING.seqs]:
            size += len(self.by_seq[self.room.epoch, seq])
            if not newest or size <= KEEPING.size:
                newest.add(seq)
        assert self.room.life != "alive" or newest <= set(mine)

    @invariant()
    def a_job_has_each_commit_before_it_or_behind_it_or_is_too_far_behind(self) -> None:
        at = self.room.jobs.get("job")
        if at is None:
            return
        kept = {(each.epoch, each.seq) for each in self.room.timeline if each.seq > at.seq}
        began = {each for each in self.made if each[1] > self.began_at}
        assert began <= kept | self.done.keys() | self.cut

    @invariant()
    def what_a_job_finds_out_enters_once_with_the_move(self) -> None:
        assert all(count == 1 for count in self.found.values())
        assert all(count == 1 for count in self.done.values())
        entered = Counter(
            each.payload for each in self.entries.values() if b"found" in each.payload
        )
        assert entered == self.found


class Poll(RuleBasedStateMachine):
    """One shard of a poll; ballots come again whenever they like."""

    sent = Bundle("sent")

    @initialize(change=st.booleans())
    def opens(self, change: bool) -> None:
        self.change = change
        self.shard = ledger.open_shard(Shard())
        self.lost = False
        self.final: tuple[Shard, Counter[int]] | None = None
        self.counted: dict[str, list[Ballot]] = {}

    @rule(target=sent, ballot=ballots)
    def votes(self, ballot: Ballot) -> Ballot:
        return ballot

    @rule(batch=st.lists(sent, min_size=1, max_size=4))
    def arrive(self, batch: list[Ballot]) -> None:
        self.shard, answers = ledger.cast(self.shard, batch, self.change, CHANGES_MAX, RACE)
        for ballot, answer in zip(batch, answers, strict=True):
            mine = self.counted.setdefault(ballot.voter, [])
            known = any(each.message_id == ballot.message_id for each in mine)
            assert known == (answer == "repeated")
            if answer == "counted":
                assert not self.lost
                assert self.final is None
                assert ballot.in_window
                mine.append(ballot)

    @rule()
    def the_store_loses_it(self) -> None:
        self.lost = True
        self.shard = Shard()
        self.counted = {}
        self.final = None

    @rule()
    def closes(self) -> None:
        self.shard = ledger.close(self.shard)
        if self.final is None:
            self.final = (self.shard, +Counter(self.shard.tally))

    @invariant()
    def the_tally_is_the_last_choice_of_every_voter(self) -> None:
        last = Counter[int]()
        for ballot in self.last_ballots:
            for option in ballot.choices:
                last[option] += ballot.weight
        assert +Counter(self.shard.tally) == +last
        assert all(votes >= 0 for votes in self.shard.tally.values())

    @property
    def last_ballots(self) -> list[Ballot]:
        return [mine[-1] for mine in self.counted.values() if mine]

    @invariant()
    def the_fastest_are_those_of_all_whose_last_choice_is_right(self) -> None:
        right = [ballot for ballot in self.last_ballots if ballot.choices == (RACE.answer,)]
        right.sort(key=lambda ballot: (ballot.ms, ballot.voter))
        assert list(self.shard.fastest.items())[: RACE.kept] == [
            (ballot.voter, (ballot.ms, ballot.name)) for ballot in right[: RACE.kept]
        ]

    @invariant()
    def nobody_votes_oftener_than_the_poll_lets_them(self) -> None:
        most = 1 + CHANGES_MAX if self.change else 1
        assert all(len(mine) <= most for mine in self.counted.values())

    @invariant()
    def after_the_close_nothing_moves(self) -> None:
        if self.final is not None:
            assert self.final == (self.shard, +Counter(self.shard.tally))


nodes = st.sampled_from(["one", "two", "three"])
cursors = st.sampled_from(["1-0", "2-0"])


class Posts(RuleBasedStateMachine):
    """Who has a room, told from a log of all that the holders did since the room was whole."""

    def __init__(self) -> None:
        super().__init__()
        self.post = Post()
        self.holder = ""
        self.log: list[tuple[str, str]] = []  # node, cursor of the entry that it tries, or none

    def _may(self, node: str) -> bool:
        if self.holder not in ("", node):
            return False
        self.holder = node
        self.log.append((node, ""))
        return True

    @property
    def _lost(self) -> int:
        return len(list(groupby(node for node, _ in self.log))) - 1

    @rule(node=nodes)
    def holds(self, node: str) -> None:
        self.post, answer = ledger.hold(self.post, node)
        assert answer == (self._lost if self._may(node) else None)

    @rule(node=nodes)
    def gives_back(self, node: str) -> None:
        if self.holder in ("", node):
            self.holder = ""
            if self.log and self.log[-1][0] == node:
                self.log.clear()
        self.post = ledger.give_back(self.post, node)

    @rule(node=nodes)
    def has_recovered(self, node: str) -> None:
        self.post, answer = ledger.recover(self.post, node)
        if self._may(node):
            self.log = [(node, "")]
            assert answer == 0
        else:
            assert answer is None

    @rule(node=nodes, cursor=cursors)
    def tries(self, node: str, cursor: str) -> None:
        self.post, answer = ledger.try_alone(self.post, node, cursor)
        if not self._may(node):
            assert answer is None
            return
        self.log.append((node, cursor))
        tried = [each for each in self.log if each[1]]
        run = list(takewhile(lambda each: each[1] == cursor, reversed(tried)))
        assert answer == len(list(groupby(run))) - 1

    @rule()
    def runs_out(self) -> None:
        self.post = ledger.run_out(self.post)
        self.holder = ""

    @invariant()
    def the_room_has_one_holder_or_none(self) -> None:
        assert self.post.lease == self.holder
        assert self.post.lost == max(0, self._lost)


TestPosts = Posts.TestCase
TestPosts.settings = settings(max_examples=60 * TIMES, stateful_step_count=30, deadline=None)
TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=60 * TIMES, stateful_step_count=40, deadline=None)
TestPoll = Poll.TestCase
TestPoll.settings = settings(max_examples=60 * TIMES, stateful_step_count=30, deadline=None)


@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=50, unique=True))
def test_short_ids_sort_as_their_numbers_do(numbers: list[int]) -> None:
    ids = [ledger.short_id(number) for number in sorted(numbers)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_an_id_is_remembered_for_five_minutes_whenever_it_came() -> None:
    item = Item("ada", "1", "c", b"hello")
    for phase_ms in (0, 1, PERIOD_MS // 2, PERIOD_MS - 1):
        came_ms = 10 * PERIOD_MS + phase_ms
        room, (answer,) = ledger.append(Room("e"), [item], FREE, came_ms)
        assert ledger.append(room, [item], FREE, came_ms + PERIOD_MS) == (room, [answer])
        again, _ = ledger.append(room, [item], FREE, came_ms + 2 * PERIOD_MS)
        assert again.entered == 2


def test_nothing_enters_a_room_that_has_ended_and_nothing_of_it_comes_back() -> None:
    item = Item("ada", "1", "c", b"hello")
    room, _ = ledger.append(Room("e"), [item], FREE, PERIOD_MS)
    proposal = Proposal("p", room.place, 1, 1, 1, 0, b"p")
    room, ended = ledger.end(room)
    assert ended == "ended"
    assert ledger.end(room) == (room, "already")
    assert ledger.commit(room, proposal, KEEPING) == (room, "conflict")
    assert ledger.create(room, "f", {}, {}) == (room, "ending")
    with pytest.raises(RoomEndedError):
        ledger.append(room, [item], FREE, PERIOD_MS)
    with pytest.raises(RoomEndedError):
        ledger.renew(room, "e", "f", 0, 0)
    swept = ledger.sweep(room)
    assert ledger.end(swept) == (swept, "already")
    with pytest.raises(RoomEndedError):
        ledger.append(swept, [item], FREE, PERIOD_MS)
    anew, result = ledger.create(swept, "f", {"settings": b"s"}, {}, next_comment=room.comments)
    assert (result, anew.ingest, anew.answers, anew.record) == ("created", (), {}, frozenset())
    assert ledger.commit(anew, proposal, KEEPING) == (anew, "conflict")
    again, (answer,) = ledger.append(anew, [item], FREE, PERIOD_MS)
    assert again.entered == room.entered + 1
    assert answer.comment == ledger.short_id(room.comments + 1)
    assert ledger.sweep(again) == again


def test_a_sequencer_that_was_replaced_commits_nothing() -> None:
    room, _ = ledger.append(Room("e"), [Item("ada", "1", "c", b"hello")], FREE, PERIOD_MS)
    old = Proposal("old", room.place, 1, 1, 1, 0, b"old")
    new = replace(old, name="new", envelope=b"new")
    room, result = ledger.commit(room, new, KEEPING)
    assert result == "committed"
    assert ledger.commit(room, old, KEEPING) == (room, "conflict")
    assert room.place == Place("e", 1, 1)


def _committed(room: Room, name: str, seq: int | None = None) -> Room:
    number = room.seq + 1 if seq is None else seq
    proposal = Proposal(name, room.place, number, 0, room.cursor, 0, name.encode())
    moved, result = ledger.commit(room, proposal, KEEPING)
    assert result == "committed"
    return moved


def test_who_saw_what_the_store_has_lost_passes_over_nothing_that_came_in_its_place() -> None:
    room, start = ledger.enroll(_committed(Room("e"), "one"), "job", "start")
    lost = _committed(room, "two")
    seen = [(each.epoch, each.seq) for each in lost.timeline]
    assert seen == [("e", 1), ("e", 2)]
    # The store starts again without its last commit. No edge had seen it.
    room, _ = ledger.renew(room, "e", "f", room.seq, room.offset)
    room = _committed(room, "instead of two")
    after = JobCursor("e", 2, "done with two")
    assert ledger.advance(room, "job", start, after) == (room, "conflict")
    assert [each.envelope for each in room.timeline] == [b"one", b"instead of two"]
    moved, result = ledger.advance(room, "job", start, JobCursor("e", 1, "done with one"))
    assert (result, moved.jobs["job"].seq) == ("moved", 1)


def test_a_job_that_was_passed_by_has_no_claim_until_it_moves() -> None:
    room, start = ledger.enroll(Room("e"), "job", "start")
    narrow = replace(KEEPING, lag_bytes=6)
    for name in "abcdefgh":
        proposal = Proposal(name, room.place, room.seq + 1, 0, 0, 0, name.encode() * 2)
        room, _ = ledger.commit(room, proposal, narrow)
    assert [each.seq for each in room.timeline] == [6, 7, 8]
    for name in "ijklmnopq":
        room = _committed(room, name)
    assert [each.seq for each in room.timeline] == [15, 16, 17]
    room, result = ledger.advance(room, "job", start, JobCursor("e", 14, "told what it missed"))
    assert result == "moved"
    for name in "rstuvwxyz":
        room = _committed(room, name)
    assert [each.seq for each in room.timeline] == [*range(15, 27)]


def test_what_is_forgotten_early_leaves_what_a_job_has_still_to_read() -> None:
    room = Room("e")
    for name in "ab":
        room = _committed(room, name)
    room, start = ledger.enroll(room, "job", "start")
    for name in "cd":
        room = _committed(room, name)
    room, _ = ledger.advance(room, "job", start, JobCursor("e", 3, "done with c"))
    room, up_to = ledger.forget(room, 4, is_late=False)
    assert ([each.seq for each in room.timeline], up_to) == ([4], 3)
    room, up_to = ledger.forget(room, 9, is_late=True)
    assert (room.timeline, up_to) == ((), 4)
    assert ledger.forget(ledger.lose(room), 9, is_late=True)[1] is None


def test_a_room_that_is_made_anew_goes_on_beyond_what_jobs_have_still_to_read() -> None:
    room, start = ledger.enroll(Room("e"), "job", "start")
    for name in "abcd":
        room = _committed(room, name)
    room, result = ledger.create(ledger.lose_head(room), "f", {}, {}, seq=2, offset=2)
    assert (result, room.seq) == ("created", 4)
    room = _committed(room, "anew")
    assert [(each.epoch, each.seq) for each in room.timeline] == [
        *(("e", seq) for seq in range(1, 5)),
        ("f", 5),
    ]
    room, moved = ledger.advance(room, "job", start, JobCursor("e", 4, "done"))
    assert moved == "moved"
