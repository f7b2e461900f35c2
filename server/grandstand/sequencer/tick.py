"""One room's sequencer at work: read, fold, commit, tick by tick, for as long as the lease is held.

Theory of operation: it loads the room, then loops. It commits what it has folded before it reads
on. If the answer to a commit is lost, it sends the same commit again, and the store recognises it.
If another sequencer has moved the room, the commit conflicts and this sequencer ends. The holder of
the lease then loads the room from the store.

Entries that killed earlier sequencers, or that can't be folded, are taken in small pieces
(``sequencer.caution``), and at last one by one. An entry that is fatal by itself is put aside, so
that the room goes on.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import structlog

from grandstand.domain import events
from grandstand.domain.clock import ProgrammeClock, next_tick
from grandstand.domain.envelope import Commit
from grandstand.domain.events import CommentEvent, ControlEvent
from grandstand.domain.record import Row
from grandstand.domain.selection import Selector
from grandstand.domain.stored_state import UNREADABLE
from grandstand.sequencer import poison
from grandstand.sequencer.caution import Caution
from grandstand.sequencer.entities import EntityDraft, fitting, named, updates
from grandstand.sequencer.folding import RoomFold
from grandstand.sequencer.intake import Intake
from grandstand.store import outcomes
from grandstand.store.errors import ConflictError, StoreUnavailable, UnknownRoomError
from grandstand.store.ingest import Entry
from grandstand.store.store import Store, retry_until
from grandstand.store.timeline import Changes, Head, Snapshot
from grandstand.tasks import in_turns
from grandstand.telemetry import Metrics
from grandstand.wire.codec import encode

EPOCH_MS = 1000
"""How often a room without commits is checked for an epoch that is over."""

QUIET_MS = 10_000
"""A room rests this long after its last event: the span of the pulse."""

BEHIND_MS = 60_000
"""How long a room doesn't rest because a job is behind, and how long it rests then at most."""

TRIM_AT_REST_MS = 600_000
"""How often a room at rest is woken so that its record and highlights can be trimmed."""

COMMIT_PATIENCE_S = 60.0
"""This covers a store that is away for half a minute; after a longer time the room is loaded
anew."""

LOST_OVER = 2
"""Holders that were lost over a single entry: after that it isn't folded again."""

DEEPEST = 4
"""Calls of a traceback that are logged."""

Event = tuple[str, CommentEvent | ControlEvent]
"""An event with the comment's id; '' for control."""

PASSED_ON = (ConflictError, StoreUnavailable, UnknownRoomError)
"""Errors that say nothing about the entries to be committed."""

log = structlog.get_logger(__name__)


class SequencerListener(Protocol):
    """What works beside a sequencer: it is called between two ticks, and never waited for."""

    @property
    def is_behind(self) -> bool:
        """Return whether it has commits to process, so that the room can't rest yet."""

    @property
    def is_at_work(self) -> bool:
        """Return whether it has something to do at a later time, for which the room stays awake."""

    def loaded(self, head: Head, fold: RoomFold) -> None:
        """Take the store's state, from which the sequencer begins."""

    def committed(self, head: Head, commit: Commit, fold: RoomFold, said: Sequence[Row]) -> None:
        """Take a commit that is as durable as the store promises; ``fold`` is the state after it,
        ``said`` are the comments that it could have shown."""

    def ticked(self) -> None:
        """Note that a tick is over."""


