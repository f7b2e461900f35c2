"""One room as this process follows it: replica, clock, listeners, and events on their way.

It gets what the bus brings and what the timeline fills in, keeps both in order, and hands every
commit to its listeners exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import structlog

from grandstand.domain.clock import ProgrammeClock
from grandstand.domain.envelope import Commit, Latest
from grandstand.domain.events import ControlEvent
from grandstand.domain.outcome import Result
from grandstand.domain.segments import DURATION_MS, number
from grandstand.domain.stored_state import UNREADABLE
from grandstand.replica.entities import EntityTable
from grandstand.replica.latest import LatestFrames
from grandstand.replica.pending_events import PendingEvents
from grandstand.replica.publication import Publication, of_latest
from grandstand.replica.replica import RING_FRAMES, Replica
from grandstand.replica.segments import ring_at
from grandstand.store.errors import StoreUnavailable, UnknownRoomError
from grandstand.store.store import Store
from grandstand.store.timeline import Head, Snapshot
from grandstand.timeouts import timeout
from grandstand.wire.translations import Translations

EPOCH_PATIENCE_S = 5.0
QUIET_S = 10.0

SEAL_AFTER_MS = 1000
"""How long after a segment's end the store is asked to promise that nothing is added to it. A room
where something happens needs no promise; one commit that takes longer is made anew."""

SEAL_AGAIN_S = 0.5
"""Between two tries to have a segment closed."""

READ_AGAIN_S = 0.5
"""Before entities are read again when the store was away, or some were missing."""

FILLED_AT_ONCE = 100
"""Commits that are read at a time to fill a gap."""

SHARE_S = 5.0
"""A share holds for so long without a commit: longer than a takeover takes. Then whoever sequences
the room has nothing to do."""

log = structlog.get_logger(__name__)


class Listener(Protocol):
    """An object that is told what happens in a room; plain methods, called on the loop."""

    def translated(self, news: Mapping[str, Translations]) -> None:
        """Take what a commit brings of translations, by language, before its frames."""

    def published(self, publication: Publication) -> None:
        """Take a publication for viewers: each numbered frame of a commit, in order, or an
        unnumbered one."""

    def committed(self, commit: Commit) -> None:
        """Take a commit that was applied to the replica; its frames were published."""

    def entities_changed(self, entities: Collection[str]) -> None:
        """Note that these entities are known anew here: a commit changed them, or they were
        loaded."""

    def reloaded(self) -> None:
        """Note that the replica was loaded anew: what viewers have does not lead to it."""

    def ended(self) -> None:
        """Note that the room was deleted; nothing comes any more."""


class LiveRoom:
    """A room that this process follows."""

    def __init__(self, room: str, store: Store, snapshot: Snapshot, ring: list[Commit]) -> None:
        self.room = room
        self.viewers = 0
        self.latest = LatestFrames()
        self.entities = EntityTable()
        self.listeners: list[Listener] = []
        self._store = store
        self._clock, self._clock_epoch = ProgrammeClock(), ""
        self._moved = asyncio.Event()
        self.events = PendingEvents(room, store)
        self.filling: asyncio.Task[None] | None = None
        self.sealing: asyncio.Task[None] | None = None
        self.reading: asyncio.Task[None] | None = None
        self._wanted_seq = 0
        self._share, self._shared_s = 1.0, 0.0
        self._heard_s = asyncio.get_running_loop().time()
        self._take(snapshot, ring)

    def _take(self, snapshot: Snapshot, ring: list[Commit]) -> None:
        head = snapshot.head
        self.salt = head.salt
        self.replica = Replica(
            head.epoch,
            head.seq,
            head.offset,
            snapshot.state,
            held={comment.id: comment.user for comment in snapshot.held.values()},
        )
        self.entities.is_whole.set()  # whoever waits for it asks for the new one
        self.entities = EntityTable()
        if self.reading is not None:
            self.reading.cancel()
        self.reading = None
        if snapshot.has_entities:
            name = f"entities {self.room}"
            self.reading = asyncio.create_task(self._read_entities(self.entities), name=name)
        else:
            self.entities.is_whole.set()
        run, before = _leading_to(head, ring)
        self.replica.segments = ring_at(head.now, head.seq, head.offset, run, before)
        for commit in run:
            self.replica.remember(commit)
        for commit in ring:
            if commit.epoch == head.epoch and commit.seq <= head.seq:
                self.events.resolve(commit)
        if head.epoch != self._clock_epoch:  # it may have been reset
            self._clock, self._clock_epoch = ProgrammeClock(), head.epoch
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()
        self._clock.seen(head.now)

    async def left(self, epoch: str) -> None:
        """Wait until the room is in another epoch. Raises StoreUnavailable if it takes too long."""
        try:
            async with timeout(EPOCH_PATIENCE_S):
                while self.replica.epoch == epoch:
                    await self._moved.wait()
        except TimeoutError:
            raise StoreUnavailable("no sequencer began a new epoch in time") from None

    @property
    def clock_ahead_ms(self) -> float:
        """Return how far the room's clock is ahead of the store's; for that long it stands
        still."""
        offset_ms = self.replica.state.settings.programme_offset
        return self._clock.ahead_ms(self._store.now_ms(), offset_ms)

    @property
    def is_quiet(self) -> bool:
        """Return whether nobody listens or waits here, and nothing came for a while."""
        if self.listeners or self.events.is_awaited:
            return False
        return asyncio.get_running_loop().time() - self._heard_s >= QUIET_S

    @property
    def share(self) -> float:
        """Return how much of what viewers say the room's sequencer can take, above 0 and at most
        1."""
        is_known = asyncio.get_running_loop().time() - self._shared_s < SHARE_S
        return self._share if is_known else 1.0

    def now(self) -> int:
        """Return programme time, ms."""
        return self._clock.now(self._store.now_ms(), self.replica.state.settings.programme_offset)

    # --- what comes from the store ---------------------------------------------------------------

    def heard(self, envelope: Commit | Latest) -> None:
        """Take an envelope from the bus."""
        self._heard_s = asyncio.get_running_loop().time()
        if isinstance(envelope, Latest):
            if envelope.epoch == self.replica.epoch:
                self._heard_latest(envelope)
            return
        if self._apply(envelope) == "gap":
            self.catch_up(envelope.seq)

    def _heard_latest(self, latest: Latest) -> None:
        """Publish it, unless the bus has lost a commit before it: viewers would see the gap."""
        self.viewers, head = latest.viewers, 0
        try:
            head = self.latest.take(latest.frame)
        except UNREADABLE:  # the next one repeats it
            log.exception("latest_unreadable", room=self.room)
        if head > self.replica.offset:
            self.catch_up(self.replica.seq + 1)
        else:
            self._publish(of_latest(latest))

    def catch_up(self, seq: int) -> None:
        """Fill the replica from the timeline, at least up to ``seq``."""
        self._wanted_seq = max(self._wanted_seq, seq)
        if self.filling is None:
            self.filling = asyncio.create_task(self._fill(), name=f"fill {self.room}")

    def _apply(self, commit: Commit) -> str:
        try:
            result = self.replica.apply(commit)
        except UNREADABLE:
            log.exception("commit_unreadable", room=self.room, seq=commit.seq)
            return "gap"  # the timeline can't fill it: the room is loaded
        if not isinstance(result, list):
            return result
        self._clock.seen(commit.now)
        self._share, self._shared_s = commit.share, asyncio.get_running_loop().time()
        self.events.resolve(commit)
        if news := self.replica.translated:
            self._each(lambda listener: listener.translated(news))
        for each in result:
            self._publish(each)
        if rows := commit.private.entities:
            self.entities.commit(rows)
            self._tell_entities(rows.keys())
        self._each(lambda listener: listener.committed(commit))
        return "applied"

    def _publish(self, publication: Publication) -> None:
        self._each(lambda listener: listener.published(publication))

    def _each(self, tell: Callable[[Listener], None]) -> None:
        for listener in self.listeners:
            try:
                tell(listener)
            except Exception:
                log.exception("listener_failed", room=self.room)

    async def _fill(self) -> None:
        try:
            # More may come while the store is asked: that is no reason to load anew.
            while self.replica.seq < self._wanted_seq:
                before = self.replica.seq
                commits = await self._store.timeline.since(self.room, before, FILLED_AT_ONCE)
                is_torn = any(self._apply(commit) == "gap" for commit in commits)
                if is_torn or self.replica.seq == before:
                    await self._reload()
        except (StoreUnavailable, UnknownRoomError) as away:
            # The next comparison of heads, within a second, comes here again.
            log.warning("fill_failed", room=self.room, reason=str(away))
        except Exception:  # ours; and so does it after this one
            log.exception("fill_failed", room=self.room)
        finally:
            self.filling = None

    def _tell_entities(self, entities: Collection[str]) -> None:
        self._each(lambda listener: listener.entities_changed(entities))

    async def _read_entities(self, table: EntityTable) -> None:
        """Read the rows of all entities, in slices, until none is missing."""
        while not table.is_whole.is_set():
            try:
                await self._scan_entities(table)
                # Another server may have taken over, to which the cursor meant nothing.
                if len(table) >= await self._store.entities.count(self.room):
                    table.is_whole.set()
                    return
                log.info("entities_missing", room=self.room, read=len(table))
            except StoreUnavailable as away:
                log.info("entities_not_read", room=self.room, reason=away.reason)
            except Exception:  # ours
                log.exception("entities_not_read", room=self.room)
            await asyncio.sleep(READ_AGAIN_S)

    async def _scan_entities(self, table: EntityTable) -> None:
        cursor = 0
        while True:
            rows, cursor = await self._store.entities.slice(self.room, cursor)
            self._tell_entities(table.read(rows))
            if not cursor:
                return

    async def _reload(self) -> None:
        """Load the store's state, unless the bus led beyond it meanwhile.

        Raises StoreUnavailable, UnknownRoomError.
        """
        self._wanted_seq = 0  # what comes from here on may ask for more
        snapshot, ring = await load(self._store, self.room)
        head = snapshot.head
        if head.epoch == self.replica.epoch and head.seq <= self.replica.seq:
            return
        self._take(snapshot, ring)
        log.warning("replica_reloaded", room=self.room, seq=self.replica.seq)
        self._each(lambda listener: listener.reloaded())

    def end(self) -> None:
        """End all that waits for the room, and tell its listeners: it was deleted."""
        if self.reading is not None:
            self.reading.cancel()
        self.events.end()
        self._each(lambda listener: listener.ended())

    # --- what goes to the store ------------------------------------------------------------------

    async def submit(self, event: ControlEvent) -> Result:
        """Send a control event into the room and return its outcome: ``PendingEvents.submit``."""
        return await self.events.submit(event)

    def note(self, event: ControlEvent) -> None:
        """Send an event into the room that nobody waits for, and that may be lost."""
        self.events.note(event)

    async def seal(self) -> None:
        """Close all segments that are over, so that they can be cut: by the commits that are known,
        else by the store's promise. Raises StoreUnavailable.
        """
        if number(self.now() - SEAL_AFTER_MS) <= self.replica.segments.until:
            return
        if self.sealing is None:  # one for all who ask
            self.sealing = asyncio.create_task(self._seal(), name=f"seal {self.room}")
            self.sealing.add_done_callback(self._sealed)
        await asyncio.shield(self.sealing)

    async def _seal(self) -> None:
        replica, until = self.replica, number(self.now() - SEAL_AFTER_MS)
        offset_ms = replica.state.settings.programme_offset
        seq = await self._store.timeline.seal(
            self.room, replica.epoch, until * DURATION_MS, offset_ms
        )
        if seq is None:
            await asyncio.sleep(SEAL_AGAIN_S)
        elif replica.seq >= seq:
            replica.segments.close(until)
        else:
            self.catch_up(seq)
            await asyncio.sleep(SEAL_AGAIN_S)

    def _sealed(self, sealing: asyncio.Task[None]) -> None:
        self.sealing = None
        if not sealing.cancelled():
            sealing.exception()  # whoever waits has it, too


def _leading_to(head: Head, ring: list[Commit]) -> tuple[list[Commit], Commit | None]:
    """Return the commits of the epoch that lead to ``head`` without a gap, and the one before them
    if it is of another epoch."""
    run: list[Commit] = []
    before: Commit | None = None
    for commit in ring:
        if commit.epoch != head.epoch:
            run, before = [], commit
        elif commit.seq <= head.seq:
            if run and commit.seq != run[-1].seq + 1:
                run, before = [], None
            run.append(commit)
    return (run, before) if run and run[-1].seq == head.seq else ([], None)


async def load(store: Store, room: str) -> tuple[Snapshot, list[Commit]]:
    """Load a room and the commits that led there. Raises UnknownRoomError, StoreUnavailable."""
    snapshot = await store.timeline.load(room)
    ring = await store.timeline.since(room, max(0, snapshot.head.seq - RING_FRAMES))
    return snapshot, ring
