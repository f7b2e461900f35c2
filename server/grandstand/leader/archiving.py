"""The job that archives segments: it cuts them from the commits and writes them before the timeline
forgets the commits.

Theory of operation: its cursor stands at the last commit whose segment was written. A job that was
killed begins anew there, and writes the same parts again under the same names, or longer ones with
the same content. Segments are written some at a time, while the room is quiet at once, and those of
a minute are joined when it is over. What the job missed, or what it can't know to be whole, is not
written: the names of the parts show the hole.

Comments that were taken back leave what isn't written at once, and what is written part by part
(``leader.recut``), between the commits. The cursor doesn't pass the commit that took them back
before.

An archive that can't be written holds up this job alone. The timeline waits for it, within bounds
(invariant 7).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from grandstand.archive.archive import Archive, ArchiveAwayError
from grandstand.archive.parts import Part
from grandstand.domain.envelope import Commit
from grandstand.domain.segments import DURATION_MS, MINUTE, Cuts, first_of_epoch, number
from grandstand.leader.commits import Batch, Commits, Cursor
from grandstand.leader.recut import Recut
from grandstand.leader.room import LeaderRoom
from grandstand.tasks import cancel_all
from grandstand.wire import redaction
from grandstand.wire.segments import encode

TOGETHER = 5
"""Segments that are written at a time, at least, while the room goes on: ten seconds. A node's ring
reaches further back than that, so a segment is always at one of the two."""

QUIET_MS = 1000
"""How long after a segment's end without a commit the store is asked to close it."""

PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
"""Pauses between tries to write; they double."""