class RoomSequencer:
    """Sequences one room."""

    def __init__(
        self, room: str, store: Store, metrics: Metrics, listener: SequencerListener
    ) -> None:
        self._room = room
        self._store = store
        self._metrics = metrics
        self._clock = ProgrammeClock()
        self._listener = listener
        self._epoch_seen_ms = store.now_ms()
        self._busy_ms = store.now_ms()
        self._lost = 0
        self._caution = Caution()
        self._intake = Intake()

    async def run(self) -> int | None:
        """Sequence until the room is quiet; return when it is due again (ms, the store's clock).

        None if nothing is due. Until then whatever is appended wakes it.

        Raises:
            ConflictError: another moved the room.
            StoreUnavailable: the store stays away.
        """
        self._lost = await self._store.leases.lost(self._room)
        self._caution = Caution.after(self._lost)
        await self._load()
        log.info("sequencing", room=self._room, seq=self._head.seq, lost=self._lost)
        due_ms = self._store.now_ms()
        while True:
            more = await self._tick()
            if self._is_clock_to_be_reset:
                await self._load()
            if more:  # at once, so that pieces of waiting entries take no later ticks
                continue
            now_ms, tick_ms = self._store.now_ms(), self._fold.state.settings.tick
            due_ms = next_tick(self._room, max(due_ms, now_ms - tick_ms), tick_ms)
            if await self._is_quiet(now_ms):
                log.info("resting", room=self._room, seq=self._head.seq)
                return await self._rest_until(int(now_ms))
            await asyncio.sleep((due_ms - now_ms) / 1000)

    async def _is_quiet(self, now_ms: float) -> bool:
        """Return whether nobody is there, nothing happened for a while, and time alone changes
        nothing."""
        if not self._fold.is_settled or self._listener.is_at_work:
            self._busy_ms = now_ms
            return False
        quiet_ms = now_ms - self._busy_ms
        if quiet_ms < QUIET_MS or (self._listener.is_behind and quiet_ms < BEHIND_MS):
            return False
        if await self._store.rooms.viewers(self._room, now_ms):
            self._busy_ms = now_ms
            return False
        return not await self._store.ingest.read(self._room, self._head.cursor, 1)

    async def _rest_until(self, now_ms: int) -> int | None:
        if self._listener.is_behind:
            return now_ms + BEHIND_MS
        has_record = await self._store.record.size(self._room) > 0
        is_kept = has_record or await self._store.highlights.has_any(self._room)
        return now_ms + TRIM_AT_REST_MS if is_kept else None

    async def _load(self) -> None:
        await self._begin_epoch_if_history_may_be_cut()
        self._take(await self._store.timeline.load(self._room))
        if self._is_clock_to_be_reset:  # this sequencer asked for it, or one that died over it
            now = int(self._store.now_ms()) - self._fold.state.settings.programme_offset
            log.warning("clock_reset", room=self._room, by_s=(now - self._now()) / 1000)
            head, run = self._head, await self._store.rooms.history(self._room)
            await self._store.timeline.renew_epoch(
                self._room, head, run, head.seq, head.offset, now
            )
            self._take(await self._store.timeline.load(self._room))

    def _take(self, snapshot: Snapshot) -> None:
        self._head: Head = snapshot.head
        self._clock = ProgrammeClock()
        self._clock.seen(snapshot.head.now)
        head = snapshot.head
        selector = Selector(is_plain=self._caution.is_cautious)
        self._fold = RoomFold(
            snapshot.state, snapshot.held, head.offset, head.epoch, selector=selector
        )
        self._listener.loaded(head, self._fold)

    @property
    def _is_clock_to_be_reset(self) -> bool:
        return self._fold.state.clock == self._head.epoch

    async def _begin_epoch_if_history_may_be_cut(self) -> None:
        """Begin a new epoch after a restart of a store that may have lost history: one that answers
        before its fsync."""
        if self._store.durability.keeps_history:
            return
        head = (await self._store.timeline.load(self._room)).head
        run = await self._store.rooms.history(self._room)
        if head.run != run:
            log.warning("new_epoch", room=self._room, why="the store restarted")
            await self._store.timeline.renew_epoch(self._room, head, run, head.seq, head.offset)

    def _now(self) -> int:
        offset_ms = self._fold.state.settings.programme_offset
        return self._clock.now(self._store.now_ms(), offset_ms)

    async def _tick(self) -> bool:
        """Do one round; return whether more is waiting."""
        size, began_ms = self._caution.size, self._store.now_ms()
        read = await retry_until(
            lambda: self._store.ingest.read(self._room, self._head.cursor, size),
            COMMIT_PATIENCE_S,
        )
        # With one at a time nothing reads it before it is noted as tried.
        entries = read if size == 1 else read[: fitting(map(_updates, read))]
        more = len(read) == size or len(entries) < len(read)
        now = self._now()
        if entries:
            self._busy_ms = self._store.now_ms()
        self._weigh(entries, began_ms, is_full=len(entries) == size)
        is_committed = True
        if entries or self._fold.is_due(now) or self._intake.is_new:
            is_committed = await self._take_in(entries, now)
        if is_committed:
            self._caution.committed(len(entries), more)
            self._intake.committed(self._store.now_ms())
        self._fold.selector.is_plain = self._caution.is_cautious
        try:
            if self._lost and not self._caution.is_cautious:
                await self._store.leases.recover(self._room)
                self._lost = 0
            await self._check_epoch()
        except StoreUnavailable as away:  # a later round does it again
            log.warning("round_cut_short", room=self._room, reason=away.reason)
        self._listener.ticked()
        return more

    def _weigh(self, entries: Sequence[Entry], began_ms: float, is_full: bool) -> None:
        """Learn from what a round has read what share of the comments can be taken."""
        self._intake.read(
            began_ms,
            sum(1 for entry in entries if entry.comment),
            entries[0].arrived_ms if entries else began_ms,
            entries[-1].arrived_ms if entries else began_ms,
            is_full,
            self._fold.state.settings.tick,
        )

    async def _take_in(self, entries: Sequence[Entry], now: int) -> bool:
        """Commit the results of ``entries``; return False if smaller pieces must be tried."""
        if entries and self._caution.size == 1:
            await self._take_alone(entries[0], now)
            return True
        try:
            await self._commit(entries, now, self._readable(entries))
        except PASSED_ON:
            raise
        except Exception as fault:
            if not entries:
                raise
            self._tell_failure(entries, fault)
            self._caution.failed()
            await self._load()
            return False
        return True

    async def _take_alone(self, entry: Entry, now: int) -> None:
        """Commit the result of ``entry``: folded, else put aside, else skipped unread."""
        async with self._store.leases.trying(self._room, entry.cursor) as lost:
            for step in range(min(max(0, lost - LOST_OVER + 1), 2), 3):
                events = self._readable([entry]) if step < 2 else []
                try:
                    if step == 0:
                        await self._commit([entry], now, events)
                        return
                    await self._commit([entry], now, (), events)
                except PASSED_ON:
                    raise
                except Exception as fault:
                    if step == 2:
                        raise
                    self._tell_failure([entry], fault)
                    await self._load()
                else:
                    log.error("event_poisoned", room=self._room, cursor=entry.cursor, lost=lost)
                    self._metrics.put_aside.inc()
                    return

    def _tell_failure(self, entries: Sequence[Entry], fault: Exception) -> None:
        """Log where it failed, but not the error's own words: they may quote what somebody
        wrote."""
        where = "".join(traceback.format_tb(fault.__traceback__)[-DEEPEST:])
        log.error(
            "fold_failed",
            room=self._room,
            cursor=entries[0].cursor,
            entries=len(entries),
            error=type(fault).__name__,
            where=where,
        )

    async def _commit(
        self,
        entries: Sequence[Entry],
        now: int,
        folded: Sequence[Event],
        put_aside: Sequence[Event] = (),
    ) -> None:
        """Commit the results of ``entries``, or of none where time alone changes the room."""
        known = set(self._fold.state.polls)
        entities = await self._entities(folded)
        tick = await in_turns(self._fold.ticking(folded, now, entities))
        for comment_id, event in put_aside:
            poison.put_aside(tick, comment_id, event)
        tick.private.outcomes = [outcomes.record(each) for each in tick.outcomes]
        for poll in tick.private.polls:
            if poll.id not in known and not poll.ended:  # before anybody can know the poll
                await retry_until(
                    partial(self._store.votes.open, self._room, poll), COMMIT_PATIENCE_S
                )
        commit = Commit(
            epoch=self._head.epoch,
            seq=self._head.seq + 1,
            offset=self._fold.offset,
            now=now,
            frames=[encode(frame, "msgpack") for frame in tick.frames],
            private=tick.private,
            share=self._intake.share,
        )
        changes = Changes(
            parts=frozenset(tick.changed),
            rows=tick.rows,
            polls=tick.private.polls,
            held=tick.private.held,
            decided=tick.private.decided,
            retracted=tick.retracted,
            rundown_items=tick.rundown_items,
        )
        head, last = self._head, entries[-1] if entries else None
        with self._metrics.commit_seconds.time():
            self._head = await retry_until(
                lambda: self._store.timeline.commit(
                    self._room, head, last, commit, self._fold.state, changes
                ),
                COMMIT_PATIENCE_S,
            )
        self._listener.committed(self._head, commit, self._fold, tick.said)
        if entries:
            waited_ms = self._store.now_ms() - entries[0].arrived_ms
            self._metrics.ticked(len(entries), waited_ms, tick.shown, tick.merged, tick.overflow)
        for frame in commit.frames:
            self._metrics.frame_bytes.observe(len(frame))

    async def _entities(self, events: Sequence[Event]) -> EntityDraft:
        names = named(event for _, event in events)
        if not names:
            return EntityDraft()
        read = partial(self._store.entities.of, self._room, names)
        return EntityDraft(*await retry_until(read, COMMIT_PATIENCE_S))

    def _readable(self, entries: Sequence[Entry]) -> list[Event]:
        """Return the entries' events; one that can't be read is logged, and must not stop the
        room."""
        readable = []
        for entry in entries:
            try:
                readable.append((entry.comment, events.decode(entry.payload, entry.comment)))
            except UNREADABLE:
                log.exception("event_unreadable", room=self._room, cursor=entry.cursor)
        return readable

    async def _check_epoch(self) -> None:
        """Raise ConflictError if the epoch is over; in a quiet room no commit would show it.

        Edges ignore messages of an epoch that is over.
        """
        now_ms = self._store.now_ms()
        if 0 <= now_ms - self._epoch_seen_ms < EPOCH_MS:
            return
        self._epoch_seen_ms = now_ms
        at = await self._store.timeline.head(self._room)
        if at is None or at[0] != self._head.epoch:
            raise ConflictError(f"{self._room}: not in epoch {self._head.epoch} but at {at}")


def _updates(entry: Entry) -> int:
    """Return how many updates of entities an entry has; none if it can't be read: what is wrong
    with it is found where it is folded."""
    if entry.comment:
        return 0
    try:
        return len(updates(events.decode(entry.payload, entry.comment)))
    except UNREADABLE:
        return 0
