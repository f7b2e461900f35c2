"""A room as its jobs see it: its position between two ticks, and the latest commits.

The sequencer writes it; jobs only read. What a tick is still folding isn't visible here, since its
commit may fail.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from grandstand.domain import events
from grandstand.domain.clock import ProgrammeClock
from grandstand.domain.envelope import Commit
from grandstand.domain.events import ControlEvent
from grandstand.domain.polls.record import PollRecord
from grandstand.domain.record import Row
from grandstand.domain.rundown import Progress
from grandstand.domain.schemas import KindSchema
from grandstand.domain.segments import Shown, minute_after, number
from grandstand.domain.state import Sanction
from grandstand.overlays.pulse import PulseMeter
from grandstand.sequencer.folding import RoomFold
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store
from grandstand.store.timeline import Head
from grandstand.wire.gauges import Crowd
from grandstand.wire.messages import Overlay
from grandstand.wire.redaction import retracted
from grandstand.wire.settings import Settings

RECENT = 32
"""Commits that are kept for jobs: six seconds at a tick of 200 ms. A slower job asks the store."""

SNAPSHOTS_KEPT = 15
"""Minutes of which the beginning is known: more than the timeline keeps for a job that lags."""

NO_RATE = CommentRate(0, 1)


class LeaderRoom:
    """One room that this process sequences."""

    def __init__(self, room: str, store: Store) -> None:
        self.id = room
        self.store = store
        self.head: Head | None = None
        self.settings = Settings()
        self.polls: Mapping[str, PollRecord] = {}
        self.rundown = Progress()
        self.schemas: Mapping[str, KindSchema] = {}
        self.erasures: Mapping[str, int] = {}
        self.pulse = PulseMeter()
        self.history = 0
        """Incremented when the room's commits don't follow those that jobs have seen."""

        self.kept_awake_by: set[str] = set()
        """What jobs have begun and not done with, by names of theirs: until then the room doesn't
        rest."""

        self.crowd: Crowd | UnsetType = UNSET
        """What the job that forecasts the audience found last."""

        self._sanctions: Mapping[str, Sanction] = {}
        self._clock = ProgrammeClock()
        self._recent: deque[Commit] = deque(maxlen=RECENT)
        self._said: deque[tuple[int, Sequence[Row]]] = deque(maxlen=RECENT)
        self._shown: Shown | None = None
        self._snapshots: deque[tuple[str, int, Shown]] = deque(maxlen=SNAPSHOTS_KEPT)
        self._tick = asyncio.Event()

    # --- what the sequencer tells ----------------------------------------------------------------

    def loaded(self, head: Head, fold: RoomFold) -> None:
        """Take the store's state, from which the sequencer begins."""
        if self.head is not None and (head.epoch != self.head.epoch or head.seq < self.head.seq):
            self.history += 1
            self._clock = ProgrammeClock()  # it may have been reset
            self._recent.clear()
            self._said.clear()
        self._stand(head, fold)
        self._shown = Shown.of(fold.state, head.offset)
        self.polls = dict(fold.state.polls)

    def committed(self, head: Head, commit: Commit, fold: RoomFold, said: Sequence[Row]) -> None:
        """Take a commit that is as durable as the store promises, and the comments that it could
        have shown."""
        self._recent.append(commit)
        self._said.append((commit.seq, said))
        edge = minute_after(number(self.stands.now))
        if self._shown is not None and edge <= number(commit.now):
            self._snapshots.append((commit.epoch, edge, self._shown))
        gone = retracted(commit.frames)
        if gone:
            for place, (of, n, shown) in enumerate(self._snapshots):
                self._snapshots[place] = of, n, shown.without(gone)
        self._shown = Shown.of(fold.state, commit.offset)
        if commit.private.polls:
            self.polls = dict(fold.state.polls)
        self._stand(head, fold)

    def ticked(self) -> None:
        """Note that a tick is over; the next one is some time away, unless there is much to do."""
        tick, self._tick = self._tick, asyncio.Event()
        tick.set()

    def _stand(self, head: Head, fold: RoomFold) -> None:
        self.head = head
        self.settings = fold.state.settings
        self.rundown = fold.state.rundown
        self.schemas = fold.state.schemas
        self.erasures = dict(fold.state.erasures)
        self.pulse = fold.pulse
        self._sanctions = fold.state.sanctions
        self._clock.seen(head.now)

    # --- what jobs ask ---------------------------------------------------------------------------

    @property
    def stands(self) -> Head:
        """Return the room's position. Jobs are started once it is known."""
        assert self.head is not None
        return self.head

    def now(self) -> int:
        """Return programme time, ms."""
        return self._clock.now(self.store.now_ms(), self.settings.programme_offset)

    @property
    def overlays(self) -> Sequence[Overlay]:
        """Return those that viewers know."""
        return () if self._shown is None else self._shown.overlays

    def is_sanctioned(self, user: str) -> bool:
        """Return whether a viewer is muted or banned now."""
        sanction = self._sanctions.get(user)
        return sanction is not None and sanction.holds(self.now())

    async def next_tick(self) -> None:
        """Wait for the end of the next tick, whether it brings a commit or not."""
        await self._tick.wait()

    def snapshots(self, epoch: str, since: int, until: int) -> dict[int, Shown]:
        """Return what viewers knew at the beginnings of minutes, by their segments, from ``since``
        to before ``until``.

        Of minutes in which nothing happened the first has one; of those that another process led
        the room in, none has.
        """
        return {n: shown for of, n, shown in self._snapshots if of == epoch and since <= n < until}

    async def commits_after(self, seq: int, count: int) -> list[Commit]:
        """Return up to ``count`` commits after number ``seq``, as far as the room's position.

        Raises StoreUnavailable.
        """
        if self._recent and self._recent[0].seq <= seq + 1:
            found = [commit for commit in self._recent if commit.seq > seq][:count]
        else:
            found = await self.store.timeline.since(self.id, seq, count)
        # Another process may have gone further: it hands its own commits on.
        return [commit for commit in found if commit.seq <= self.stands.seq]

    def said_in(self, seq: int) -> Sequence[Row] | None:
        """Return the comments that commit number ``seq`` could have shown, whether it did or not;
        None if this process doesn't have them any more, or never had."""
        return next((said for of, said in self._said if of == seq), None)

    @property
    def shown(self) -> Shown | None:
        """Return what viewers know of the room."""
        return self._shown

    async def append(self, *found: ControlEvent) -> None:
        """Append events that may come again with the same ids; each has one effect.

        Raises StoreUnavailable, UnknownRoomError.
        """
        items = [Item("", event.id, "x", events.encode(event)) for event in found]
        await self.store.ingest.append(self.id, items, NO_RATE, self.store.now_ms())
