"""Commits: the one way in which a room changes, and what edges load and catch up from.

A commit compares and sets (epoch, seq, cursor). So of two sequencers that both believe they hold
the lease, only one moves the room. A commit that was cut off and sent again is recognised by its id
(invariants 2 and 3).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack
import msgspec
import structlog

from grandstand.domain import envelope
from grandstand.domain.envelope import Commit, Latest, Renewed
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.record import Row, imported_at
from grandstand.domain.state import PARTS, RoomState
from grandstand.domain.stored_state import UNREADABLE, item_of, state_of
from grandstand.store import keys
from grandstand.store.errors import (
    ConflictError,
    RoomEndedError,
    StoreUnavailable,
    UnknownRoomError,
)
from grandstand.store.ingest import Entry
from grandstand.store.losses import Losses
from grandstand.store.lua import load
from grandstand.store.reader import Reader
from grandstand.store.writer import Call, Writer
from grandstand.wire.messages import HeldComment

KEPT = 600
KEPT_BYTES = 64 * 2**20
"""Commits that the timeline keeps: twice an edge's ring, two minutes at a tick of 200 ms; and how
many bytes these have at most, the newest apart. 1,000 entities a second of 350 bytes, with as many
comments as a room can take, have 50 MB in two minutes."""

LAG_MS = 600_000
LAG_BYTES = 256 * 2**20
"""What the timeline keeps besides for a job that lags (invariant 7).

A job that lags further is told which commits it missed.
"""

BUCKET_MARGIN_S = 3600

_COMMIT, _RENEW, _SEAL, _FORGET = map(load, ("commit", "renew", "seal", "forget"))
_NOT_HERE = -2
_encoder = msgspec.msgpack.Encoder()
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """A room's position: the last commit's number, offset, cursor and programme time; ``now`` is
    later where the room was sealed since."""

    epoch: str
    seq: int
    offset: int
    cursor: str
    now: int
    run: str
    salt: bytes


@dataclass(slots=True)
class Snapshot:
    """A room at one commit; its entities, if it ``has_entities``, are read by themselves."""

    head: Head
    state: RoomState
    held: dict[str, HeldComment]
    has_entities: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What one commit writes besides the envelope."""

    parts: frozenset[str]
    rows: Sequence[Row]
    polls: Sequence[PollRecord]
    held: Sequence[HeldComment]
    decided: Sequence[str]
    retracted: Sequence[str]
    rundown_items: bytes | None = None


