"""What a room's audience says, counted for the highlights by the moment of the picture.

Theory of operation: every comment counts that a commit could have shown, whether it did or not. It
counts at the moment at which it was made, and the finder is read as far behind live as half of
those who comment are. Whoever takes over goes on with the memory of another; words, samples and
names of authors come from the record again, and so do comments that lie between. Without a memory
it learns from the record what is usual, and tells nothing of that past. Names that the public knows
are those of the room's entities. It must not know what becomes of what is found.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.entities import name_of
from grandstand.domain.envelope import Commit
from grandstand.domain.record import Row, imported_at
from grandstand.leader.room import LeaderRoom
from grandstand.overlays.audience_lag import AudienceLag
from grandstand.overlays.highlights import HighlightFinder, Memory, Reading, Said
from grandstand.overlays.names import PublicNames
from grandstand.tasks import in_turns
from grandstand.wire.codec import decode_frame

LOOKED_AT = 2000
"""Comments of a second that are looked at, 100 ms of CPU, in equal parts by ticks: of more every
second, third, … is, and the others count as much as those. So a room at its ceiling loses no more
than a tenth of a core, however short its ticks are."""

HEARD_MS = 1_800_000
HEARD = 20_000
"""So much of the record is heard again at the start: what names and words are remembered of."""


class AudienceCount:
    """Counts one room, for as long as this process leads it.

    ``lag`` is how far behind live the audience is, ``last`` the id of the newest comment that was
    counted.
    """

    def __init__(self, room: LeaderRoom, is_muted: Callable[[str], bool] | None) -> None:
        """``is_muted`` says of a word that it may not be shown."""
        self._room = room
        self._is_muted = is_muted
        self._public = PublicNames()
        self._has_names = False
        self.last = ""
        self._recorded = 0
        """Number of the commit up to which the record told what was said; it may tell more."""

        self._taken: set[str] = set()
        """Comments from the record that commits may bring again, up to number ``_overlap``."""

        self._overlap = 0
        self._begin()

    def _begin(self) -> None:
        per_hour = self._room.settings.highlights or 1
        self._finder = HighlightFinder(per_hour, self._is_muted, self._public)
        self.lag = AudienceLag()
        self._now = 0

    def forget_all(self) -> None:
        """Forget what was counted: nothing is wanted."""
        self._public, self._has_names = PublicNames(), False
        self._begin()

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone changes something."""
        return self._finder.is_waiting

    @property
    def is_open(self) -> bool:
        """Return whether a highlight was noticed and isn't over."""
        return self._finder.is_open

    def memory(self) -> Memory | None:
        """Return what another needs to go on, besides ``lag`` and ``last``; None at first."""
        return self._finder.memory()

    def go_on(self, memory: Memory, lag: AudienceLag, last: str) -> None:
        """Go on where another was."""
        self._finder.go_on(memory)
        self.lag, self.last = lag, last

    # --- names that the public knows -------------------------------------------------------------

    def names_missed(self) -> None:
        """Note that commits went by unseen, which may have had names."""
        self._has_names = False

    async def learn_names(self) -> None:
        """Learn the names of the room's entities, unless they are known; commits bring those that
        come later. Raises StoreUnavailable."""
        if self._has_names:
            return
        rows, cursor = await self._room.store.entities.slice(self._room.id, 0)
        self._take_names(rows.values())
        while cursor:
            rows, cursor = await self._room.store.entities.slice(self._room.id, cursor)
            self._take_names(rows.values())
        self._has_names = True

    def _take_names(self, rows: Iterable[bytes]) -> None:
        for row in rows:
            self._public.add(name_of(row))

    # --- the record ------------------------------------------------------------------------------

    async def hear_record(self) -> None:
        """Hear again what was said lately, and count what wasn't counted. Raises
        StoreUnavailable."""
        await self.learn_names()
        room, record = self._room, self._room.store.record
        self._recorded, now = room.stands.seq, room.now()
        # After the clock was set back the record has a future: it would take our time there.
        rows = await record.last(room.id, now - HEARD_MS, now + AHEAD_MS + 1, HEARD)
        self._overlap = room.stands.seq
        await self._hear(await self._audible(rows))

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
            is_new = row.at // 1000 > until_s or row.id > self.last
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

    def count(self, commit: Commit) -> None:
        """Count what a commit could have shown."""
        if commit.now < self._now:  # the room's clock was reset
            self._begin()
        self._now = commit.now
        self._take_names(commit.private.entities.values())
        self._finder.want(self._room.settings.highlights)
        if commit.seq > self._recorded:
            self._count_all(commit)

    def _count_all(self, commit: Commit) -> None:
        said = self._room.said_in(commit.seq)
        if said is None:
            frames = map(decode_frame, commit.frames)
            count = sum(
                sum(comment.count for comment in each.comments or ()) + (each.overflow or 0)
                for each in frames
            )
            self._finder.uncounted(commit.now - self.lag.ms, count)
            return
        every = -(-len(said) * 1000 // (LOOKED_AT * self._room.settings.tick))
        for place, row in enumerate(said):
            if row.id in self._taken:
                continue
            if place % every == 0:
                self._count(row, commit.now)
                self.lag.add(commit.now - row.at)
            else:
                self._finder.uncounted(min(row.at, commit.now), 1)
                self.last = max(self.last, row.id)

    def _count(self, row: Row, now: int) -> None:
        """Count a comment by its moment, or by the room's clock ``now`` if that is ahead of it (a
        viewer's may be by two seconds): never by what is read so far, which viewers nearer live
        are ahead of. They would tell the others of a goal before those see it."""
        said = _said(row)
        self._finder.comment(said._replace(at=min(said.at, now)))
        self.last = max(self.last, row.id)

    def moment(self, at: int) -> None:
        """Take the time of something that the audience reacts to."""
        self._finder.moment(at)

    async def read(self, now: int) -> Reading:
        """Return what is new, as far as the audience has seen it at programme time ``now`` (ms)."""
        return await in_turns(self._finder.reading(now - self.lag.ms))

    def moved(self, seq: int) -> None:
        """Note that commits up to number ``seq`` won't come again."""
        if seq >= self._overlap:
            self._taken = set()

    # --- what is taken back ----------------------------------------------------------------------

    def named(self) -> set[str]:
        """Return the ids of all comments that are samples or may become such."""
        return self._finder.named()

    def forget(self, comments: Collection[str]) -> None:
        """Forget samples that were taken back, by their ids."""
        self._finder.forget(comments)

    def drop_open(self, noticed: int) -> None:
        """Forget the present highlight if it was noticed at that moment (programme ms)."""
        self._finder.drop_open(noticed)


def _said(row: Row) -> Said:
    return Said(row.at, row.user, row.text, row.id if row.shown else "", row.weight, row.name)