TRIM_MS = 600_000
"""How often what is older than the room keeps it is deleted, in ms of programme time."""

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Archiving:
    """Archives the segments of all rooms that this process leads."""

    name = "archive"

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Follow the commits, and write what is closed."""
        work = _Work(room, cursor, self._archive)
        taking: asyncio.Task[Batch] | None = None
        try:
            while True:
                taking = taking or asyncio.create_task(anext(commits), name="commits to archive")
                await asyncio.wait({taking}, timeout=work.pause_s())
                if taking.done():
                    taken, taking = taking, None
                    await work.take(taken.result())
                elif work.is_recut_due:
                    await work.cut_again()
                else:
                    await work.rest()
        finally:
            if taking is not None:
                await cancel_all([taking])


@dataclass(slots=True)
class _Work:
    room: LeaderRoom
    cursor: Cursor
    archive: Archive
    epoch: str = ""
    cuts: Cuts[bytes] | None = None
    undone: deque[tuple[int, Batch]] = field(default_factory=deque)
    """Commits that the cursor hasn't passed, as moves of the cursor, each with its segment."""

    recuts: deque[Recut] = field(default_factory=deque)

    now: int = 0
    """Programme time of the last commit, ms."""

    trimmed_ms: int = 0

    @property
    def is_recut_due(self) -> bool:
        """Return whether comments are to leave the archive, and all is there that may tell their
        words."""
        return bool(self.recuts) and (self.cuts is None or self.recuts[0].behind < self.cuts.since)

    def pause_s(self) -> float | None:
        """Return how long to wait for commits before the last segment is closed by itself."""
        if self.is_recut_due:
            return 0
        if not self.undone:
            return None
        due_ms = (self.undone[-1][0] + 1) * DURATION_MS + QUIET_MS
        return max(0.2, (due_ms - self.room.now()) / 1000)

    async def take(self, batch: Batch) -> None:
        """Cut commits, and write what is enough of them."""
        if batch.missed:
            await self._write()
            self._forget()
            self.recuts.append(Recut(self.room, self.archive, batch.missed[0], None))
        for commit in batch.commits:
            if self.cuts is None or commit.epoch != self.epoch:
                await self._begin(commit, is_next=not batch.missed)
            assert self.cuts is not None
            self.cuts.add(commit.now, commit.frames, commit.offset)
            move = Batch((), range(0), commit.epoch, commit.seq, commit.now)
            self.undone.append((number(commit.now), move))
            self.now = commit.now
            gone = redaction.retracted(commit.frames)
            here = self.cuts.take_back(gone, redaction.commented, redaction.without)
            said = gone if self.room.settings.highlights else set[str]()
            if gone - here or said:
                self._take_back(commit, gone - here, said)
            if self.cuts.until - self.cuts.since >= TOGETHER:
                await self._write()

    def _take_back(self, commit: Commit, ids: set[str], said: set[str]) -> None:
        """Have comments leave the archive, and words of others that weren't written yet."""
        last = self.recuts[-1] if self.recuts else None
        if last is None or last.is_begun or last.ids is None:
            last = Recut(self.room, self.archive, commit.seq, set())
            self.recuts.append(last)
        assert last.ids is not None
        last.ids |= ids
        last.said |= said
        last.behind = number(commit.now)

    async def cut_again(self) -> None:
        """Cut one part of the archive again."""
        if not await self._insist(self.recuts[0].step):
            self.recuts.popleft()
            await self._move()

    async def rest(self) -> None:
        """Have the store close the last segment, and write it: nothing has come for a while."""
        room, cuts = self.room, self.cuts
        last, commit = self.undone[-1]
        if cuts is None or room.stands.seq != commit.seq:
            return
        until = number(room.now() - QUIET_MS)
        if until <= last or room.stands.epoch != self.epoch:
            return
        offset_ms = room.settings.programme_offset
        sealed = await room.store.timeline.seal(room.id, self.epoch, until * DURATION_MS, offset_ms)
        if sealed == commit.seq:
            cuts.close(until)
            await self._write()

    async def _begin(self, commit: Commit, is_next: bool) -> None:
        """Begin with the first commit, or the first of an epoch."""
        over = self.cuts is not None
        last_now = self.now if over else None
        if self.cuts is not None:  # nothing is added to an epoch that is over
            self.cuts.close(self.cuts.latest + 1)
            await self._write()
        self.epoch = commit.epoch
        before = commit.offset - len(commit.frames)
        newest = await self._newest(commit.epoch)
        if newest is not None and before <= newest.offset and is_next:
            since = newest.until
        elif commit.seq == 1 or (is_next and (over or await self._has_all_before(commit))):
            since = first_of_epoch(commit.now, commit.seq, last_now)
        else:  # who knows what came before it in its segment
            since = number(commit.now) + 1
        self._forget()
        self.cuts = Cuts(since, before)

    async def _has_all_before(self, commit: Commit) -> bool:
        """Return whether an epoch before has all that was shown before ``commit``."""
        at = self.cursor.at
        if at is None or at.epoch == commit.epoch:
            return False
        newest = await self._newest(at.epoch)
        return newest is not None and newest.offset == commit.offset - len(commit.frames)

    async def _newest(self, epoch: str) -> Part | None:
        return await self._insist(lambda: self.archive.newest(self.room.id, epoch))

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what ``call`` returns, however long the archive is away."""
        pause_s = PAUSE_S
        while True:
            try:
                return await call()
            except ArchiveAwayError:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _forget(self) -> None:
        self.cuts = None
        self.undone.clear()
        for recut in self.recuts:  # what isn't written won't be
            recut.behind = -1

    async def _write(self) -> None:
        """Write the closed segments, however long the archive is away, and move the cursor."""
        cuts = self.cuts
        if cuts is None or cuts.until == cuts.since:
            return
        frames, revisions, offset = cuts.closed()
        before = offset - sum(map(len, frames.values()))
        known = self.room.snapshots(self.epoch, cuts.since, cuts.until)
        snapshots = {
            n: encode(shown.snapshot(self.room.id, self.epoch, n), "msgpack")
            for n, shown in known.items()
        }
        part = Part(
            cuts.since,
            cuts.until,
            before,
            frames,
            snapshots,
            revisions,
            {n: shown.revision for n, shown in known.items() if shown.revision},
        )
        await self._insist(lambda: self.archive.write(self.room.id, self.epoch, part))
        if part.until // MINUTE > part.since // MINUTE:
            await self._insist(lambda: self.archive.compact(self.room.id, self.epoch))
        cuts.forget_before(part.until)
        await self._move()
        await self._trim(part.until)

    async def _move(self) -> None:
        """Move the cursor behind what is written, up to what is still to be cut again."""
        limit = self.recuts[0].seq if self.recuts else None
        last: Batch | None = None
        while self.undone and self.cuts is not None:
            n, move = self.undone[0]
            if n >= self.cuts.since or (limit is not None and move.seq >= limit):
                break
            last = move
            self.undone.popleft()
        if last is not None:
            await self.cursor.move(last)

    async def _trim(self, until: int) -> None:
        """Delete what is older than the room keeps its record."""
        now = until * DURATION_MS
        if 0 <= now - self.trimmed_ms < TRIM_MS:
            return
        self.trimmed_ms = now
        kept_ms = self.room.settings.record_retention * 1000
        try:
            await self.archive.trim(self.room.id, number(now - kept_ms))
        except ArchiveAwayError as away:
            log.warning("archive_not_trimmed", room=self.room.id, reason=str(away))
