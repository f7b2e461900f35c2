"""One pass over updates and starts in the order of programme time. Pure; bounded.

All items of one instant change the tables together; then each change is put to the rules. What the
rules find about one value makes one card.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from grandstand.domain.entities import kind_of
from grandstand.domain.schemas import ValueSchema
from grandstand.domain.time_slices import SLICE, TimeSliced, run_at_once
from grandstand.overlays.card_rules.card import Card, Fact, Number
from grandstand.overlays.card_rules.corrections import is_voided
from grandstand.overlays.card_rules.rules import LEAST_FIELD, Change, facts_of
from grandstand.overlays.card_rules.schema import KnownKind, Schemas
from grandstand.overlays.card_rules.screen import Screen
from grandstand.overlays.card_rules.standings import Entry, Standings, Table
from grandstand.overlays.card_rules.telling import Novelty, weight
from grandstand.overlays.card_rules.update import Figure, Item, Start, Update

FAVOURITES = 3
"""Of those who start, so many with the best that they have reached before."""

MINUTE_MS = 60_000
"""A value's age is told in minutes."""


@dataclass(slots=True)
class Fold:
    """What the items until now have come to."""

    schemas: Schemas
    standings: Standings = field(default_factory=Standings)
    novelty: Novelty = field(default_factory=Novelty)
    screen: Screen = field(default_factory=Screen)
    proposed: dict[str, Card] = field(default_factory=dict)
    """What the rules have found since this was last emptied, shown or not."""

    def copy(self) -> Fold:
        """Return one that goes on by itself."""
        return Fold(self.schemas, self.standings.copy(), self.novelty.copy(), self.screen.copy())

    def is_corrected_by(self, items: Iterable[Item]) -> bool:
        """Return whether any of the items voids what stands in the tables."""
        return any(self._is_corrected_by(item) for item in items if isinstance(item, Update))

    def _is_corrected_by(self, update: Update) -> bool:
        kind = self.schemas.get(kind_of(update.entity))
        for label, figure in update.values.items() if kind else ():
            known = kind.schema.get(label) if kind else None
            if kind and known:
                entry = self.standings.table(kind.name, label, known).entries.get(update.entity)
                if entry is not None and is_voided(known, entry, figure):
                    return True
        return False

    def know(self, update: Update) -> None:
        """Take values as they are, without a word."""
        kind = self.schemas.get(kind_of(update.entity))
        for label, figure in update.values.items() if kind else ():
            known = kind.schema.get(label) if kind else None
            value = known.number(figure.value, figure.unit) if known else None
            if kind and known and value is not None:
                entry = Entry(value, update.at, figure.rank)
                self.standings.know(kind.name, label, known, update.entity, entry)
                self.standings.rename(update.entity, update.name)

    def learn(self, update: Update) -> bool:
        """Take values that come too late to be told, where nothing newer stands; return whether
        that changed anything."""
        kind = self.schemas.get(kind_of(update.entity))
        has_changed = False
        for label, figure in update.values.items() if kind else ():
            known = kind.schema.get(label) if kind else None
            if kind is None or known is None:
                continue
            table = self.standings.table(kind.name, label, known)
            was = table.entries.get(update.entity)
            value = known.number(figure.value, figure.unit)
            now = None if value is None else Entry(value, update.at, figure.rank)
            is_older = was is not None and was.at > update.at
            is_unusable = value is None and figure.value is not None
            if is_older or is_unusable or now == was:
                continue
            self.standings.put(kind.name, label, table.changed({update.entity: now}))
            self._raise_records(kind.name, label)
            has_changed = True
        if has_changed and update.entity not in self.standings.names:
            self.standings.rename(update.entity, update.name)
        return has_changed

    def raise_records(self) -> None:
        """Raise the records that known values have broken."""
        for name, label in list(self.standings.tables):
            self._raise_records(name, label)

    def _raise_records(self, name: str, label: str) -> None:
        kind = self.schemas[name]
        known = kind.schema.get(label)
        table = self.standings.tables.get((name, label))
        best = table.leader if table else None
        if table is None or best is None or known is None or not kind.schema.records:
            return
        records = self.standings.table(kind.schema.records, known.name, known)
        value = table.entries[best]
        raised: dict[str, Entry | None] = {
            record: value
            for record, held in records.entries.items()
            if known.is_better(value.value, held.value)
        }
        if raised:
            self.standings.put(kind.schema.records, known.name, records.changed(raised))

    def run(self, items: Iterable[Item], until: int) -> list[Card]:
        """Go on by items in their order; return what is shown until then."""
        return run_at_once(self.running(items, until))

    def running(self, items: Iterable[Item], until: int) -> TimeSliced[list[Card]]:
        """Do ``run`` in pieces."""
        out: list[Card] = []
        done = 0
        for at, grouped in groupby(items, lambda item: item.due):
            instant = list(grouped)
            done += len(instant)
            if done >= SLICE:
                done = 0
                yield
            out += self.screen.release(at - 1)
            for card in self._instant(at, instant):
                self.proposed[card.id] = card
                out += self.screen.add(card)
        return out + self.screen.release(until)

    def _instant(self, at: int, items: Sequence[Item]) -> Iterator[Card]:
        changed: dict[tuple[str, str], dict[str, Figure]] = {}
        for item in items:
            if isinstance(item, Update):
                self.standings.rename(item.entity, item.name)
                for label, figure in item.values.items():
                    changed.setdefault((kind_of(item.entity), label), {})[item.entity] = figure
        for (name, label), figures in changed.items():
            kind = self.schemas.get(name)
            known = kind.schema.get(label) if kind else None
            if kind and known:
                for change in self._apply(kind, label, known, figures, at):
                    facts = facts_of(change)
                    if facts and self.novelty.is_told(f"{change.entity} {label}", facts):
                        yield self._card(kind, known, label, facts, at)
        for item in items:
            if isinstance(item, Start):
                yield from self._start(item)

    def _apply(
        self,
        kind: KnownKind,
        label: str,
        known: ValueSchema,
        figures: Mapping[str, Figure],
        at: int,
    ) -> list[Change]:
        """Change a table; return what the rules are to look at."""
        entries: dict[str, Entry | None] = {}
        for entity, figure in sorted(figures.items()):
            value = known.number(figure.value, figure.unit)
            if value is not None or figure.value is None:
                entries[entity] = None if value is None else Entry(value, at, figure.rank)
        was = self.standings.table(kind.name, label, known)
        now = was.changed(entries)
        self.standings.put(kind.name, label, now)
        if kind.holds_records:
            return []
        held = self._records(kind, known)
        changes = [
            self._change(kind, known, was, now, held, entity, figures.get(entity), at)
            for entity in sorted({*entries, *_filled(was, now)} & now.entries.keys())
        ]
        self._keep_records(kind, known, changes)
        return changes

    def _change(
        self,
        kind: KnownKind,
        known: ValueSchema,
        was: Table,
        now: Table,
        held: Mapping[str, Entry],
        entity: str,
        figure: Figure | None,
        at: int,
    ) -> Change:
        mark = kind.schema.mark_of(figure.best) if figure else ""
        best = known.number(figure.best) if figure else None
        return Change(
            entity, at, known, was, now, best, held, mark, kind.schema.marks.get(mark, "")
        )

    def _records(self, kind: KnownKind, known: ValueSchema) -> dict[str, Entry]:
        """Return the records of a value. Being asked for keeps their table from being forgotten."""
        if not kind.schema.records:
            return {}
        table = self.standings.table(kind.schema.records, known.name, known)
        if table.entries:
            self.standings.put(kind.schema.records, known.name, table)
        return dict(table.entries)

    def _keep_records(self, kind: KnownKind, known: ValueSchema, changes: list[Change]) -> None:
        """Raise the records that are broken, so that the next one has to beat the new one."""
        raised: dict[str, Entry | None] = {}
        for change in changes:
            for record in change.beaten():
                held = raised.get(record)
                if held is None or known.is_better(change.entry.value, held.value):
                    raised[record] = change.entry
        if raised:
            table = self.standings.table(kind.schema.records, known.name, known)
            self.standings.put(kind.schema.records, known.name, table.changed(raised))

    def _start(self, start: Start) -> Iterator[Card]:
        entities = [entity for entity in start.names if entity in start.bests]
        kind = self.schemas.get(kind_of(entities[0])) if entities else None
        known = kind.schema.get(start.label) if kind else None
        if kind is None or known is None or not known.better or not known.is_told_by("start"):
            return
        entities.sort(key=lambda each: (start.bests[each], each), reverse=known.better == "higher")
        for place, entity in enumerate(entities[:FAVOURITES], 1):
            self.standings.rename(entity, start.names[entity])
            values = {"best": start.bests[entity], "rank": place}
            fact = Fact("start", (entity,), values, start.due)
            yield self._card(kind, known, start.label, [fact], start.due)

    def _card(
        self, kind: KnownKind, known: ValueSchema, label: str, facts: Sequence[Fact], at: int
    ) -> Card:
        """Put facts about one value together, the most telling first."""
        entity = facts[0].entities[0]
        value, own = f"{kind.name} {known.name}", f"{entity} {label}"
        stage = kind.schema.stage_of(label)
        found = [(weight(fact) * self.novelty.factor(fact.rule, value, at), fact) for fact in facts]
        found.sort(key=lambda each: -each[0])
        telling, first = found[0]
        to_followers = weight(first) * self.novelty.factor(first.rule, own, at)
        self.novelty.say(first.rule, value, at)
        self.novelty.say(first.rule, own, at)
        values: dict[str, Number] = {}
        for _, fact in reversed(found):
            values |= fact.values
        age_ms = at - min(fact.since for fact in facts)
        if known.stale and age_ms > known.stale * 1000:
            values["age_min"] = age_ms // MINUTE_MS
        names = self.standings.names
        return Card(
            id=_id(entity, label, at),
            at=at,
            entity=entity,
            label=label,
            facts=tuple(fact for _, fact in found),
            names={each: names.get(each, "") for fact in facts for each in fact.entities},
            schema=known,
            stage=stage,
            values=values,
            telling=telling * stage.weight,
            to_followers=to_followers * stage.weight,
            audience="followers",
        )


def _filled(was: Table, now: Table) -> list[str]:
    """Return the leader, if the field is there from now on: whoever made it so may be another."""
    is_filled = len(was.entries) < LEAST_FIELD <= len(now.entries)
    return [now.leader] if is_filled and now.leader else []


def _id(entity: str, label: str, at: int) -> str:
    hashed = hashlib.blake2b(f"{entity}\0{label}\0{at}".encode(), digest_size=9).digest()
    return base64.urlsafe_b64encode(hashed).decode()
