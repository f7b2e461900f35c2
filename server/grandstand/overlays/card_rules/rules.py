"""The rules: what is worth a card when an entity's value changes. Pure.

Each is a function of one ``Change``, and returns what it found or None. ``RULES`` lists them; how
much each counts stands in ``telling.py``. All values of one instant are in the table when a rule
looks, so the eight results of a race make one leader, not eight.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from grandstand.domain.schemas import ValueSchema
from grandstand.overlays.card_rules.card import Fact, Number
from grandstand.overlays.card_rules.standings import Entry, Table

LEAST_FIELD = 3
"""With fewer, who comes new to a table takes no lead: the field isn't there yet."""


@dataclass(frozen=True, slots=True)
class Change:
    """An entity's new value under a label; the table before and after the instant; what the entity
    had reached before, the record and the feed's mark, where they are known."""

    entity: str
    at: int
    schema: ValueSchema
    was: Table
    now: Table
    best: float | None = None
    records: Mapping[str, Entry] = field(default_factory=dict)
    mark: str = ""
    marked: str = ""

    @property
    def entry(self) -> Entry:
        """Return the entity's new entry."""
        return self.now.entries[self.entity]

    @property
    def before(self) -> Entry | None:
        """Return the one that it had."""
        return self.was.entries.get(self.entity)

    @property
    def is_gain(self) -> bool:
        """Return whether the entity has a better value than it had, or its first one."""
        return self.before is None or self.schema.is_better(self.entry.value, self.before.value)

    def beaten(self) -> list[str]:
        """Return the records that the value beats, the hardest first; none if another one of the
        same instant is better."""
        value = self.entry.value
        found = [
            record
            for record, held in self.records.items()
            if self.schema.is_better(value, held.value)
        ]
        if not found or any(
            entry.at == self.at and self.schema.is_better(entry.value, value)
            for entry in self.now.entries.values()
        ):
            return []
        found.sort(
            key=lambda record: self.records[record].value, reverse=self.schema.better == "higher"
        )
        return found

    def fact(self, rule: str, other: str = "", mark: str = "", **values: Number | None) -> Fact:
        """Return a fact about the new value, and that of an ``other`` entity, if one is named."""
        numbers: dict[str, Number | None] = {"value": self.entry.value, **values}
        since = self.at
        if other:
            entry = self.now.entries[other]
            numbers["other"], since = entry.value, min(since, entry.at)
        known = {name: number for name, number in numbers.items() if number is not None}
        return Fact(rule, (self.entity, other) if other else (self.entity,), known, since, mark)


def record(change: Change) -> Fact | None:
    """A record is broken: by the numbers, or the feed says so. A running count breaks it once."""
    is_count = change.schema.step > 0
    beaten = [
        each
        for each in change.beaten()
        if not is_count or change.records[each] != change.before  # else it is this one's already
    ]
    if beaten:
        held = change.records[beaten[0]]
        fact = change.fact("record", record=held.value, rank=_rank(change))
        return replace(fact, entities=(*fact.entities, beaten[0]))
    if change.marked == "record" and change.is_gain:
        return change.fact("record", mark=change.mark, rank=_rank(change))
    return None


def best(change: Change) -> Fact | None:
    """An entity does better than ever before: by the numbers, or the feed says so."""
    if not change.is_gain:
        return None
    rank, before = _rank(change), change.best
    if change.marked == "best":
        return change.fact("best", mark=change.mark, rank=rank)
    if before is None or not change.schema.is_better(change.entry.value, before):
        return None
    had = change.before
    if change.schema.step and had and change.schema.is_better(had.value, before):
        return None  # a running count, which had passed it already
    return change.fact("best", best=before, rank=rank)


def season(change: Change) -> Fact | None:
    """An entity does better than ever this season; only a feed can say so."""
    if change.marked == "season" and change.is_gain:
        return change.fact("season", mark=change.mark, rank=_rank(change))
    return None


def lead(change: Change) -> Fact | None:
    """There is another leader, or a leader now that the field is there."""
    was, now = change.was, change.now
    is_filled = len(was.entries) < LEAST_FIELD <= len(now.entries)
    is_field = len(now.entries) >= LEAST_FIELD or change.before is not None
    if now.leader != change.entity or not is_field or (was.leader == now.leader and not is_filled):
        return None
    second = now.order[1] if len(now.order) > 1 else None
    if second is None or now.entries[second].value == change.entry.value:
        return None
    return change.fact("lead", second, rank=1)


def rank(change: Change) -> Fact | None:
    """An entity moves up, but not to the lead."""
    came_from, rank = change.was.rank(change.entity), _rank(change)
    if came_from is None or rank is None or not 1 < rank < came_from:
        return None
    return change.fact("rank", rank=rank, came_from=came_from)


def close(change: Change) -> Fact | None:
    """The first two come as close as the schema says, and weren't before."""
    if change.was.leader != change.now.leader == change.entity:
        return None  # that is told as a lead
    if not change.schema.close or change.entity not in change.now.order[:2]:
        return None
    first, second = (*change.now.order[:2], "", "")[:2]
    if not second or not _are_close(change, change.now, first, second):
        return None
    if set(change.was.order[:2]) == {first, second} and _are_close(
        change, change.was, first, second
    ):
        return None
    other = second if change.entity == first else first
    return change.fact("close", other, rank=_rank(change))


def score(change: Change) -> Fact | None:
    """A score passes a multiple of its step; where two compete, it has the other's, too."""
    step = change.schema.step
    before = change.before.value if change.before else 0
    if not step or math.floor(change.entry.value / step) <= math.floor(before / step):
        return None
    others = [other for other in change.now.entries if other != change.entity]
    return change.fact("score", others[0] if len(others) == 1 else "")


def gap(change: Change) -> Fact | None:
    """What an entity lacks to the leader: a split time, a distance. Where the feed gives places,
    only with one: an entity without has no result yet."""
    leader = change.now.leader
    is_news = change.before is None or change.before.value != change.entry.value
    if leader is None or leader == change.entity or not is_news:
        return None
    if change.entry.rank is None and change.now.is_ranked:
        return None
    return change.fact("gap", leader, rank=_rank(change))


def facts_of(change: Change) -> list[Fact]:
    """Return what all rules find. Of a running count nothing is told before its first step: who
    leads with five runs leads by chance."""
    if change.entry.value < change.schema.step:
        return []
    facts = [fact for rule in RULES if (fact := rule(change))]
    return [fact for fact in facts if change.schema.is_told_by(fact.rule)]


RULES: tuple[Callable[[Change], Fact | None], ...] = (
    record,
    lead,
    best,
    close,
    rank,
    season,
    score,
    gap,
)


def _rank(change: Change) -> int | None:
    return change.now.rank(change.entity)


def _are_close(change: Change, table: Table, first: str, second: str) -> bool:
    distance = abs(table.entries[first].value - table.entries[second].value)
    return distance <= change.schema.close * (1 + 1e-9)
