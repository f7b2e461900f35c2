"""Finds the cards of one room in its stats. Pure; bounded.

Theory of operation: what is given is kept in a log, by its programme time, for ``WINDOW_MS``. The
cards are a fold over that log, so they don't depend on the order in which it was given. A reading
folds what is new once it has settled. If something comes later than that, or is corrected, the
reading folds the whole window again from the state before it, and compares: cards that are new are
given, those that rest on what no longer holds are taken back. What was shown stays so unless its
facts are gone.

A correction is another value for the same moment; a value that gets worse although its schema says
that it never does; or None. The last two void what the entity had under that label before.

It must not know where updates come from and how cards are shown.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from grandstand.domain.schemas import KindSchema
from grandstand.domain.time_slices import TimeSliced, run_at_once
from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.corrections import effective
from grandstand.overlays.card_rules.fold import Fold
from grandstand.overlays.card_rules.schema import with_records
from grandstand.overlays.card_rules.update import Item, Start, Update

SETTLE_MS = 2_000
"""So long an update may be on its way without costing a second fold: viewers are 3 to 30 s behind
live, so that it is early enough for them."""

WINDOW_MS = 600_000
"""What is later or corrects something older makes no card any more. A room takes no update that is
later than its slowest viewer (60 s unless set)."""

MAX_LOG = 5_000
"""Updates in the window. To fold 2,400 of them again takes 0.02 s with five entities in a table and
0.2 s with 300."""

Key = tuple[int, str]
"""When it counts, and the entity, or the label of a start."""


class Reading(NamedTuple):
    """Cards that are new or have changed, in the order of their ``at``, and the ids of those that
    no longer hold."""

    cards: list[Card]
    taken_back: list[str]


class CardFinder:
    """Takes updates and starts in any order; tells what they are worth."""

    def __init__(self, schemas: Mapping[str, KindSchema]) -> None:
        self._schemas = with_records(schemas)
        self._log: dict[Key, Item] = {}
        self._keys: list[Key] = []
        self._base = Fold(self._schemas)
        self._tip = Fold(self._schemas)
        self._base_at = self._tip_at = 0
        self._is_stale = False
        self._given: dict[str, Card] = {}
        self.counts: Counter[str] = Counter()
        """What was ``taken``, ``repeated``, ``corrected``, too ``late``, or ``refused`` since more
        came than is kept."""

    @property
    def since(self) -> int:
        """Return up to when nothing can change any more, ms of programme time."""
        return self._base_at

    @property
    def is_waiting(self) -> bool:
        """Return whether time alone brings something."""
        is_ahead = bool(self._keys) and self._keys[-1][0] > self._tip_at
        return is_ahead or self._is_stale or bool(self._tip.screen.waiting)

    def know(self, update: Update) -> None:
        """Take what was so before the show goes on here; no card tells of it."""
        self._base.know(update)

    def begin(self, at: int) -> None:
        """Go on from what is known, at ``at``, ms of programme time."""
        self._base.raise_records()
        self._tip = self._base.copy()
        self._base_at = self._tip_at = at

    def update(self, update: Update) -> None:
        """Take an update. It counts from the next reading on at which it has settled.

        One of before ``since`` is told no more, but the standings of then have it.
        """
        known = self._log.get((update.at, update.entity))
        if isinstance(known, Update):
            merged = replace(update, values={**known.values, **update.values})
            if merged == known:
                self.counts["repeated"] += 1
                return
            if any(known.values[label] != merged.values[label] for label in known.values):
                self.counts["corrected"] += 1
            update = merged
        self._take((update.at, update.entity), update)

    def start(self, start: Start) -> None:
        """Take an entry of the schedule; it is told a minute before."""
        self._take((start.due, f"~{start.label}"), start)

    def _take(self, key: Key, item: Item) -> None:
        if key[0] <= self._base_at:
            if isinstance(item, Update) and self._base.learn(item):
                self._is_stale = True
                self.counts["late"] += 1
            return
        if key not in self._log:
            if len(self._keys) >= MAX_LOG:
                self.counts["refused"] += 1
                return
            insort(self._keys, key)
        self._log[key] = item
        self._is_stale |= key[0] <= self._tip_at
        self.counts["taken"] += 1

    def read(self, now: int) -> Reading:
        """Return what has changed until ``now``, ms of programme time, which never goes back."""
        return run_at_once(self.reading(now))

    def reading(self, now: int) -> TimeSliced[Reading]:
        """Do ``read`` in pieces; nothing may be taken until the last is done."""
        settled = max(now - SETTLE_MS, self._tip_at)
        items = self._between(self._tip_at, settled)
        if self._is_stale or self._tip.is_corrected_by(items):
            cards, taken_back = yield from self._read_again(settled)
        else:
            cards, taken_back = (yield from self._tip.running(items, settled)), []
        self._tip_at, self._is_stale = settled, False
        self._tip.proposed.clear()
        self._given.update({card.id: card for card in cards})
        yield from self._forget(settled - WINDOW_MS)
        return Reading(sorted(cards, key=lambda card: (card.at, card.id)), sorted(taken_back))

    def _read_again(self, settled: int) -> TimeSliced[Reading]:
        self._tip = self._base.copy()
        shown = yield from self._tip.running(self._between(self._base_at, settled), settled)
        proposed = self._tip.proposed
        gone = [name for name in self._given if name not in proposed]
        cards = [card for card in shown if card.id not in self._given]
        for name, given in self._given.items():
            card = proposed.get(name)
            if card and (card.facts, card.names) != (given.facts, given.names):
                cards.append(replace(card, at=given.at, audience=given.audience))
        for name in gone:
            del self._given[name]
        return Reading(cards, gone)

    def _between(self, after: int, until: int) -> list[Item]:
        first, last = (bisect_right(self._keys, (at, "\U0010ffff")) for at in (after, until))
        return effective((self._log[key] for key in self._keys[first:last]), self._schemas)

    def _forget(self, horizon: int) -> TimeSliced[None]:
        """Fold what is older than the window into the base: its cards were given."""
        if len(self._keys) >= MAX_LOG // 2:
            horizon = max(horizon, min(self._tip_at, self._keys[len(self._keys) // 2][0]))
        if horizon <= self._base_at:
            return
        yield from self._base.running(self._between(self._base_at, horizon), horizon)
        self._base.proposed.clear()
        self._base_at = horizon
        count = bisect_right(self._keys, (horizon, "\U0010ffff"))
        for key in self._keys[:count]:
            del self._log[key]
        del self._keys[:count]
        for name in [name for name, card in self._given.items() if card.at <= horizon]:
            del self._given[name]
