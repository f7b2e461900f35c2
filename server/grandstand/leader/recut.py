"""Comments that were taken back leave the archive: its parts are cut again, one at a time.

Theory of operation: a comment is in the segment of the commit that showed it, which is never before
the comment's own moment, and in the snapshots behind it until newer comments pushed it out. So the
parts from that moment on are looked at, until all comments were found and a snapshot has none of
them. To do it again does no harm: what a part doesn't have is not taken out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import structlog

from grandstand.archive.archive import Archive, PartBrokenError, PartGoneError
from grandstand.archive.parts import Span
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.segments import number
from grandstand.leader.room import LeaderRoom

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Recut:
    """The removal of comments that commits from number ``seq`` on took back.

    ``ids`` are the comments; with None they are all that were ever taken back, as the record knows:
    for commits that were missed.
    """

    room: LeaderRoom
    archive: Archive
    seq: int
    ids: set[str] | None
    _left: deque[tuple[str, Span]] | None = None
    _found: set[str] = field(default_factory=set)

    @property
    def is_begun(self) -> bool:
        """Return whether no further comments can be added."""
        return self._left is not None

    async def step(self) -> bool:
        """Look at one part; return whether more are left.

        Raises ArchiveAwayError, StoreUnavailable; then nothing was done.
        """
        if self._left is None:
            self._left = deque(await self._parts())
        if not self._left:
            return False
        epoch, span = self._left[0]
        try:
            is_clean = await self._cut(epoch, span)
        except PartGoneError:  # it became part of a longer one
            self._left = None
            return True
        except PartBrokenError:  # it is served to nobody
            log.error("archive_part_not_cut_again", room=self.room.id, part=span.name)
            is_clean = False
        self._left.popleft()
        return not is_clean and bool(self._left)

    async def _parts(self) -> list[tuple[str, Span]]:
        since = 0
        if self.ids is not None:
            rows = await self.room.store.record.rows_of(self.room.id, sorted(self.ids))
            shown = [row for row in rows if row.shown]
            if not shown:
                return []
            self.ids = {row.id for row in shown}
            since = number(min(row.at for row in shown) - AHEAD_MS)
        return await self.archive.parts_since(self.room.id, since)

    async def _cut(self, epoch: str, span: Span) -> bool:
        """Cut a part again; return whether no later one has any of the comments."""
        ids = self.ids
        if ids is None:
            shown = await self.archive.comments(self.room.id, epoch, span)
            ids = await self.room.store.record.retracted_of(self.room.id, sorted(shown))
        found, has_snapshot = await self.archive.cut_again(self.room.id, epoch, span, ids)
        self._found |= found
        return has_snapshot and not found and self._found == self.ids
