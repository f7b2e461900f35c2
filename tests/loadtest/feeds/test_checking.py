"""What is found wrong in what viewers were told."""

from __future__ import annotations

from typing import Any

import pytest
from grandstand.domain.schemas import KindSchema, ValueSchema

from loadtest.feeds.checking import Feed, out_of_order, told_twice

AT = 1_700_000_000_000
RACE = ValueSchema("Race", unit="s", better="lower", decimals=2)
SCHEMAS = {"athlete": KindSchema([RACE], records="record")}


def said(who: str, after_s: int, value: Any) -> dict[str, Any]:
    entity = f"record:{who}" if who == "held" else f"athlete:{who}"
    label = "Race" if who == "held" else "Race, heat 2"
    return {
        "entity": entity,
        "name": who.title(),
        "at": AT + 1000 * after_s,
        "values": {label: value},
    }


def told(text: str, after_s: int = 60, who: str = "bo", **more: Any) -> dict[str, Any]:
    card = {"entity": f"athlete:{who}", "rule": "gap", "audience": "followers", "message": after_s}
    return {**card, "text": text, "at": AT + 1000 * after_s, **more}


FEED = Feed(
    [
        said("held", 0, 61.0),
        said("ada", 10, {"value": 60.25, "best": 60.0}),
        said("bo", 50, {"value": 62.0}),
        said("cy", 55, 62.5),
        said("bo", 300, 59.9),
    ],
    SCHEMAS,
)


@pytest.mark.parametrize(
    "text",
    [
        "Bo is 1.75 s behind Ada in Race, heat 2: 1:02.00, place 2",
        "Bo leads Race, heat 2 with 1:02.00, 0.50 s ahead of Cy",
    ],
)
def test_what_the_feed_said_is_founded(text: str) -> None:
    assert FEED.unfounded(told(text)) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Bo is 1.76 s behind Ada in Race, heat 2: 1:02.00", ["1.76"]),
        ("Bo in Race, heat 2: 1:02.00, place 4", ["4"]),
        ("Bo in Race, heat 2: 59.90 s", ["59.90"]),
        ("Bo in Race, heat 2: 1:02.50", ["1:02.50"]),
        ("Bo in Walk: 1:02.00", ["Bo in Walk: 1:02.00"]),
    ],
)
def test_a_number_of_nobody_who_is_named_or_of_later_is_found(text: str, wrong: list[str]) -> None:
    assert FEED.unfounded(told(text)) == wrong


def test_a_record_is_held_against_the_best_until_then() -> None:
    text = "Bo breaks the record (Held): 59.90 s in Race, heat 2, {} s better than before"
    assert FEED.unfounded(told(text.format("0.35"), 301, rule="record")) == []
    assert FEED.unfounded(told(text.format("1.10"), 301, rule="record")) == ["1.10"]


def test_what_is_told_twice_or_after_something_later_is_found() -> None:
    cards = [told("one", 10), told("two", 5, message=11), told("one", 20), told("two", 20, who="x")]
    assert told_twice(cards) == ["one"]
    assert out_of_order(cards) == ["two"]
