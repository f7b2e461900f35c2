from __future__ import annotations

import pytest
from grandstand.domain.schemas import Given, KindSchema, ValueSchema, in_order

RUNNER = KindSchema(
    [
        ValueSchema("speed", "number", "km/h"),
        ValueSchema("lane", "integer"),
        ValueSchema("club", "text"),
    ]
)


@pytest.mark.parametrize(
    ("name", "value", "unit", "flaw"),
    [
        ("speed", 37.5, None, ""),
        ("speed", 37, "km/h", ""),
        ("speed", None, None, ""),
        ("speed", "37.5", None, "must be a number by the schema of this kind, and is a text"),
        ("speed", 10.2, "m/s", "must be in km/h by the schema of this kind"),
        ("lane", 4.5, None, "must be an integer by the schema of this kind, and is no integer"),
        ("lane", 4, "m", "must be in no unit by the schema of this kind"),
        ("club", 4, None, "must be a text by the schema of this kind, and is no text"),
        ("wind", 1, None, "isn't in the schema of this kind; it has speed, lane, club"),
    ],
)
def test_a_flaw_is_named(name: str, value: Given, unit: str | None, flaw: str) -> None:
    assert RUNNER.flaw(name, value, unit) == flaw


def test_values_come_in_the_order_of_the_schema_and_others_behind_them() -> None:
    assert in_order(["x", "club", "y", "speed"], RUNNER) == ["speed", "club", "x", "y"]
    assert in_order(["b", "a"], None) == ["b", "a"]
