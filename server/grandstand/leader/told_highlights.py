"""The highlights of a room that viewers were told, and what has to leave them later.

Theory of operation: what has come back by a commit is kept for HTTP. A comment that is taken back
leaves the samples, and its words leave with it unless others say them too
(``leader.doubted_words``). What is found later, of the same moment, is looked at likewise.

A highlight that a producer deleted goes for good: what is told of it while that is on its way is
taken back again. It must not know how highlights are found.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Collection, Sequence
from uuid import uuid4

from grandstand.domain.events import HighlightDeleted, HighlightFound
from grandstand.leader.doubted_words import (
    Doubt,
    doubt_of,
    first_of,
    last_of,
    said_in,
    unseen,
    without_doubted,
)
from grandstand.leader.room import LeaderRoom
from grandstand.overlays.highlights import Highlight as Found
from grandstand.wire.highlights import KIND, SHOWN_MS, Highlight
from grandstand.wire.messages import Overlay

GONE = 1000
"""Comments taken back last that are remembered: a highlight that has them may be on its way."""

DELETED = 100
"""Highlights deleted last that are remembered."""

Told = HighlightFound | HighlightDeleted


class ToldHighlights:
    """The highlights of one room, for as long as this process leads it.

    ``news`` is what is to be appended next, ``changed`` and ``removed`` (as they were) is what the
    store has to learn.
    """

    def __init__(self, room: LeaderRoom) -> None:
        self._room = room
        self.news: list[Told] = []
        self.removed: list[Highlight] = []
        self._kept: dict[str, Highlight] = {}
        self._changed: set[str] = set()
        self._gone: deque[str] = deque(maxlen=GONE)
        self._doubts: deque[Doubt] = deque(maxlen=GONE)
        self._deleted: deque[str] = deque(maxlen=DELETED)

    async def load(self) -> None:
        """Read what the store has. Raises StoreUnavailable."""
        kept = await self._room.store.highlights.between(self._room.id, 0, 2**53)
        self._kept = {each.id: each for each in kept}

    @property
    def is_changed(self) -> bool:
        """Return whether the store has something to learn."""
        return bool(self._changed or self.removed)

    @property
    def changed(self) -> list[Highlight]:
        """Return those that the store has to learn."""
        return [self._kept[each] for each in sorted(self._changed)]

    def samples(self) -> set[str]:
        """Return the ids of all comments that stand for a highlight."""
        return {each for highlight in self._kept.values() for each in highlight.comments}

    def stored(self, since: int) -> None:
        """Note that the store has it all, and that ``news`` are appended; what was noticed before
        ``since`` (programme ms) isn't kept."""
        self.news, self._changed, self.removed = [], set(), []
        self._kept = {name: each for name, each in self._kept.items() if each.noticed >= since}

    # --- what is found ---------------------------------------------------------------------------

    async def tell(self, found: Found) -> None:
        """Tell viewers of what was found. Raises StoreUnavailable."""
        highlight = await without_doubted(self._room, self._named(found), self._doubts)
        if highlight.id not in self._deleted:
            self._tell(highlight)

    def _named(self, found: Found) -> Highlight:
        """Return what was found under its id, which is made of the room, its epoch and when it was
        noticed."""
        about = f"{self._room.id}\0{self._room.stands.epoch}\0{found.noticed}"
        name = f"{KIND}-{hashlib.blake2b(about.encode(), digest_size=9).hexdigest()}"
        known = (each.id for each in self._kept.values() if each.noticed == found.noticed)
        return Highlight(
            found.strength,
            list(found.words),
            list(found.comments),
            found.onset,
            found.noticed,
            found.until or found.noticed,
            id=next(known, name),
        )

    def _tell(self, highlight: Highlight) -> None:
        name = f"{highlight.id}@{highlight.until}"
        self.news.append(HighlightFound(name, highlight.overlay()))

    # --- what comes back by a commit -------------------------------------------------------------

    async def saw(self, overlay: Overlay) -> Highlight | None:
        """Keep what a commit told; return the highlight if it was deleted by that. Raises
        StoreUnavailable."""
        highlight = Highlight.of(overlay)
        if highlight.is_gone:
            self._delete(highlight)
            return highlight
        if highlight.id in self._deleted:  # it was on its way
            again = highlight.gone(max(highlight.until, self._room.now()))
            self.news.append(HighlightDeleted(uuid4().hex, again.overlay()))
            return None
        left = await without_doubted(self._room, highlight.without(self._gone), self._doubts)
        self._keep(left)
        if left != highlight:
            self._tell_again(left)
        return None

    def _keep(self, highlight: Highlight) -> None:
        self._kept[highlight.id] = highlight
        self._changed.add(highlight.id)

    def _delete(self, highlight: Highlight) -> None:
        self._deleted.append(highlight.id)
        self._kept.pop(highlight.id, None)
        self._changed.discard(highlight.id)
        self.removed.append(highlight)
        self.news = [
            each
            for each in self.news
            if isinstance(each, HighlightDeleted) or each.overlay.id != highlight.id
        ]

    # --- what is taken back ----------------------------------------------------------------------

    async def take_back(self, comments: Collection[str]) -> None:
        """Have comments leave the samples, and what they alone said the words. Raises
        StoreUnavailable."""
        self._gone += comments
        rows = await self._room.store.record.rows_of(self._room.id, sorted(comments))
        doubts = sorted(map(doubt_of, rows), key=last_of)
        self._doubts += doubts
        await self._correct(doubts, set(comments))

    def doubt_unseen(self) -> None:
        """Look at all words of what is found next: it isn't known what was taken back."""
        self._doubts.append(unseen(self._room.now()))

    async def take_back_unseen(self) -> None:
        """Look at all words of the last while, too. Raises StoreUnavailable."""
        self.doubt_unseen()
        await self._correct([self._doubts[-1]], set())

    async def _correct(self, doubts: Sequence[Doubt], gone: set[str]) -> None:
        """Correct what is kept; ``doubts`` are in their order. A thousand comments of an erased
        viewer may meet ten thousand highlights, so only pairs of one moment are looked at."""
        for highlight in list(self._kept.values()):
            first, last = said_in(highlight)
            begin = bisect_left(doubts, first, key=last_of)
            near = doubts[begin : bisect_right(doubts, last, key=first_of)]
            if not near and gone.isdisjoint(highlight.comments):
                continue
            left = await without_doubted(self._room, highlight.without(gone), near)
            if left != highlight:
                self._keep(left)
                self._tell_again(left)

    def _tell_again(self, highlight: Highlight) -> None:
        """Tell who is still shown it."""
        oldest = self._room.now() - self._room.settings.max_latency - SHOWN_MS
        if highlight.until >= oldest:
            self._tell(highlight)
