"""The job that finds highlights: it counts what a room's audience says, and tells the room.

Theory of operation: ``AudienceCount`` counts and finds, ``ToldHighlights`` knows what viewers were
told. What is found enters by the ingest stream, as an overlay, together with the move of the
cursor, so each is told once. What has come back by a commit is kept for HTTP.

Before each move all that another needs to go on is kept, with what the move is to append. Who takes
over begins there. If the move didn't come about, it is made up for.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog

from grandstand.domain.envelope import Commit
from grandstand.domain.stored_state import item_of
from grandstand.leader.audience_count import AudienceCount
from grandstand.leader.commits import PATIENCE_S, Batch, Commits, Cursor, follow
from grandstand.leader.room import LeaderRoom
from grandstand.leader.told_highlights import Told, ToldHighlights
from grandstand.overlays.audience_lag import AudienceLag
from grandstand.overlays.highlights import Memory
from grandstand.store.errors import ConflictError
from grandstand.store.highlights import MINUTE_MS
from grandstand.store.job_cursors import JobCursor
from grandstand.store.store import retry_until
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.highlights import KIND
from grandstand.wire.redaction import retracted

MOVE_MS = 5000
"""Between two moves of the cursor, if nothing is found: each is a write, and a takeover counts the
commits of so long again."""

log = structlog.get_logger(__name__)


class Remembered(msgspec.Struct, frozen=True):
    """What the job keeps before it moves its cursor: ``move`` names the move before, ``found`` is
    what the next one appends. ``last`` is the id of the newest comment that was counted, ``seq``
    the number of the last commit."""

    seq: int
    move: str
    last: str
    finder: Memory
    lag: AudienceLag
    found: list[Told]


class Highlighting:
    """Finds the highlights of all rooms that this process leads."""

    name = "highlights"

    def __init__(self, metrics: Metrics, is_muted: Callable[[str], bool] | None = None) -> None:
        """``is_muted`` says of a word that it may not be shown."""
        self._metrics = metrics
        self._is_muted = is_muted

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Follow the commits, and the time where there are none."""
        work = _Work(room, cursor, self._metrics, self._is_muted)
        await work.begin()
        try:
            await follow(commits, work)
        finally:
            room.kept_awake_by.discard(self.name)


