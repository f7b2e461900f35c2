"""Choice of the comments that are shown. Pure: the same events always give the same choice.

A comment comes with a weight of its own (``moderation.weight``: kindness, substance, life). Here
and now it is worth

    weight + moment * 2 * roar * (excitement - weight / 10) - fairness * 3 * turn

and a group of alike ones a point more for each doubling of their count. Cut to 0..10, this is the
``weight`` that viewers get; the highest are shown.

- moment: when the room roars (``roar`` 0 to 1) excitement is worth more than substance, when it
  listens (0 to -1) less. ``domain.moment``
- fairness: an author who was just shown loses three points, and ever less for a minute (``turn`` 1
  to 0), so that others are shown. ``domain.fairness``
- novelty: a text that was shown in the last minute, or nearly the same text, is not shown again. It
  is merged into the showing before, and the next showing counts it. ``domain.novelty``

A room tunes the three by its settings, each 0 (off) to 2; novelty lengthens the minute. ``least``
is a weight below which nothing is shown, even while there is room.

**Counts.** Each comment that may be shown is counted exactly once: in the ``count`` of a shown
comment of its own tick, or of the next showing of its text, or in an ``overflow``. The record says
at once what stands for it: ``merged_into`` is the comment of its own tick, or the one shown before.
Copies that wait for a next showing that never comes are overflow as soon as their text is
forgotten: two quiet times after it was shown, when it is retracted, or when there are too many
texts.

**What is remembered** is no state of the room. A sequencer that takes over starts from the 50
comments in ``recent``. It doesn't know older ones, the copies that waited, or how loud the room
was. Then a text may be shown again within its minute, and counts are lower by the copies that
waited; the record is still right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic

from grandstand.domain.fairness import Authors
from grandstand.domain.moment import Moment
from grandstand.domain.novelty import QUIET_MS, Shape, ShownText, ShownTexts
from grandstand.domain.ranking import Budget, C, Group, Rankable, merge
from grandstand.domain.time_slices import SLICE, TimeSliced, run_at_once
from grandstand.wire.settings import Settings

FIT = 2.0
STEP_BACK = 3.0
BUSY = 4.0
"""Comments a second from which a repeat is an echo. Where one person speaks in ten seconds a repeat
is an answer: the quiet time shrinks with the rate."""


@dataclass(slots=True)
class Choice(Generic[C]):
    """What happens to a tick's candidates.

    ``shown`` in the order of the candidates; ``again``: with the id of the comment shown before
    into which it is merged; ``rest`` isn't shown. ``lost`` waited for a showing that won't come.
    """

    shown: list[Group[C]] = field(default_factory=list)
    again: list[tuple[C, str]] = field(default_factory=list)
    rest: list[C] = field(default_factory=list)
    lost: int = 0

    @property
    def overflow(self) -> int:
        """Return how many comments will be in no count."""
        return len(self.rest) + self.lost


@dataclass(slots=True)
class Selector:
    """What a room's sequencer remembers for the selection."""

    shown_texts: ShownTexts = field(default_factory=ShownTexts)
    authors: Authors = field(default_factory=Authors)
    moment: Moment = field(default_factory=Moment)
    budget: Budget = field(default_factory=Budget)
    is_plain: bool = False
    """Whether texts are neither compared nor remembered: the first to come are shown."""

    def show(self, said: Rankable, shown_ms: int, count: int = 1) -> int:
        """Note that ``said`` is shown without being chosen here; return how many copies of its text
        waited."""
        if self.is_plain:
            return 0
        same = self.shown_texts.same(said.dedupe_key)
        waiting = 0 if same is None else self.shown_texts.take(same)
        self._remember(said, self.shown_texts.shape(said.skeleton), shown_ms, count + waiting)
        return waiting

    def choose(
        self, candidates: Sequence[C], now_ms: int, settings: Settings, taken: int = 0
    ) -> Choice[C]:
        """Return which of ``candidates`` are shown at ``now_ms`` (programme time).

        ``taken`` places are already used by others.
        """
        return run_at_once(self.choosing(candidates, now_ms, settings, taken))

    def choosing(
        self, candidates: Sequence[C], now_ms: int, settings: Settings, taken: int = 0
    ) -> TimeSliced[Choice[C]]:
        """Do ``choose`` in pieces."""
        if self.is_plain:
            return self._first(candidates, now_ms, settings, taken)
        taste = settings.selection
        self.moment.hear(now_ms, [each.excitement for each in candidates])
        self.shown_texts.forget(now_ms - 2 * QUIET_MS * taste.novelty)
        self.authors.forget(now_ms)
        quiet_ms = QUIET_MS * taste.novelty * min(1.0, self.moment.rate / BUSY)
        roar = self.moment.roar * taste.moment * FIT

        def worth(each: C) -> float:
            turn = self.authors.had(each.user, now_ms) * taste.fairness * STEP_BACK
            return each.weight + roar * (each.excitement - each.weight / 10) - turn

        choice: Choice[C] = Choice()
        merged = merge(candidates, worth)
        if len(candidates) > SLICE:
            yield
        groups = self._sifted(choice, merged, now_ms, quiet_ms)
        places = max(0, self.budget.places(now_ms, settings.budget) - taken)
        by_rank = sorted(range(len(groups)), key=lambda index: (-groups[index].rank, index))
        shown: dict[str, tuple[int, Group[C]]] = {}
        for number, index in enumerate(by_rank):
            if number % SLICE == SLICE - 1:
                yield
            group = groups[index]
            if len(shown) >= places or group.weight < taste.least:
                choice.rest += group.members
                continue
            group.waiting = 0
            form = self.shown_texts.shape(group.shown.skeleton)
            earlier = self.shown_texts.same(group.shown.dedupe_key)
            if earlier is None and quiet_ms > 0:
                earlier = self.shown_texts.near(form)
            if earlier is not None and earlier.id in shown:
                shown[earlier.id][1].merged += group.members
                earlier.count += group.count
            elif earlier is not None and earlier.is_quiet(now_ms, group.count, quiet_ms):
                _put_off(choice, group, earlier)
            else:
                group.waiting = 0 if earlier is None else self.shown_texts.take(earlier)
                shown[group.shown.id] = index, group
                self._remember(group.shown, form, now_ms, group.count)
        self.budget.spend(taken + len(shown))
        choice.shown = [group for _, group in sorted(shown.values(), key=lambda each: each[0])]
        choice.lost, self.shown_texts.lost = self.shown_texts.lost, 0
        self.shown_texts.effort = 0
        return choice

    def _first(
        self, candidates: Sequence[C], now_ms: int, settings: Settings, taken: int
    ) -> Choice[C]:
        choice: Choice[C] = Choice()
        places = max(0, self.budget.places(now_ms, settings.budget) - taken)
        for each in candidates:
            if len(choice.shown) < places and each.weight >= settings.selection.least:
                choice.shown.append(Group(each, each.weight))
            else:
                choice.rest.append(each)
        self.budget.spend(taken + len(choice.shown))
        return choice

    def _sifted(
        self, choice: Choice[C], groups: Sequence[Group[C]], now_ms: int, quiet_ms: float
    ) -> list[Group[C]]:
        """Yield those that may be shown; the others are put off. Ranks count the waiting copies."""
        free = []
        for group in groups:
            earlier = self.shown_texts.same(group.shown.dedupe_key)
            if earlier is not None and earlier.is_quiet(now_ms, group.count, quiet_ms):
                _put_off(choice, group, earlier)
            else:
                group.waiting = 0 if earlier is None else earlier.waiting
                free.append(group)
        return free

    def _remember(self, said: Rankable, form: Shape, shown_ms: int, count: int) -> None:
        self.shown_texts.add(ShownText(said.id, said.dedupe_key, form, shown_ms, count))
        self.authors.note(said.user, shown_ms)


def _put_off(choice: Choice[C], group: Group[C], earlier: ShownText) -> None:
    earlier.waiting += group.count
    choice.again += [(each, earlier.id) for each in group.members]