class Timeline:
    """The commits of all rooms."""

    def __init__(self, reader: Reader, writer: Writer, losses: Losses) -> None:
        self._reader = reader
        self._writer = writer
        self._losses = losses

    async def commit(
        self,
        room: str,
        head: Head,
        last: Entry | None,
        commit: Commit,
        state: RoomState,
        changes: Changes,
    ) -> Head:
        """Move ``room`` from ``head`` to ``commit`` and publish it; return the new head.

        ``last`` is the last entry that the commit is made of; None if time alone made it.

        Raises ConflictError if the room isn't at ``head`` any more, was sealed beyond the commit's
        time meanwhile, or doesn't have the entries: they were read from a server that was replaced
        since, and nobody was told that they are safe. Raises StoreUnavailable as every write; then
        the same call may be made again, as it stands.
        """
        cursor = head.cursor if last is None else last.cursor
        attempt = b"" if last is None else last.attempt
        (reply,) = await self._writer.all(
            [_commit_call(room, head, cursor, attempt, commit, state, changes)]
        )
        if int(reply[0]) == _NOT_HERE:
            raise ConflictError(f"{room}: the entry {cursor} that was read isn't there any more")
        if int(reply[0]) < 0:
            seq, place = (part.decode() if part else "-" for part in reply[2:4])
            raise ConflictError(
                f"{room}: not at seq {head.seq}, cursor {head.cursor} but at {seq}, {place}"
                + (", and its time was sealed" if seq == str(head.seq) else "")
            )
        return replace(head, seq=commit.seq, offset=commit.offset, cursor=cursor, now=commit.now)

    async def head(self, room: str) -> tuple[str, int] | None:
        """Return the room's epoch and seq; None if it doesn't exist, or was deleted."""
        return (await self.heads([room]))[room]

    async def heads(self, rooms: Sequence[str]) -> dict[str, tuple[str, int] | None]:
        """Return ``head`` of each room, but of those whose server is away.

        Raises StoreUnavailable if nobody answers.
        """
        rows = await self._reader.ask_each(
            [("HMGET", keys.head(room), "epoch", "seq", "ended") for room in rooms]
        )
        away = [row for row in rows if isinstance(row, StoreUnavailable)]
        if away and len(away) == len(rows):
            raise away[0]
        return {
            room: None if row[0] is None or row[2] is not None else (row[0].decode(), int(row[1]))
            for room, row in zip(rooms, rows, strict=True)
            if not isinstance(row, StoreUnavailable)
        }

    async def load(self, room: str) -> Snapshot:
        """Return the room as its last commit left it. Raises UnknownRoomError, RoomEndedError."""
        head, stored, held, sanctions, entities = await self._reader.ask_all(
            [
                ("HGETALL", keys.head(room)),
                ("HMGET", keys.state(room), *PARTS),
                ("HGETALL", keys.held(room)),
                ("HGETALL", keys.sanctions(room)),
                ("EXISTS", keys.entities(room)),
            ],
            at_once=True,
        )
        if b"ended" in head:
            raise RoomEndedError(room)
        if b"epoch" not in head:
            raise UnknownRoomError(room)
        parts = {name: part for name, part in zip(PARTS, stored, strict=True) if part is not None}
        if "settings" not in parts:  # it was made with them
            log.error("state_lost", room=room)
            self._losses.count("state")
        waiting = {each.decode(): item_of(row, HeldComment) for each, row in held.items()}
        return Snapshot(
            head=Head(
                epoch=head[b"epoch"].decode(),
                seq=int(head[b"seq"]),
                offset=int(head[b"offset"]),
                cursor=head[b"cursor"].decode(),
                now=max(int(head[b"now"]), int(head.get(b"sealed", 0))),
                run=head[b"run"].decode(),
                salt=head[b"salt"],
            ),
            state=_state(
                room, parts, sanctions, [each for each in waiting if waiting[each] is None]
            ),
            held={each: comment for each, comment in waiting.items() if comment is not None},
            has_entities=bool(entities),
        )

    async def since(self, room: str, seq: int, count: int = KEPT) -> list[Commit]:
        """Return the first ``count`` commits after ``seq`` that are still kept, oldest first."""
        after = f"({seq}-0"
        rows = await self._reader.ask("XRANGE", keys.timeline(room), after, "+", "COUNT", count)
        commits = []
        for entry, fields in rows:
            try:
                commit = envelope.decode(fields[b"e"])
            except UNREADABLE:  # whoever follows finds a gap, and loads the room
                log.warning("commit_unreadable", room=room, entry=entry.decode())
                continue
            if isinstance(commit, Commit):
                commits.append(commit)
        return commits

    async def publish(self, room: str, latest: Latest) -> None:
        """Publish a frame that nobody will miss; commits are published by their script."""
        await self._reader.ask("SPUBLISH", keys.bus(room), envelope.encode(latest))

    async def seal(self, room: str, epoch: str, until: int, offset_ms: int) -> int | None:
        """Have the store refuse commits of programme times before ``until`` (ms) in ``epoch``.

        Returns the number of the last commit: who knows it knows all of before ``until``. Returns
        None if nothing was promised: the room is in another epoch or gone, or ``until`` lies ahead
        of the store's clock less ``offset_ms``, the room's ``programme_offset``.

        Raises StoreUnavailable.
        """
        call: Call = (_SEAL, [keys.head(room)], [epoch, until, offset_ms])
        (reply,) = await self._writer.all([call])
        return None if reply is None else int(reply)

    async def forget(self, room: str, seq: int, is_late: bool = False) -> bool:
        """Trim the timeline up to commit ``seq``, but for what a job has still to read unless it
        ``is_late``; return whether nothing up to there is left. Raises StoreUnavailable.
        """
        touched = [keys.head(room), keys.timeline(room), keys.jobs(room)]
        (reply,) = await self._writer.all([(_FORGET, touched, [seq, int(is_late)])])
        return reply is not None and int(reply) >= seq

    async def renew_epoch(
        self,
        room: str,
        head: Head,
        run: str,
        seen_seq: int,
        seen_offset: int,
        now: int | None = None,
    ) -> str:
        """Begin a new epoch after ``head.epoch``, unless one began already; return the epoch in
        force.

        ``seen_seq`` and ``seen_offset`` are the highest that any edge is known to have shown, so
        that numbers don't run backwards for viewers. ``now`` is the room's programme time if its
        clock is reset.

        Raises UnknownRoomError, StoreUnavailable.
        """
        epoch = new_epoch()
        call: Call = (
            _RENEW,
            [keys.head(room), keys.timeline(room), keys.jobs(room)],
            [
                keys.bus(room),
                head.epoch,
                epoch,
                run,
                seen_seq,
                seen_offset,
                envelope.encode(Renewed(epoch=epoch)),
                "" if now is None else now,
            ],
        )
        (reply,) = await self._writer.all([call])
        if reply is None:
            raise UnknownRoomError(room)
        return str(reply.decode())