class _Work:
    """The highlights of one room, for as long as this process leads it."""

    def __init__(
        self,
        room: LeaderRoom,
        cursor: Cursor,
        metrics: Metrics,
        is_muted: Callable[[str], bool] | None,
    ) -> None:
        self._room = room
        self._cursor = cursor
        self._metrics = metrics
        self._count = AudienceCount(room, is_muted)
        self._told = ToldHighlights(room)
        self._heat: dict[int, float] = {}
        self._counted = 0
        """Number of the commit up to which a job before has counted."""

        self._batch: Batch | None = None
        self._moved_ms = 0

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone changes something."""
        return self._count.is_waiting

    # --- the beginning ---------------------------------------------------------------------------

    async def begin(self) -> None:
        """Go on where the last job was, or learn from the record what is usual.

        Raises StoreUnavailable, UnknownRoomError.
        """
        room, store = self._room, self._room.store
        at = await self._cursor.enroll()
        await self._told.load()
        stored = await store.highlights.memory(room.id)
        remembered = item_of(stored, Remembered) if stored else None
        if remembered is not None and remembered.finder.until_s * 1000 <= room.now():
            await self._go_on(remembered, at)
        await self._take_back_unseen()
        self._told.doubt_unseen()
        if room.settings.highlights:
            await self._count.hear_record()

    async def _go_on(self, remembered: Remembered, at: JobCursor) -> None:
        self._count.go_on(remembered.finder, remembered.lag, remembered.last)
        self._counted = remembered.seq
        if remembered.move == at.move:  # the one that was to follow didn't come about
            self._told.news = list(remembered.found)
        until = (remembered.finder.until_s + 1) * 1000
        minute = until - until % MINUTE_MS
        self._heat = await self._room.store.highlights.heat(self._room.id, minute, until)

    # --- commits ---------------------------------------------------------------------------------

    async def take(self, batch: Batch) -> None:
        """Count what commits brought, and tell what is new."""
        self._batch = batch
        if batch.missed:
            log.warning("highlights_uncounted", room=self._room.id, commits=len(batch.missed))
            self._count.names_missed()
            await self._take_back_unseen()
            await self._told.take_back_unseen()
        if self._room.settings.highlights:
            await self._count.learn_names()
        is_due = False
        for commit in batch.commits:
            is_due |= await self._see(commit)
            if self._room.settings.highlights:
                self._count.count(commit)
                await self._read(commit.now)
        if not self._room.settings.highlights:
            self._count.forget_all()
            self._room.kept_awake_by.discard(Highlighting.name)
        if is_due or self._told.news or not 0 <= batch.now - self._moved_ms < MOVE_MS:
            await self._move(batch)

    async def rest(self) -> None:
        """Let time go on in a room where nothing is committed."""
        await self._read(self._room.now())
        at = self._cursor.at
        if self._told.news and at is not None:
            so_far = Batch((), range(0), at.epoch, at.seq, self._room.now())
            await self._move(self._batch or so_far)

    async def _see(self, commit: Commit) -> bool:
        """Take what a commit tells besides; return whether it is to be kept soon."""
        gone = retracted(commit.frames)
        if gone:
            self._count.forget(gone)
            await self._told.take_back(gone)
        for payload in commit.frames:
            if b"cues" in payload or b"overlays" in payload:
                frame = decode_frame(payload)
                if commit.seq > self._counted:
                    for cue in frame.cues or ():
                        self._count.moment(cue.at)
                for overlay in frame.overlays or ():
                    if overlay.kind == KIND:
                        deleted = await self._told.saw(overlay)
                        if deleted is not None:
                            self._count.drop_open(deleted.noticed)
        return self._told.is_changed

    async def _take_back_unseen(self) -> None:
        """Take back what was taken back by commits that the job didn't see."""
        ids = sorted(self._told.samples() | self._count.named())
        gone = await self._room.store.record.retracted_of(self._room.id, ids)
        self._count.forget(gone)
        await self._told.take_back(gone)

    # --- what is new -----------------------------------------------------------------------------

    async def _read(self, now: int) -> None:
        reading = await self._count.read(now)
        self._heat.update(reading.heat)
        for found in reading.highlights:
            await self._told.tell(found)
            if found.until is None:
                self._metrics.highlights.inc()
        if self._count.is_open:
            self._room.kept_awake_by.add(Highlighting.name)
        elif not self._told.news:
            self._room.kept_awake_by.discard(Highlighting.name)

    async def _move(self, batch: Batch) -> None:
        """Keep what is known, and move the cursor; what was found is told by that."""
        room, told, at = self._room, self._told, self._cursor.at
        count, memory = self._count, b""
        finder = count.memory()
        if finder is not None and at is not None:
            remembered = Remembered(batch.seq, at.move, count.last, finder, count.lag, told.news)
            memory = msgspec.msgpack.encode(remembered)
        since = room.now() - room.settings.record_retention * 1000
        if not await retry_until(
            lambda: room.store.highlights.keep(
                room.id, batch.seq, memory, self._heat, told.changed, since, told.removed
            ),
            PATIENCE_S,
        ):
            raise ConflictError(f"{room.id}: another process has counted beyond {batch.seq}")
        await self._cursor.move(batch, told.news)
        told.stored(since)
        self._moved_ms = batch.now
        if not self._count.is_open:
            self._room.kept_awake_by.discard(Highlighting.name)
        if self._heat:
            minute = max(self._heat) // MINUTE_MS * MINUTE_MS
            self._heat = {at: heat for at, heat in self._heat.items() if at >= minute}
        count.moved(batch.seq)
