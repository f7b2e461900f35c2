"""A room's books as a pure state machine: what the store's scripts must do, step for step.

The invariants of the design are proven of these functions alone, by ``test_ledger.py``; that the
scripts in ``store/scripts`` are these functions, answers and contents alike, is shown against a
real Valkey by ``test_scripts.py``. Nothing here knows Redis, a connection or a clock: each function
takes the books and an event and gives the books after it, and what was answered.

Cursors are numbers here (the n-th entry that ever entered); the store's are stream ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from grandstand.domain.limits import Bucket, Rate
from grandstand.domain.polls.votes import Ballot
from grandstand.store.errors import RoomEndedError, RoomGoneError
from grandstand.store.ingest import Appended, Item
from grandstand.store.votes import Cast

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds an append; the caps count entries of the ingest stream and held comments."""

    period_ms: int
    rate: Rate
    backlog: int
    held: int


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much of the timeline stays: of the newest ``seqs`` those that have at most ``size`` bytes
    together, but the last in any case; and before them what a job hasn't read, for at most
    ``lag_ms``, and ``lag_bytes`` from there to the end."""

    seqs: int
    size: int
    lag_ms: int
    lag_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the ingest stream; ``comment`` is empty for control.

    ``attempt`` names the call that made it: a call that is sent again is another attempt.
    """

    cursor: int
    comment: str
    payload: bytes
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a room stood, as a sequencer saw it."""

    epoch: str
    seq: int
    cursor: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A commit as a sequencer sends it; ``name`` recognises it when it comes again.

    ``attempt`` is that of the entry at ``cursor``, if the commit is of entries.
    """

    name: str
    before: Place
    seq: int
    offset: int
    cursor: int
    now: int
    envelope: bytes
    attempt: str = ""
    state: Mapping[str, bytes] = field(default_factory=dict)
    polls: Mapping[str, bytes] = field(default_factory=dict)
    held: Mapping[str, bytes] = field(default_factory=dict)
    decided: Sequence[str] = ()
    sanctions: Mapping[str, bytes | None] = field(default_factory=dict)  # None: lifted, or over
    entities: Mapping[str, bytes] = field(default_factory=dict)
    rows: Sequence[tuple[int, str]] = ()  # at, comment id
    retracted: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """One commit in the timeline; ``at_ms`` is when it was made, by the store's clock."""

    epoch: str
    seq: int
    envelope: bytes
    at_ms: int


@dataclass(frozen=True, slots=True)
class JobCursor:
    """What a job has done with: all up to this commit. ``move`` names the move that led here."""

    epoch: str
    seq: int
    move: str


@dataclass(frozen=True, slots=True)
class Room:
    """All that the store keeps of one room, votes apart.

    ``trimmed``: up to this seq nothing of the timeline is left.

    ``life``: what became of its head. It is ``lost`` where the store forgot it, ``ended`` once a
    producer deleted the room, and ``swept`` once all that the room had is gone.
    """

    epoch: str
    life: Literal["alive", "lost", "ended", "swept"] = "alive"
    seq: int = 0
    offset: int = 0
    cursor: int = 0
    now: int = 0
    sealed: int = 0
    commit: str = ""
    comments: int = 0
    entered: int = 0
    answers: Mapping[tuple[int, bytes], Appended] = field(default_factory=dict)
    arrivals: Mapping[str, float] = field(default_factory=dict)
    ingest: tuple[Entry, ...] = ()
    timeline: tuple[Kept, ...] = ()
    trimmed: int = 0
    jobs: Mapping[str, JobCursor] = field(default_factory=dict)
    state: Mapping[str, bytes] = field(default_factory=dict)
    polls: Mapping[str, bytes] = field(default_factory=dict)
    held: Mapping[str, bytes] = field(default_factory=dict)
    sanctions: Mapping[str, bytes] = field(default_factory=dict)
    entities: Mapping[str, bytes] = field(default_factory=dict)
    record: frozenset[tuple[int, str]] = frozenset()
    retracted: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()

    @property
    def place(self) -> Place:
        return Place(self.epoch, self.seq, self.cursor)


