"""The job that finds highlights: it counts what a room's audience says, and tells the room.

Theory of operation: it counts every comment that a commit could have shown, whether it did or not,
by the moment of the picture at which it was made, and reads the finder as far behind live as half
of those who comment are. What is found enters by the ingest stream, as an overlay, together with
the move of the cursor, so each is told once. What has come back by a commit is kept for HTTP.

Before each move all that a finder needs to go on is kept, with what the move is to append. Who
takes over begins there. If the move didn't come about, it is made up for. Words, samples and names
of authors come from the record again; so do comments that lie between.

A job that has no such memory learns from the record what is usual, and tells nothing of that past.
One that lags so far that the comments of a commit are gone counts them by their number alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import structlog

from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.envelope import Commit
from grandstand.domain.record import Row, imported_at
from grandstand.domain.stored_state import item_of
from grandstand.leader.commits import PATIENCE_S, Batch, Commits, Cursor
from grandstand.leader.room import LeaderRoom
from grandstand.leader.told_highlights import Told, ToldHighlights
from grandstand.overlays.audience_lag import AudienceLag
from grandstand.overlays.highlights import HighlightFinder, Memory, Said
from grandstand.store.errors import ConflictError
from grandstand.store.highlights import MINUTE_MS
from grandstand.store.job_cursors import JobCursor
from grandstand.store.store import retry_until
from grandstand.tasks import cancel_all, in_turns
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.highlights import KIND
from grandstand.wire.redaction import retracted

MOVE_MS = 5000
"""Between two moves of the cursor, if nothing is found: each is a write, and a takeover counts the
commits of so long again."""

REST_S = 1.0
"""How often time goes on for a highlight in a room where nothing is committed."""

LOOKED_AT = 2000
"""Comments of a second that are looked at, 100 ms of CPU, in equal parts by ticks: of more every
second, third, … is, and the others count as much as those. So a room at its ceiling loses no more
than a tenth of a core, however short its ticks are."""

HEARD_MS = 1_800_000
HEARD = 20_000
"""So much of the record is heard again at the start: what names and words are remembered of."""

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
        taking: asyncio.Task[Batch] | None = None
        try:
            while True:
                taking = taking or asyncio.create_task(anext(commits), name="commits to highlight")
                await asyncio.wait({taking}, timeout=REST_S if work.is_waiting else None)
                if taking.done():
                    taken, taking = taking, None
                    await work.take(taken.result())
                else:
                    await work.rest()
        finally:
            room.kept_awake_by.discard(self.name)
            if taking is not None:
                await cancel_all([taking])


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
        self._is_muted = is_muted
        self._forget_all()
        self._told = ToldHighlights(room)
        self._heat: dict[int, float] = {}
        self._counted = 0
        """Number of the commit up to which a job before has counted."""

        self._recorded = 0
        """Number of the commit up to which the record told what was said; it may tell more."""

        self._taken: set[str] = set()
        """Comments from the record that commits may bring again, up to number ``_overlap``."""

        self._overlap = 0
        self._last = ""
        self._batch: Batch | None = None
        self._moved_ms = 0

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone changes something."""
        return self._finder.is_waiting

    def _forget_all(self) -> None:
        self._finder = HighlightFinder(self._room.settings.highlights or 1, self._is_muted)
        self._lag = AudienceLag()
        self._now = 0
        self._room.kept_awake_by.discard(Highlighting.name)

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
        if not room.settings.highlights:
            return
        self._recorded, now = room.stands.seq, room.now()
        # After the clock was set back the record has a future: it would take our time there.
        rows = await store.record.last(room.id, now - HEARD_MS, now + AHEAD_MS + 1, HEARD)
        self._overlap = room.stands.seq
        await self._hear(await self._audible(rows))

    async def _go_on(self, remembered: Remembered, at: JobCursor) -> None:
        self._finder.go_on(remembered.finder)
        self._lag, self._last, self._counted = remembered.lag, remembered.last, remembered.seq
        if remembered.move == at.move:  # the one that was to follow didn't come about
            self._told.news = list(remembered.found)
        until = (remembered.finder.until_s + 1) * 1000
        minute = until - until % MINUTE_MS
        self._heat = await self._room.store.highlights.heat(self._room.id, minute, until)

    async def _audible(self, rows: Sequence[Row]) -> list[Row]:
        """Return those that the room's own viewers said, without what commits would not have
        brought: what muted and banned viewers said, and what equals a comment that was taken
        back."""
        room = self._room
        originals = sorted({row.merged_into for row in rows if row.merged_into})
        gone = await room.store.record.retracted_of(room.id, originals)
        return [
            row
            for row in rows
            if imported_at(row.id) is None
            and row.merged_into not in gone
            and not room.is_sanctioned(row.user)
        ]

    async def _hear(self, rows: Sequence[Row]) -> None:
        """Hear comments of the record again; what wasn't counted is counted."""
        until_s = self._finder.until_s
        if until_s is None:
            return await self._learn(rows)
        new: list[Row] = []
        old: list[Row] = []
        for row in rows:
            is_new = row.at // 1000 > until_s or row.id > self._last
            (new if is_new else old).append(row)
        await in_turns(self._finder.hear_again([_said(row) for row in old]))
        for row in new:
            self._count(row, self._room.now())
        self._taken = {row.id for row in new}

    async def _learn(self, rows: Sequence[Row]) -> None:
        """Learn what is usual, without telling of it."""
        second: int | None = None
        for row in sorted(rows, key=lambda row: (row.at, row.id)):
            if second is None:
                self._finder.begin_at(row.at)
            elif row.at // 1000 != second:
                await in_turns(self._finder.reading(row.at))
            second = row.at // 1000
            self._count(row, self._room.now())
        self._finder.drop_open()
        self._taken = {row.id for row in rows}

    # --- commits ---------------------------------------------------------------------------------

    async def take(self, batch: Batch) -> None:
        """Count what commits brought, and tell what is new."""
        self._batch = batch
        if batch.missed:
            log.warning("highlights_uncounted", room=self._room.id, commits=len(batch.missed))
            await self._take_back_unseen()
            await self._told.take_back_unseen()
        is_due = False
        for commit in batch.commits:
            is_due |= await self._see(commit)
            if self._room.settings.highlights:
                await self._take(commit)
        if not self._room.settings.highlights:
            self._forget_all()
        if is_due or self._told.news or not 0 <= batch.now - self._moved_ms < MOVE_MS:
            await self._move(batch)

    async def rest(self) -> None:
        """Let time go on in a room where nothing is committed."""
        await self._read(self._room.now() - self._lag.ms)
        at = self._cursor.at
        if self._told.news and at is not None:
            so_far = Batch((), range(0), at.epoch, at.seq, self._room.now())
            await self._move(self._batch or so_far)

    async def _take(self, commit: Commit) -> None:
        if commit.now < self._now:  # the room's clock was reset
            self._forget_all()
        self._now = commit.now
        self._finder.want(self._room.settings.highlights)
        if commit.seq > self._recorded:
            self._count_all(commit)
        await self._read(commit.now - self._lag.ms)

    def _count_all(self, commit: Commit) -> None:
        said = self._room.said_in(commit.seq)
        if said is None:
            frames = map(decode_frame, commit.frames)
            count = sum(
                sum(comment.count for comment in each.comments or ()) + (each.overflow or 0)
                for each in frames
            )
            self._finder.uncounted(commit.now - self._lag.ms, count)
            return
        every = -(-len(said) * 1000 // (LOOKED_AT * self._room.settings.tick))
        for place, row in enumerate(said):
            if row.id in self._taken:
                continue
            if place % every == 0:
                self._count(row, commit.now)
                self._lag.add(commit.now - row.at)
            else:
                self._finder.uncounted(min(row.at, commit.now), 1)
                self._last = max(self._last, row.id)

    def _count(self, row: Row, now: int) -> None:
        """Count a comment by its moment, or by the room's clock ``now`` if that is ahead of it (a
        viewer's may be by two seconds): never by what is read so far, which viewers nearer live
        are ahead of. They would tell the others of a goal before those see it."""
        said = _said(row)
        self._finder.comment(said._replace(at=min(said.at, now)))
        self._last = max(self._last, row.id)

    async def _see(self, commit: Commit) -> bool:
        """Take what a commit tells besides; return whether it is to be kept soon."""
        gone = retracted(commit.frames)
        if gone:
            self._finder.forget(gone)
            await self._told.take_back(gone)
        for payload in commit.frames:
            if b"cues" in payload or b"overlays" in payload:
                frame = decode_frame(payload)
                if commit.seq > self._counted:
                    for cue in frame.cues or ():
                        self._finder.moment(cue.at)
                for overlay in frame.overlays or ():
                    if overlay.kind == KIND:
                        deleted = await self._told.saw(overlay)
                        if deleted is not None:
                            self._finder.drop_open(deleted.noticed)
        return self._told.is_changed

    async def _take_back_unseen(self) -> None:
        """Take back what was taken back by commits that the job didn't see."""
        ids = sorted(self._told.samples() | self._finder.named())
        gone = await self._room.store.record.retracted_of(self._room.id, ids)
        self._finder.forget(gone)
        await self._told.take_back(gone)

    # --- what is new -----------------------------------------------------------------------------

    async def _read(self, now: int) -> None:
        reading = await in_turns(self._finder.reading(now))
        self._heat.update(reading.heat)
        for found in reading.highlights:
            await self._told.tell(found)
            if found.until is None:
                self._metrics.highlights.inc()
        if self._finder.is_open:
            self._room.kept_awake_by.add(Highlighting.name)

    async def _move(self, batch: Batch) -> None:
        """Keep what is known, and move the cursor; what was found is told by that."""
        room, told, at = self._room, self._told, self._cursor.at
        finder = self._finder.memory()
        memory = b""
        if finder is not None and at is not None:
            remembered = Remembered(batch.seq, at.move, self._last, finder, self._lag, told.news)
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
        if not self._finder.is_open:
            self._room.kept_awake_by.discard(Highlighting.name)
        if self._heat:
            minute = max(self._heat) // MINUTE_MS * MINUTE_MS
            self._heat = {at: heat for at, heat in self._heat.items() if at >= minute}
        if batch.seq >= self._overlap:
            self._taken = set()


def _said(row: Row) -> Said:
    return Said(row.at, row.user, row.text, row.id if row.shown else "", row.weight, row.name)
