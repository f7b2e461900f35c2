"""Schemas: which values a kind of entity has, of which type, in which unit and order, and what is
known of them beforehand. Pure.

No sport is in the code: what makes a time a time stands in its schema. The same schema judges what
a feed sends, orders what pages show, and tells the card rules what is better.

A label is a value's name, or the name, a comma and a stage: ``100 m, heat 3`` has the schema of
``100 m`` unless there is one of its own. Values with the same label are compared with each other;
records and bests hold for the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

MAX_KINDS = 50
"""Kinds of a room that have a schema: all of them are in its state."""

MAX_BYTES = 8192
"""Of one schema, as msgpack: 400 KB of a room's state at most. One with 44 values that rules know
all about has 6 KB."""

SECONDS = "s"

Label: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]
Unit: TypeAlias = Annotated[str, Meta(max_length=20)]
Kind: TypeAlias = Annotated[str, Meta(max_length=40, pattern=r"^[^:]*$(?!\n)")]
Lang: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$(?!\n)")]
Names: TypeAlias = Annotated[
    dict[Lang, Label], Meta(max_length=20, description="By language (BCP 47).")
]
Word: TypeAlias = Annotated[str, Meta(max_length=20, pattern=r"^[^|,;/\s]+$(?!\n)")]
Given: TypeAlias = int | float | str | None
Rule: TypeAlias = Literal[
    "record", "lead", "best", "close", "rank", "season", "score", "start", "gap"
]

_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "text": (str,),
}
_WORDS = {"number": "a number", "integer": "an integer", "text": "a text"}
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d\d(?:\.\d{1,6})?)")


class ValueSchema(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value: its name, its type, and the unit that it is in unless it is none.

    The others are for the card rules. `better` says which of two is. `decimals` are those that it
    is written with; without, as they come. `step`: it is a running count, told each time it passes
    a multiple of that. `close`: two that are no further apart are head to head. `improves`: an
    entity's value never gets worse, so a worse one corrects those before. `stale`: a card with a
    value that is more seconds old says how old it is; with 0 values stand. `rules`: only these
    speak of it; without any, all do.
    """

    name: Label
    type: Literal["number", "integer", "text"] = "number"
    unit: Unit = ""
    names: Names = {}
    better: Literal["higher", "lower", ""] = ""
    decimals: Annotated[int, Meta(ge=0, le=6)] | None = None
    step: Annotated[float, Meta(ge=0)] = 0
    close: Annotated[float, Meta(ge=0)] = 0
    improves: bool = False
    stale: Annotated[float, Meta(ge=0, le=604_800, description="s")] = 0
    rules: Annotated[list[Rule], Meta(max_length=9)] = []

    def number(self, value: Given, unit: str = "") -> float | None:
        """Return a value as a number, also where it is written as text, or as a clock
        (``2:24:04``) and the unit is seconds. None if it is none, or in another ``unit``."""
        if unit and unit != self.unit:
            return None
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

    def is_told_by(self, rule: str) -> bool:
        """Return whether a rule may speak of it."""
        return not self.rules or rule in self.rules

    @property
    def is_judged(self) -> bool:
        """Return whether any rule can speak of it."""
        return bool(self.better or self.step)


class Stage(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much a stage counts, and its names."""

    weight: Annotated[float, Meta(ge=0, le=1, description="A final's is 1.")] = 1.0
    names: Names = {}


NO_STAGE = Stage()


class KindSchema(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True):
    """The values of a kind, in the order in which they are shown.

    `records`: the kind of the entities whose values, under the same names, are the records of this
    one. `marks`: which of the words that a feed writes into `best` (`NR|PB`) mean a record, a best,
    or a season's best; of several the first one in this order counts. `stages`: by the first word
    of a stage.
    """

    values: Annotated[list[ValueSchema], Meta(max_length=100)]
    records: Kind = ""
    marks: Annotated[dict[Word, Literal["record", "best", "season"]], Meta(max_length=30)] = {}
    stages: Annotated[dict[Word, Stage], Meta(max_length=30)] = {}

    @cached_property
    def _by_name(self) -> dict[str, ValueSchema]:
        return {value.name: value for value in self.values}

    def get(self, label: str) -> ValueSchema | None:
        """Return what is known of a label: its own schema, else that of its name; None if the kind
        has no such value."""
        return self._by_name.get(label) or self._by_name.get(label.rpartition(", ")[0])

    def stage_of(self, label: str) -> Stage:
        """Return what is known of a label's stage."""
        word = label.rpartition(", ")[2].partition(" ")[0]
        return self.stages.get(word, NO_STAGE)

    def mark_of(self, best: Given) -> str:
        """Return the first known mark that a feed gives a value as its best, in this order; "":
        none."""
        if not isinstance(best, str):
            return ""
        given = set(re.split(r"[|,;/\s]+", best))
        return next((word for word in self.marks if word in given), "")

    @cached_property
    def is_judged(self) -> bool:
        """Return whether the card rules can speak of any of its values."""
        return any(value.is_judged for value in self.values)

    def flaw(self, label: str, value: Given, unit: str | None) -> str:
        """Return what is wrong with a value and its ``unit`` (None if none was given), or ""."""
        expected = self.get(label)
        if expected is None:
            known = ", ".join(each.name for each in self.values)
            return f"isn't in the schema of this kind; it has {known}"
        if value is not None and not isinstance(value, _TYPES[expected.type]):
            words = _WORDS[expected.type]
            given = "a text" if isinstance(value, str) else f"no {expected.type}"
            return f"must be {words} by the schema of this kind, and is {given}"
        if unit is not None and unit != expected.unit:
            return f"must be in {expected.unit or 'no unit'} by the schema of this kind"
        return ""

    def flaw_of_best(self, label: str, best: Given) -> str:
        """Return what is wrong with a value's best, which may be marks in place of a number."""
        if isinstance(best, str) and self.marks:
            return ""
        return self.flaw(label, best, None)


def decimals_of(labels: Iterable[str], schema: KindSchema | None) -> dict[str, int]:
    """Return with how many decimals values are written, by label, as far as the schema says."""
    if schema is None:
        return {}
    known = {label: schema.get(label) for label in labels}
    return {
        label: value.decimals
        for label, value in known.items()
        if value is not None and value.decimals is not None
    }


def in_order(labels: Iterable[str], schema: KindSchema | None) -> list[str]:
    """Return labels of values in the order of the schema; others behind them, as they came."""
    if schema is None:
        return list(labels)
    places = {value.name: place for place, value in enumerate(schema.values)}

    def place(label: str) -> int:
        known = schema.get(label)
        return len(places) if known is None else places[known.name]

    return sorted(labels, key=place)
