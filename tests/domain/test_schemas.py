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
TIME = ValueSchema("Marathon", unit="s", better="lower")
POINTS = ValueSchema("Points", better="higher")


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


def test_a_stage_has_the_schema_of_its_value_unless_it_has_one_of_its_own() -> None:
    split = ValueSchema("Marathon, 30 km", unit="s", better="lower")
    schema = KindSchema([TIME, split])
    assert schema.get("Marathon, final") is TIME
    assert schema.get("Marathon, 30 km") is split
    assert schema.get("Walk, 30 km") is None
    assert schema.flaw("Marathon, final", 8644, "s") == ""
    assert in_order(["Marathon, 30 km", "x", "Marathon, final"], schema) == [
        "Marathon, final",
        "Marathon, 30 km",
        "x",
    ]


@pytest.mark.parametrize(
    ("value", "number"),
    [(9.81, 9.81), ("9.81", 9.81), ("-3", -3), ("2:24:04", 8644), ("1:23.4", 83.4), ("DNF", None)],
)
def test_numbers_are_read_where_they_are_text(value: float | str, number: float | None) -> None:
    assert TIME.number(value) == number


def test_a_score_that_looks_like_a_clock_is_none() -> None:
    assert POINTS.number("10:12") is None


def test_another_unit_is_not_compared() -> None:
    assert TIME.number(144.1, "min") is None
    assert TIME.number(144.1, "s") == 144.1


def test_nothing_is_better_where_the_schema_does_not_say_so() -> None:
    plain = ValueSchema("Number")
    assert not plain.is_better(1, 2)
    assert not plain.is_better(2, 1)


def test_of_several_marks_the_first_of_the_schema_counts() -> None:
    schema = KindSchema([TIME], marks={"WR": "record", "PB": "best"})
    assert schema.mark_of("PB|WR") == "WR"
    assert schema.mark_of("NR") == ""
    assert schema.mark_of(0.9) == ""
    assert schema.flaw_of_best("Marathon", "NR|PB") == ""
    assert RUNNER.flaw_of_best("speed", "PB") != ""


def test_values_come_in_the_order_of_the_schema_and_others_behind_them() -> None:
    assert in_order(["x", "club", "y", "speed"], RUNNER) == ["speed", "club", "x", "y"]
    assert in_order(["b", "a"], None) == ["b", "a"]
