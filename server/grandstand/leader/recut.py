"""Comments that were taken back leave the archive: its parts are cut again, one at a time.

Theory of operation: a comment is in the segment of the commit that showed it, which is never before
the comment's own moment, and in the snapshots behind it until newer comments pushed it out. So the
parts from that moment on are looked at, until all comments were found and a snapshot has none of
them. To do it again does no harm: what a part doesn't have is not taken out.

A highlight that told their words is in the commits of some minutes behind that moment. It loses
them there by the rule by which it loses them on air (``leader.doubted_words``).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import structlog

from grandstand.archive.archive import Archive, PartBrokenError, PartGoneError
from grandstand.archive.parts import Span
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.segments import number
from grandstand.leader.doubted_words import TOLD_MS, Doubt, doubt_of, unseen, without_doubted
from grandstand.leader.room import LeaderRoom

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Recut:
    """The removal of comments that commits from number ``seq`` on took back.

    ``ids`` are the comments; with None they are all that were ever taken back, as the record knows:
    for commits that were missed. ``said`` are those whose words leave highlights, too: it begins
    once all segments up to ``behind`` are written, since their highlights may have them.
    """

    room: LeaderRoom
    archive: Archive
    seq: int
    ids: set[str] | None
    said: set[str] = field(default_factory=set)
    behind: int = -1
    _doubts: list[Doubt] = field(default_factory=list)
    _told_until: int = -1
    """The last segment that may tell a word in doubt."""

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
        room, since = self.room, 0
        if self.ids is None:
            self._doubt([unseen(room.now())])
        else:
            rows = await room.store.record.rows_of(room.id, sorted(self.ids | self.said))
            self._doubt([doubt_of(row) for row in rows if row.id in self.said])
            self.ids = {row.id for row in rows if row.shown and row.id in self.ids}
            wanted = self.ids | self.said
            moments = [row.at for row in rows if row.id in wanted]
            if not moments:
                return []
            since = number(min(moments) - AHEAD_MS)
        return await self.archive.parts_since(room.id, since)

    def _doubt(self, doubts: list[Doubt]) -> None:
        self._doubts = doubts if self.room.settings.highlights else []
        last = max((each.last for each in self._doubts), default=-TOLD_MS - 1)
        self._told_until = number(last + TOLD_MS)

    async def _cut(self, epoch: str, span: Span) -> bool:
        """Cut a part again; return whether no later one has any of the comments, or their words."""
        ids = self.ids
        if ids is None:
            shown = await self.archive.comments(self.room.id, epoch, span)
            ids = await self.room.store.record.retracted_of(self.room.id, sorted(shown))
        words = await self._words(epoch, span) if span.since <= self._told_until else {}
        found, has_snapshot = await self.archive.cut_again(self.room.id, epoch, span, ids, words)
        self._found |= found
        is_over = span.since > self._told_until and self._found == self.ids
        return has_snapshot and not found and is_over

    async def _words(self, epoch: str, span: Span) -> dict[str, set[str]]:
        """Return which words leave the highlights of a part, by their ids."""
        gone: dict[str, set[str]] = {}
        told = await self.archive.highlights(self.room.id, epoch, span)
        for highlight in {(each.id, each.until): each for each in told}.values():
            left = await without_doubted(self.room, highlight, self._doubts)
            gone.setdefault(highlight.id, set()).update({*highlight.words} - {*left.words})
        return gone