@dataclass(frozen=True, slots=True)
class Race:
    """What a quiz ranks its voters by: the right option; ``kept`` of the fastest stay if votes
    don't change."""

    answer: int
    kept: int


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of a poll: a voter's messages, the newest first, and the sums; of a quiz besides
    those with the right answer, by ms and name.

    One that isn't ``opened`` was never made, or the store has lost it.
    """

    opened: bool = False
    closed: bool = False
    votes: Mapping[str, tuple[Ballot, ...]] = field(default_factory=dict)
    tally: Mapping[int, int] = field(default_factory=dict)
    fastest: Mapping[str, tuple[int, str]] = field(default_factory=dict)


def short_id(number: int) -> str:
    """Base 36, led by a letter that tells the length, so that ids sort as their numbers do."""
    text = ""
    while number or not text:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return chr(96 + len(text)) + text


# --- what enters ---------------------------------------------------------------------------------


def append(
    room: Room, items: Sequence[Item], limits: Limits, now_ms: int, attempt: str = ""
) -> tuple[Room, list[Appended]]:
    """One micro-batch, in its order; each item sees what those before it did.

    Raises RoomGoneError, RoomEndedError: nobody would read what is appended.
    """
    _require_head(room)
    # The shelf counts what is held by commit; what this batch holds comes on top of it.
    shelf = limits.held - len(room.held)
    answers: list[Appended] = []
    for item in items:
        before = room.comments
        room, answer = _append(room, item, limits, shelf, now_ms, attempt)
        shelf -= answer.result == "held" and room.comments > before
        answers.append(answer)
    return room, answers


def _append(
    room: Room, item: Item, limits: Limits, shelf: int, now_ms: int, attempt: str
) -> tuple[Room, Appended]:
    period = now_ms // limits.period_ms
    for each in (period - 1, period):
        if (each, item.key) in room.answers:
            return room, room.answers[each, item.key]
    if item.kind == "q":
        return room, Appended("unknown")
    if item.kind in "ch" and len(room.ingest) >= limits.backlog:
        return room, Appended("overloaded")
    if item.kind == "h" and shelf <= 0:
        return room, Appended("overloaded")
    if item.kind != "x" and limits.rate.interval_ms:
        bucket = Bucket(room.arrivals.get(item.user, 0.0))
        wait_ms = bucket.take(now_ms, limits.rate)
        if wait_ms:
            return room, Appended("limited", wait_ms=int(wait_ms))
        room = replace(room, arrivals={**room.arrivals, item.user: bucket.arrival_ms})
    if item.kind == "r":
        answer = Appended("rejected", reason=item.payload.decode())
    else:
        comment = ""
        if item.kind != "x":
            room = replace(room, comments=room.comments + 1)
            comment = short_id(room.comments)
        entry = Entry(room.entered + 1, comment, item.payload, attempt)
        room = replace(room, entered=entry.cursor, ingest=(*room.ingest, entry))
        answer = Appended("held" if item.kind == "h" else "accepted", comment=comment)
    return replace(room, answers={**room.answers, (period, item.key): answer}), answer


# --- what the sequencer makes of it --------------------------------------------------------------


def commit(
    room: Room, proposal: Proposal, keeping: Keeping, now_ms: int = 0
) -> tuple[Room, Literal["committed", "already", "conflict"]]:
    """Moves the room on from the place the proposal saw, or not at all.

    The last entry that the proposal read must be here: else it was read from another server, which
    this one didn't follow up to there, and its sender has no answer.
    """
    if room.life != "alive":
        return room, "conflict"
    if (room.epoch, room.seq, room.commit) == (
        proposal.before.epoch,
        proposal.seq,
        proposal.name,
    ):
        return room, "already"
    if room.place != proposal.before or proposal.now < room.sealed:
        return room, "conflict"
    read_last = (proposal.cursor, proposal.attempt)
    if proposal.cursor != room.cursor and all(
        (entry.cursor, entry.attempt) != read_last for entry in room.ingest
    ):
        return room, "conflict"
    held = {**room.held, **proposal.held}
    sanctions = {**room.sanctions, **proposal.sanctions}
    moved = replace(
        room,
        seq=proposal.seq,
        offset=proposal.offset,
        cursor=proposal.cursor,
        now=proposal.now,
        commit=proposal.name,
        ingest=tuple(entry for entry in room.ingest if entry.cursor > proposal.cursor),
        timeline=(
            *room.timeline,
            Kept(room.epoch, proposal.seq, proposal.envelope, now_ms),
        ),
        state={**room.state, **proposal.state},
        polls={**room.polls, **proposal.polls},
        held={id: text for id, text in held.items() if id not in proposal.decided},
        sanctions={user: sanction for user, sanction in sanctions.items() if sanction is not None},
        entities={**room.entities, **proposal.entities},
        record=room.record | set(proposal.rows),
        retracted=room.retracted | set(proposal.retracted),
    )
    older = max(
        proposal.seq - keeping.seqs,
        *(each.seq for each in moved.timeline[:-1] if _size_from(moved, each) > keeping.size),
        0,
    )
    up_to = _unclaimed(moved, older)
    for entry in moved.timeline:
        size = _size_from(moved, entry)
        is_over = now_ms - entry.at_ms > keeping.lag_ms or size > keeping.lag_bytes
        if up_to < entry.seq <= older and is_over:
            up_to = entry.seq
        elif entry.seq > up_to:
            break
    return _trim(moved, up_to), "committed"


def _size_from(room: Room, first: Kept) -> int:
    """The bytes of the timeline from a commit to the end."""
    return sum(len(each.envelope) for each in room.timeline if each.seq >= first.seq)


def seal(room: Room, epoch: str, until: int) -> tuple[Room, int | None]:
    """Promises that no commit of before ``until`` comes in ``epoch``; the last seq, or None."""
    if room.life != "alive" or room.epoch != epoch:
        return room, None
    return replace(room, sealed=max(room.sealed, until)), room.seq


def forget(room: Room, seq: int, is_late: bool) -> tuple[Room, int | None]:
    """Trims the timeline up to ``seq``, but for what a job has still to read unless it ``is_late``;
    up to where nothing is left, or None."""
    if room.life != "alive":
        return room, None
    up_to = min(seq, room.seq)
    room = _trim(room, up_to if is_late else _unclaimed(room, up_to))
    return room, room.trimmed


def empty(room: Room, ids: Sequence[str]) -> Room:
    """Forgets whose rows these were, and what they said."""
    if room.life != "alive":
        return room
    known = {id for _, id in room.record}
    return replace(room, emptied=room.emptied | (known & set(ids)))


def _unclaimed(room: Room, up_to: int) -> int:
    """How far the timeline may be trimmed, at most ``up_to``: no job has it still to read.

    A job whose commits were trimmed already has no claim, until it has moved on.
    """
    return min([up_to, *(at.seq for at in room.jobs.values() if at.seq >= room.trimmed)])


def _trim(room: Room, up_to: int) -> Room:
    if up_to <= room.trimmed:
        return room
    left = tuple(entry for entry in room.timeline if entry.seq > up_to)
    return replace(room, timeline=left, trimmed=up_to)


def renew(
    room: Room, over: str, epoch: str, seen_seq: int, seen_offset: int, now: int | None = None
) -> tuple[Room, str]:
    """Begins ``epoch`` after the one that is ``over``; the epoch in force.

    Raises RoomGoneError, RoomEndedError.
    """
    _require_head(room)
    if room.epoch != over:
        return room, room.epoch
    renewed = replace(
        room,
        epoch=epoch,
        seq=max(room.seq, seen_seq),
        offset=max(room.offset, seen_offset),
        now=room.now if now is None else now,
        sealed=0,
    )
    return _trim(renewed, _unclaimed(renewed, renewed.seq)), epoch


# --- jobs, which follow the commits --------------------------------------------------------------


def enroll(room: Room, job: str, move: str) -> tuple[Room, JobCursor]:
    """Where the job stands; one that is new begins with the oldest commit that is still kept.

    So does one whose cursor lies beyond the room: it is of another that had this name.

    Raises RoomGoneError, RoomEndedError.
    """
    _require_head(room)
    at = room.jobs.get(job)
    if at is None or at.seq > room.seq:
        first = room.timeline[0].seq - 1 if room.timeline else room.seq
        at = JobCursor(room.epoch, first, move)
        room = replace(room, jobs={**room.jobs, job: at})
    return room, at


def advance(
    room: Room,
    job: str,
    before: JobCursor,
    after: JobCursor,
    found: Sequence[bytes] = (),
    attempt: str = "",
) -> tuple[Room, Literal["moved", "already", "conflict"]]:
    """Moves the job's cursor, and appends what it found out, or does neither.

    Only to a commit that the room has, or had: not into a history that was cut.

    Raises RoomGoneError, RoomEndedError.
    """
    _require_head(room)
    at = room.jobs.get(job)
    if at is not None and at.move == after.move:
        return room, "already"
    is_known = (
        (after.epoch == room.epoch and after.seq <= room.seq)
        or after.seq <= room.trimmed
        or any((each.epoch, each.seq) == (after.epoch, after.seq) for each in room.timeline)
    )
    if at != before or not is_known:
        return room, "conflict"
    for payload in found:
        entry = Entry(room.entered + 1, "", payload, attempt)
        room = replace(room, entered=entry.cursor, ingest=(*room.ingest, entry))
    return replace(room, jobs={**room.jobs, job: after}), "moved"


# --- who sequences, and whose word no longer counts ----------------------------------------------


@dataclass(frozen=True, slots=True)
class Post:
    """Who sequences a room, and how many before it were lost without giving the room back.

    ``lease`` runs out, the rest stays. ``tries``: how many holders in a row, ``by`` the last of
    them, took the entry at the cursor ``tried`` by itself.
    """

    lease: str = ""
    node: str = ""
    lost: int = 0
    tried: str = ""
    by: str = ""
    tries: int = 0


def hold(post: Post, node: str) -> tuple[Post, int | None]:
    """Takes or keeps the room; how many holders were lost, None if another has it."""
    if post.lease not in ("", node):
        return post, None
    lost = post.lost + (post.node not in ("", node))
    return replace(post, lease=node, node=node, lost=lost), lost


def give_back(post: Post, node: str) -> Post:
    """Lets another take the room at once; nothing is known of it then."""
    if post.lease not in ("", node):
        return post
    return Post() if post.node == node else replace(post, lease="")


def recover(post: Post, node: str) -> tuple[Post, int | None]:
    """Notes that the holder survived what those before it were lost over."""
    post, lost = hold(post, node)
    return post if lost is None else Post(lease=node, node=node), None if lost is None else 0


def try_alone(post: Post, node: str, cursor: str) -> tuple[Post, int | None]:
    """Notes which entry the holder takes by itself; how many were lost over that entry."""
    post, lost = hold(post, node)
    if lost is None:
        return post, None
    tries = post.tries if post.tried == cursor else 0
    if (post.tried, post.by) != (cursor, node):
        tries += 1
    return replace(post, tried=cursor, by=node, tries=tries), tries - 1


def run_out(post: Post) -> Post:
    """The holder has been silent for too long."""
    return replace(post, lease="")


def revoke(
    revoked: Mapping[str, int], name: str, until: int, now_ms: int, most: int
) -> tuple[Mapping[str, int], bool]:
    """Revokes ``name`` until then, or lifts it if that is over; whether there was room for it."""
    if until <= now_ms:
        return {each: when for each, when in revoked.items() if each != name}, True
    if name not in revoked and len(revoked) >= most:
        revoked = {each: when for each, when in revoked.items() if when > now_ms}
        if len(revoked) >= most:
            return revoked, False
    return {**revoked, name: until}, True


def put_back(revoked: Mapping[str, int], known: Mapping[str, int]) -> Mapping[str, int]:
    """Revokes again what was ``known`` and the store has lost."""
    return {**known, **revoked}


# --- a room's beginning and end -----------------------------------------------------------------


def create(
    room: Room,
    epoch: str,
    state: Mapping[str, bytes],
    sanctions: Mapping[str, bytes],
    next_comment: int = 0,
    seq: int = 0,
    offset: int = 0,
) -> tuple[Room, Literal["created", "exists", "ending"]]:
    """Makes the room, or makes it anew where its head was lost.

    What the store still has of it stays: comments that wait are sequenced after all. ``state`` and
    ``sanctions`` are what is known of the room. New comments are numbered beyond all old ones, and
    new commits beyond all that the store still knows of.
    """
    if room.life == "alive":
        return room, "exists"
    if room.life == "ended":
        return room, "ending"
    known = [entry.seq for entry in room.timeline] + [at.seq for at in room.jobs.values()]
    seq = max(seq, *known, 0)
    made = replace(
        room,
        epoch=epoch,
        life="alive",
        seq=seq,
        offset=offset,
        cursor=0,
        now=0,
        sealed=0,
        commit="",
        comments=next_comment,
        trimmed=room.timeline[0].seq - 1 if room.timeline else 0,
        state=dict(state),
        sanctions={**room.sanctions, **sanctions},
    )
    return _trim(made, _unclaimed(made, seq)), "created"


def lose(room: Room) -> Room:
    """The store forgets everything: it was flushed, or another took its place."""
    return Room("", life="lost", entered=room.entered)


def lose_entries(room: Room, count: int) -> Room:
    """A server takes over that never got the last entries."""
    return replace(room, ingest=room.ingest[: len(room.ingest) - count])


def lose_head(room: Room, loses_timeline: bool = False) -> Room:
    """The store forgets the head, and the timeline too or not: keys were evicted, or deleted."""
    return replace(room, epoch="", life="lost", timeline=() if loses_timeline else room.timeline)


def end(room: Room) -> tuple[Room, Literal["ended", "already"]]:
    """A producer deletes the room: from now on nothing enters it. Raises RoomGoneError."""
    if room.life == "lost":
        raise RoomGoneError
    if room.life in ("ended", "swept"):
        return room, "already"
    return replace(room, life="ended"), "ended"


def sweep(room: Room) -> Room:
    """Forgets all that an ended room had; a room that hasn't ended keeps everything."""
    return replace(lose(room), life="swept") if room.life == "ended" else room


