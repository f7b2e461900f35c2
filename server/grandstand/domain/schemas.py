"""Schemas: which values a kind of entity has, of which type, in which unit, and in which order.
Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

MAX_KINDS = 50
"""Kinds of a room that have a schema: all of them are in its state, 340 KB at most (24 values of
a kind, each with 60 characters of up to 4 bytes)."""

Label: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]
Unit: TypeAlias = Annotated[str, Meta(max_length=20)]
Given: TypeAlias = int | float | str | None

_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "integer": (int,),
    "text": (str,),
}
_WORDS = {"number": "a number", "integer": "an integer", "text": "a text"}


class ValueSchema(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value: its name, its type, and the unit that it is in unless it is none."""

    name: Label
    type: Literal["number", "integer", "text"] = "number"
    unit: Unit = ""


class KindSchema(Struct, frozen=True, forbid_unknown_fields=True):
    """The values of a kind, in the order in which they are shown."""

    values: Annotated[list[ValueSchema], Meta(max_length=24)]

    def get(self, name: str) -> ValueSchema | None:
        """Return the schema of a value; None if the kind has no such value."""
        return next((value for value in self.values if value.name == name), None)

    def flaw(self, name: str, value: Given, unit: str | None) -> str:
        """Return what is wrong with a value and its ``unit`` (None if none was given), or ""."""
        expected = self.get(name)
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


def in_order(names: Iterable[str], schema: KindSchema | None) -> list[str]:
    """Return names of values in the order of the schema; others behind them, as they came."""
    if schema is None:
        return list(names)
    places = {value.name: place for place, value in enumerate(schema.values)}
    return sorted(names, key=lambda name: places.get(name, len(places)))
