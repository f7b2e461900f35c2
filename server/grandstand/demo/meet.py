"""The demonstration's athletics: a dozen athletes, who jump and throw final after final. Pure.

It is an event of its own making, told as a feed would tell it: each athlete's best of the final,
and what it is measured against. Marks rise with the rounds, so leads change until the end, and a
house record falls from time to time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Any

from grandstand.overlays.card_rules.card import Card
from grandstand.overlays.card_rules.schema import Schema, ValueSchema
from grandstand.overlays.card_rules.update import Figure, Update
from grandstand.overlays.sentences.sentence import sentence

ATHLETES = ("Ada", "Bo", "Chen", "Dee", "Eun", "Fay", "Gus", "Hana", "Ivo", "Jo", "Kai", "Lin")
ROUNDS = 4
FOULS = 0.2
"""A fifth of the attempts don't count."""

RECORD = "record:house"
RECORD_NAME = "house record"

SHOWN_S = 12
LONGEST_TITLE = 100  # of a card, api/stats.py


@dataclass(frozen=True, slots=True)
class Event:
    """A discipline: its value, a usual mark and how far marks spread, in m."""

    value: ValueSchema
    usual: float
    spread: float

    @property
    def record(self) -> float:
        """Return the house record before the first final: about one mark in a hundred is better."""
        return round(self.usual + 3.2 * self.spread, 2)

    @property
    def best(self) -> float:
        """Return what everybody has reached before."""
        return round(self.usual + 2.2 * self.spread, 2)


def _event(label: str, chinese: str, usual: float, spread: float) -> Event:
    value = ValueSchema(label, {"zh": chinese}, "m", "higher", 2, close=spread / 10, improves=True)
    return Event(value, usual, spread)


EVENTS = (  # so many that half an hour, after which a lead is news again, has each of them once
    _event("Long jump", "跳远", 7.9, 0.25),
    _event("Shot put", "铅球", 19.5, 0.8),
    _event("Triple jump", "三级跳远", 16.6, 0.4),
    _event("Discus", "铁饼", 62.0, 2.5),
    _event("Standing jump", "立定跳远", 3.1, 0.12),
    _event("Javelin", "标枪", 80.0, 3.0),
    _event("Weight throw", "重物投掷", 22.0, 0.9),
    _event("Hammer", "链球", 76.0, 2.5),
)
SCHEMA = Schema("athlete", [event.value for event in EVENTS], records="record")

Said = tuple[str, str, Figure]
"""Entity, label and value."""


def attempts(random: Random) -> Iterator[list[Said]]:
    """Yield, for ever, what each attempt brings; of a foul, or one that is no better, nothing."""
    for number in count(1):
        for event in EVENTS:
            yield from _final(event, f"{event.value.label}, final {number}", random)


def _final(event: Event, label: str, random: Random) -> Iterator[list[Said]]:
    forms = {athlete: random.gauss(event.usual, event.spread / 2) for athlete in ATHLETES}
    reached: dict[str, float] = {}
    for rising in range(ROUNDS):
        for athlete in ATHLETES:
            form = forms[athlete] + rising * event.spread / 3
            mark = round(random.gauss(form, event.spread), 2)
            if random.random() < FOULS or mark <= reached.get(athlete, 0.0):
                yield []
                continue
            best = max(event.best, reached.get(athlete, 0.0))
            reached[athlete] = mark
            yield [(f"athlete:{athlete}", label, Figure(mark, best=best))]


def update_of(entity: str, label: str, figure: Figure, at: int) -> Update:
    """Return an attempt as an update; ``at`` is ms of programme time."""
    return Update(entity, entity.partition(":")[2], at, {label: figure})


def house_records(at: int) -> Update:
    """Return the records that are to be beaten."""
    records = {event.value.label: Figure(event.record) for event in EVENTS}
    return Update(RECORD, RECORD_NAME, at, records)


def body_of(card: Card) -> dict[str, Any]:
    """Return a card as a body for ``POST …/stats``: its title is the sentence, in both languages
    of the show if there is room."""
    values: dict[str, Any] = {"Mark · 成绩": f"{card.values['value']:.2f} m"}
    if "rank" in card.values:
        values["Place · 名次"] = card.values["rank"]
    return {
        "entity": card.entity,
        "name": _title(card),
        "at": card.at,
        "duration": SHOWN_S,
        "values": values,
    }


def _title(card: Card) -> str:
    short = replace(card, facts=card.facts[:1])
    full, plain, chinese = (
        sentence(each, lang).text for each, lang in ((card, "en"), (short, "en"), (short, "zh"))
    )
    titles = (f"{full} · {chinese}", f"{plain} · {chinese}", full, plain)
    return next((title for title in titles if len(title) <= LONGEST_TITLE), card.names[card.entity])