def _require_head(room: Room) -> None:
    if room.life == "lost":
        raise RoomGoneError
    if room.life != "alive":
        raise RoomEndedError


# --- votes ---------------------------------------------------------------------------------------


def cast(
    shard: Shard,
    ballots: Sequence[Ballot],
    change: bool,
    changes_max: int,
    race: Race | None = None,
) -> tuple[Shard, list[Cast]]:
    """One batch of votes, in its order."""
    answers: list[Cast] = []
    for ballot in ballots:
        shard, answer = _cast(shard, ballot, change, changes_max)
        if race is not None and answer == "counted":
            shard = replace(shard, fastest=_ranked(shard, ballot, change, race))
        answers.append(answer)
    return shard, answers


def _cast(shard: Shard, ballot: Ballot, change: bool, changes_max: int) -> tuple[Shard, Cast]:
    before = shard.votes.get(ballot.voter, ())
    if any(each.message_id == ballot.message_id for each in before):
        return shard, "repeated"
    if before and (not change or len(before) > changes_max):
        return shard, "voted_already"
    if shard.closed or not ballot.in_window:
        return shard, "too_late"
    if not shard.opened:
        return shard, "lost"
    tally = dict(shard.tally)
    for option in before[0].choices if before else ():
        tally[option] -= before[0].weight
    for option in ballot.choices:
        tally[option] = tally.get(option, 0) + ballot.weight
    votes = {**shard.votes, ballot.voter: (ballot, *before)}
    return replace(shard, votes=votes, tally=tally), "counted"


def _ranked(
    shard: Shard, ballot: Ballot, change: bool, race: Race
) -> Mapping[str, tuple[int, str]]:
    """Who answered rightly, once ``ballot`` has counted. Where votes may change all stay: any of
    them may change it, and the next one takes the place."""
    fastest = {voter: at for voter, at in shard.fastest.items() if voter != ballot.voter}
    if ballot.choices == (race.answer,):
        fastest[ballot.voter] = ballot.ms, ballot.name
    order = sorted(fastest, key=lambda voter: (fastest[voter][0], voter.encode()))
    return {voter: fastest[voter] for voter in (order if change else order[: race.kept])}


def open_shard(shard: Shard) -> Shard:
    """From now on votes count; again is the same."""
    return replace(shard, opened=True)


def close(shard: Shard) -> Shard:
    """From now on nothing counts any more."""
    return replace(shard, closed=True)