def new_epoch() -> str:
    """Return an opaque name that no epoch had before: the time in base 16, then random digits."""
    return f"{int(time.time()):x}{secrets.token_hex(3)}"


def _state(
    room: str, parts: dict[str, bytes], sanctions: dict[bytes, bytes], odd: list[str]
) -> RoomState:
    """Return the state; what was left out of it is logged, and so is ``odd``, which can't be read
    either."""
    state, left_out = state_of(
        parts,
        {user.decode(): payload for user, payload in sanctions.items()},
    )
    left_out += odd
    if left_out:
        log.warning("state_left_out", room=room, what=left_out[:20])
    return state


def _commit_call(
    room: str,
    head: Head,
    cursor: str,
    attempt: bytes,
    commit: Commit,
    state: RoomState,
    changes: Changes,
) -> Call:
    payload = envelope.encode(commit)
    buckets: dict[str, int] = {}
    rows: list[tuple[int, str, str, bytes]] = []
    for row in changes.rows:
        place = 0  # an imported comment's id tells its moment by itself
        if imported_at(row.id) is None:
            place = buckets.setdefault(keys.at_of(room, row.id), len(buckets) + 1)
        rows.append((place, row.id[-1], str(row.at), _encoder.encode(row)))
    body = {
        "id": hashlib.blake2b(cursor.encode() + payload, digest_size=16).hexdigest(),
        "epoch": head.epoch,
        "before": str(head.seq),
        "seq": str(commit.seq),
        "offset": str(commit.offset),
        "from": head.cursor,
        "cursor": cursor,
        "attempt": attempt,
        "now": str(commit.now),
        "envelope": payload,
        "keep": str(KEPT),
        "weigh": str(KEPT_BYTES),
        "lag": str(LAG_MS),
        "size": str(LAG_BYTES),
        "life": str(state.settings.record_retention + BUCKET_MARGIN_S),
        "state": _state_pairs(state, changes),
        "polls": _pairs({poll.id: poll for poll in changes.polls}),
        "opens": [each for poll in changes.polls for each in (str(poll.opens_at), poll.id)],
        "held": _pairs({comment.id: comment for comment in changes.held}),
        "forget": list(changes.decided),
        "bars": _pairs(
            {
                user: sanction
                for user, sanction in commit.private.sanctions.items()
                if sanction is not None
            }
        ),
        "lift": [user for user, sanction in commit.private.sanctions.items() if sanction is None],
        "retract": list(changes.retracted),
        "entities": [each for pair in commit.private.entities.items() for each in pair],
        "rows": rows,
    }
    touched = [
        keys.head(room),
        keys.ingest(room),
        keys.timeline(room),
        keys.state(room),
        keys.record(room),
        keys.retracted(room),
        keys.held(room),
        keys.polls(room),
        keys.sanctions(room),
        keys.poll_order(room),
        keys.jobs(room),
        keys.entities(room),
        *buckets,
    ]
    return _COMMIT, touched, [keys.bus(room), _for_lua(body)]


def _for_lua(body: dict[str, Any]) -> bytes:
    """Return older msgpack: ``cmsgpack`` knows no type of its own for bytes."""
    packed: bytes = msgpack.packb(body, use_bin_type=False)
    return packed


def _state_pairs(state: RoomState, changes: Changes) -> list[str | bytes]:
    pairs = _pairs({part: getattr(state, part) for part in PARTS if part in changes.parts})
    if changes.rundown_items is not None:
        pairs += (keys.RUNDOWN_ITEMS, changes.rundown_items)
    return pairs


def _pairs(values: dict[str, Any]) -> list[str | bytes]:
    flat: list[str | bytes] = []
    for name, value in values.items():
        flat += (name, _encoder.encode(value))
    return flat
