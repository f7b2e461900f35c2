"""What is known of a kind's values beforehand: names, units, order, and which is better. Pure.

No sport is in the code: what makes a time a time stands in its schema. The values of a kind that a
schema doesn't name are shown, but no rule speaks of them.

A label is a value's name, or the name, a comma and a stage: ``100 m, heat 3`` has the schema of
``100 m`` unless there is one of its own. Values with the same label are compared with each other;
records and bests hold for the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct

from grandstand.overlays.card_rules.update import Figure

SECONDS = "s"
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d\d(?:\.\d{1,6})?)")


class ValueSchema(Struct, frozen=True, forbid_unknown_fields=True):
    """One value of a kind.

    ``names`` by language. ``decimals`` are those that it is written with (None: as they come).
    ``step``: it is a running count, told each time it passes a multiple of that. ``close``: two
    that are no further apart are head to head. ``improves``: an entity's value never gets worse,
    so a worse one corrects those before. ``stale_s``: a card with an older value says how old it
    is (0: values stand).
    """

    label: str
    names: dict[str, str] = {}
    unit: str = ""
    better: Literal["higher", "lower", ""] = ""
    decimals: int | None = None
    step: float = 0
    close: float = 0
    improves: bool = False
    stale_s: float = 0

    def number(self, figure: Figure) -> float | None:
        """Return a figure's value as a number, also where it is written as text, or as a clock
        (``2:24:04``) and the unit is seconds. None if it is none, or in another unit."""
        if figure.unit and figure.unit != self.unit:
            return None
        return self._number(figure.value)

    def best(self, figure: Figure) -> float | None:
        """Return what the entity had reached before, if the feed says it as a number."""
        return self._number(figure.best)

    def _number(self, value: float | str | None) -> float | None:
        if not isinstance(value, str):
            return value
        if _NUMBER.fullmatch(value):
            return float(value)
        clock = _CLOCK.fullmatch(value) if self.unit == SECONDS else None
        if clock is None:
            return None
        hours, minutes, seconds = clock.groups()
        return round(int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds), 6)

    def is_better(self, one: float, other: float) -> bool:
        """Return whether ``one`` is better than ``other``; never where nothing is better."""
        return one < other if self.better == "lower" else self.better == "higher" and one > other


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """How much a stage counts (a final 1), and its names by language."""

    weight: float = 1.0
    names: dict[str, str] = {}


NO_STAGE = Stage()


class Schema(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The values of one kind of entity, in the order in which they are shown.

    ``records``: the kind of the entities whose values, under the same names, are the records of
    this one. ``holds_records``: its own values are records, and get no cards. ``marks``: which of
    the words that a feed writes into ``best`` mean a record, a best, or a season's best; of several
    the first one in this order counts. ``stages``: by the first word of a stage.
    """

    kind: str
    values: list[ValueSchema]
    records: str = ""
    holds_records: bool = False
    marks: dict[str, Literal["record", "best", "season"]] = {}
    stages: dict[str, Stage] = {}

    @cached_property
    def _by_label(self) -> dict[str, ValueSchema]:
        return {value.label: value for value in self.values}

    def value_of(self, label: str) -> ValueSchema | None:
        """Return what is known of a label: its own schema, else that of its name."""
        return self._by_label.get(label) or self._by_label.get(label.rpartition(", ")[0])

    def stage_of(self, label: str) -> Stage:
        """Return what is known of a label's stage."""
        word = label.rpartition(", ")[2].partition(" ")[0]
        return self.stages.get(word, NO_STAGE)

    def mark_of(self, figure: Figure) -> str:
        """Return the first known mark that the feed gives a value, in this order; ``""``: none."""
        if not isinstance(figure.best, str):
            return ""
        given = set(re.split(r"[|,;/\s]+", figure.best))
        return next((word for word in self.marks if word in given), "")


Schemas = Mapping[str, Schema]
"""By kind."""


def with_records(schemas: Iterable[Schema]) -> Schemas:
    """Return schemas by kind, and one for each kind that holds records: of the same values."""
    found = {schema.kind: schema for schema in schemas}
    for kind in {schema.records for schema in found.values() if schema.records}:
        values = [
            value for schema in found.values() if schema.records == kind for value in schema.values
        ]
        found[kind] = Schema(kind, values, holds_records=True)
    return found


def kind_of(entity: str) -> str:
    """Return the kind of an entity: what stands before its colon."""
    return entity.partition(":")[0]
