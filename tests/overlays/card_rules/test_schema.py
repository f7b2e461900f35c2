from __future__ import annotations

import pytest
from grandstand.overlays.card_rules.schema import Schema, ValueSchema, with_records
from grandstand.overlays.card_rules.update import Figure

TIME = ValueSchema("Marathon", unit="s", better="lower")
POINTS = ValueSchema("Points", better="higher")


@pytest.mark.parametrize(
    ("value", "number"),
    [(9.81, 9.81), ("9.81", 9.81), ("-3", -3), ("2:24:04", 8644), ("1:23.4", 83.4), ("DNF", None)],
)
def test_numbers_are_read_where_they_are_text(value: float | str, number: float | None) -> None:
    assert TIME.number(Figure(value)) == number


def test_a_score_that_looks_like_a_clock_is_none() -> None:
    assert POINTS.number(Figure("10:12")) is None


def test_another_unit_is_not_compared() -> None:
    assert TIME.number(Figure(144.1, "min")) is None
    assert TIME.number(Figure(144.1, "s")) == 144.1


def test_nothing_is_better_where_the_schema_does_not_say_so() -> None:
    plain = ValueSchema("Number")
    assert not plain.is_better(1, 2)
    assert not plain.is_better(2, 1)


def test_a_stage_has_the_schema_of_its_value_unless_it_has_one_of_its_own() -> None:
    split = ValueSchema("Marathon, 30 km", unit="s", better="lower")
    schema = Schema("athlete", [TIME, split])
    assert schema.value_of("Marathon, final") is TIME
    assert schema.value_of("Marathon, 30 km") is split
    assert schema.value_of("Walk, 30 km") is None


def test_of_several_marks_the_first_of_the_schema_counts() -> None:
    schema = Schema("athlete", [TIME], marks={"WR": "record", "PB": "best"})
    assert schema.mark_of(Figure(1.0, best="PB|WR")) == "WR"
    assert schema.mark_of(Figure(1.0, best="NR")) == ""
    assert schema.mark_of(Figure(1.0, best=0.9)) == ""


def test_kinds_that_share_their_records_have_all_their_values_there() -> None:
    schemas = with_records(
        [Schema("batter", [POINTS], records="record"), Schema("runner", [TIME], records="record")]
    )
    assert schemas["record"].values == [POINTS, TIME]
    assert schemas["record"].holds_records
