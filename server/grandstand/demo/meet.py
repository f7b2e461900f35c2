"""The demonstration's athletics: a dozen athletes, who jump and throw final after final. Pure.

It is an event of its own making, told as a feed would tell it: each athlete's best of the final,
what it is measured against, who leads, and who starts in the next one. Marks rise with the rounds,
so leads change until the end, and a house record falls from time to time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from grandstand.domain.schemas import KindSchema, ValueSchema

ATHLETES = ("Ada", "Bo", "Chen", "Dee", "Eun", "Fay", "Gus", "Hana", "Ivo", "Jo", "Kai", "Lin")
NAMES = {"Chen": "Chen 陈", "Eun": "Eun 은", "Hana": "Hana 花", "Lin": "Lin 林"}
"""Names of those who write them in another script too, so that they are found by it."""

ROUNDS = 4
ATTEMPTS = ROUNDS * len(ATHLETES)
"""Of one final."""

FOULS = 0.2
"""A fifth of the attempts don't count."""

LEADING = 5
BOARD_S = 12
"""The board is told with each attempt, so it goes soon after the last one."""

RECORD = "record:house"
RECORD_NAME = "house record"


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
    value = ValueSchema(
        label,
        unit="m",
        names={"zh": chinese},
        better="higher",
        decimals=2,
        close=spread / 10,
        improves=True,
    )
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
SCHEMAS = {"athlete": KindSchema([event.value for event in EVENTS], records="record")}

Body = dict[str, Any]
"""An update as ``POST …/stats`` takes it, but for its ``at``."""


@dataclass(frozen=True, slots=True)
class Final:
    """One contest, of one event."""

    event: Event
    label: str


def finals() -> Iterator[Final]:
    """Yield one final after the other, for ever."""
    for number in count(1):
        for event in EVENTS:
            yield Final(event, f"{event.value.name}, final {number}")


def attempts(final: Final, random: Random) -> Iterator[Body | None]:
    """Yield what each attempt of a final brings; of a foul, or one that is no better, nothing."""
    event = final.event
    forms = {athlete: random.gauss(event.usual, event.spread / 2) for athlete in ATHLETES}
    reached: dict[str, float] = {}
    for rising in range(ROUNDS):
        for athlete in ATHLETES:
            form = forms[athlete] + rising * event.spread / 3
            mark = round(random.gauss(form, event.spread), 2)
            if random.random() < FOULS or mark <= reached.get(athlete, 0.0):
                yield None
                continue
            best = max(event.best, reached.get(athlete, 0.0))
            reached[athlete] = mark
            yield _body(athlete, {final.label: {"value": mark, "best": best}})


def start_list(final: Final, starts: int) -> list[Body]:
    """Return who takes part in a final that begins at ``starts``, ms of programme time."""
    value = {"value": None, "best": final.event.best, "starts": starts}
    return [_body(athlete, {final.label: value}) for athlete in ATHLETES]


def board(final: Final, marks: Mapping[str, float]) -> Body:
    """Return who leads, for everyone; ``marks`` are m by entity."""
    leading = sorted(marks.items(), key=lambda item: -item[1])[:LEADING]
    label, _, number = final.label.partition(",")
    return {
        "entity": "meet:1",
        "name": f"{label} · {final.event.value.names['zh']},{number}",
        "duration": BOARD_S,
        "values": {
            name_of(entity): {"value": f"{mark:.2f}", "unit": "m", "rank": rank}
            for rank, (entity, mark) in enumerate(leading, 1)
        },
    }


def name_of(entity: str) -> str:
    """Return an athlete's name as pages show it."""
    athlete = entity.partition(":")[2]
    return NAMES.get(athlete, athlete)


def cleared() -> list[Body]:
    """Return what takes away the marks of the final before: an entity has room for 24 values."""
    return [_body(athlete, None) for athlete in ATHLETES]


def house_records() -> Body:
    """Return the records that are to be beaten."""
    records = {event.value.name: event.record for event in EVENTS}
    return {"entity": RECORD, "name": RECORD_NAME, "audience": "followers", "values": records}


def _body(athlete: str, values: Body | None) -> Body:
    entity = f"athlete:{athlete}"
    return {"entity": entity, "name": name_of(entity), "audience": "followers", "values": values}
