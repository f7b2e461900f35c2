from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from grandstand.api.problems import MAX_FAULTS, Fault, ProblemError
from grandstand.api.validation import NOT_BLANK, Line, checked, checked_lines, faults
from msgspec import UNSET, Meta, Struct, UnsetType


class Seat(Struct, forbid_unknown_fields=True):
    row: int
    view: Literal["good", "bad"] = "good"


class Colour(StrEnum):
    BLUE = "blue"
    GREEN = "green"


class Show(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=2)]
    seats: list[Seat | str] = []
    prices: dict[Annotated[str, Meta(max_length=3)], Annotated[int, Meta(ge=0)]] = {}
    lead: Seat | UnsetType = UNSET


@pytest.mark.parametrize(
    ("raw", "paths"),
    [
        ({"name": "ok"}, []),
        ({"name": "ok", "seats": ["a", {"row": 1}], "prices": {"a": 1}}, []),
        ({}, ["name"]),
        ([], [""]),
        (None, [""]),
        ({"name": "x", "surprise": 1, "again": 2}, ["name", "surprise", "again"]),
        (
            {"name": "ok", "seats": [{"row": "x"}, 7, {}, {"row": 1, "x": 0}]},
            ["seats[0].row", "seats[1]", "seats[2].row", "seats[3].x"],
        ),
        ({"name": "ok", "prices": {"long": 1, "a": -1}}, ["prices.long", "prices.a"]),
        ({"name": 1, "lead": {"row": 1.5, "view": "none"}}, ["name", "lead.row", "lead.view"]),
        ({"name": "ok", "lead": []}, ["lead"]),
    ],
)
def test_every_fault_is_found_at_its_path(raw: Any, paths: list[str]) -> None:
    assert [fault.path for fault in faults(raw, Show)] == paths


class Curtain(Struct, tag="curtain", tag_field="kind", forbid_unknown_fields=True):
    colour: str


class Light(Struct, tag="light", tag_field="kind", forbid_unknown_fields=True):
    watts: int
    colour: str = "white"


class Cues(Struct):
    then: list[Curtain | Light]


def test_of_things_that_are_known_by_a_tag_only_that_one_s_faults_are_told() -> None:
    dim = {"kind": "light", "watts": "x", "size": 1}
    found = faults({"then": [dim, {"kind": "smoke"}, {}, {"kind": "curtain", "colour": ""}]}, Cues)
    assert [(fault.path, fault.message.partition(",")[0]) for fault in found] == [
        ("then[0].watts", "expected `int`"),
        ("then[0].size", "isn't known; known are watts"),
        ("then[1].kind", "must be one of curtain"),
        ("then[2].kind", "must be one of curtain"),
    ]


def test_a_fault_says_what_was_expected() -> None:
    (fault,) = faults({"name": "x"}, Show)
    assert fault.message == "expected `str` of length >= 2"


class Ticket(Struct):
    code: Annotated[str, Meta(pattern="^[a-z]$", description="One small letter.")] | UnsetType
    row: Annotated[str, Meta(pattern=NOT_BLANK)]
    bare: Annotated[str, Meta(pattern="^[a-z]$")]
    view: Literal["good", "bad"] | UnsetType
    colour: Colour


def test_a_fault_says_what_may_be_instead() -> None:
    bad = {"code": "1", "row": " ", "bare": "1", "view": "none", "colour": "red"}
    assert [fault.message for fault in faults(bad, Ticket)] == [
        "isn't as it must be: One small letter.",
        "must not be blank",
        "expected `str` matching regex '^[a-z]$'",
        "must be one of good, bad",
        "must be one of blue, green",
    ]


def test_faults_between_fields_are_looked_for_among_the_good_ones_alone() -> None:
    seen: list[dict[str, Any]] = []

    def also(good: dict[str, Any]) -> Iterator[Fault]:
        seen.append(good)
        yield Fault("name", "is taken")
        yield Fault("prices", "are too high")

    with pytest.raises(ProblemError) as refused:
        checked({"name": "x", "prices": {"a": 1}}, Show, also)
    assert seen == [{"prices": {"a": 1}}]
    told = refused.value.problem.errors
    assert told is not UNSET
    assert [fault.path for fault in told] == ["name", "prices"]
    assert refused.value.problem.status == 422


def test_what_is_right_comes_typed() -> None:
    show = checked({"name": "ok", "seats": [{"row": 1}]}, Show)
    assert show == Show("ok", [Seat(1)])


def test_a_query_has_numbers_as_text() -> None:
    assert checked({"row": "7"}, Seat, strict=False) == Seat(7)
    assert [fault.path for fault in faults({"row": "x"}, Seat, strict=False)] == ["row"]


async def test_of_many_lines_every_fault_is_told_with_its_line() -> None:
    assert await checked_lines([Line(0, {"row": 1}), Line(2, {"row": 2})], Seat) == [
        Seat(1),
        Seat(2),
    ]
    with pytest.raises(ProblemError) as refused:
        await checked_lines([Line(1, {"row": 1}), Line(3, {"row": "x"}), Line(4, 7)], Seat)
    told = refused.value.problem.errors
    assert told is not UNSET
    assert [fault.path for fault in told] == ["line 3.row", "line 4"]


async def test_a_body_that_is_not_of_lines_has_paths_without_one() -> None:
    with pytest.raises(ProblemError) as refused:
        await checked_lines([Line(0, {"row": "x"})], Seat)
    told = refused.value.problem.errors
    assert told is not UNSET
    assert [fault.path for fault in told] == ["row"]


def test_no_more_is_looked_for_or_told_than_a_person_reads() -> None:
    assert len(faults({"name": "ok", "seats": [None] * 30_000}, Show)) == MAX_FAULTS
    with pytest.raises(ProblemError) as refused:
        checked({"name": "ok", **{f"{'x' * 1000}{n}": 1 for n in range(1000)}}, Show)
    assert len(msgspec.json.encode(refused.value.problem)) < 60_000


def test_what_a_reader_cannot_read_is_a_fault_like_others() -> None:
    assert [fault.path for fault in faults({"name": 1, "prices": {"__proto__": 2**53}}, Show)] == [
        "name",
        "prices.__proto__",
    ]
