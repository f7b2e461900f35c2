from __future__ import annotations

from functools import reduce
from itertools import permutations

import pytest
from grandstand.domain.entities import (
    CHANGES_KEPT,
    MAX_ROW_BYTES,
    MAX_VALUES,
    Entity,
    EntityUpdate,
    Measured,
    Plain,
    entity_of,
    kind_of,
    name_of,
    row_of,
    updated,
)
from grandstand.domain.outcome import Fate
from hypothesis import given
from hypothesis import strategies as st


def told(at: int, name: str = "Ada", **values: Plain) -> EntityUpdate:
    measured = {label: Measured(at, value, "m") for label, value in values.items()}
    return EntityUpdate("athlete:1", name, at, measured)


def settled(*updates: EntityUpdate) -> Entity:
    entity: Entity | None = None
    for update in updates:
        entity, _ = updated(entity, update)
    assert entity is not None
    return entity


def fates(*updates: EntityUpdate) -> list[Fate]:
    entity: Entity | None = None
    found = []
    for update in updates:
        entity, fate = updated(entity, update)
        found.append(fate)
    return found


updates = st.builds(
    lambda at, a, b: told(at, **({} if a is None else {"a": a}) | ({} if b is None else {"b": b})),
    st.integers(0, 5),
    st.none() | st.integers(0, 3),
    st.none() | st.integers(0, 3),
)


@given(st.lists(updates, min_size=1, max_size=5, unique_by=lambda update: update.at))
def test_whatever_the_order_each_value_is_its_newest(given: list[EntityUpdate]) -> None:
    expected = settled(*sorted(given, key=lambda update: update.at)).values
    for order in permutations(given):
        assert settled(*order).values == expected


@given(st.lists(updates, min_size=1, max_size=8))
def test_repeated_updates_change_nothing_and_a_row_is_read_as_it_was_written(
    given: list[EntityUpdate],
) -> None:
    entity = settled(*given)
    assert entity_of(row_of(entity)) == entity
    assert name_of(row_of(entity)) == entity.name
    last = max(given, key=lambda update: update.at)
    before = settled(*given, last)
    after, fate = updated(before, last)
    assert after == before
    assert fate != "taken"


def test_the_fate_of_an_update_is_told() -> None:
    assert fates(
        told(5, speed=1), told(5, speed=1), told(4, speed=2), told(4, height=2), told(5, speed=3)
    ) == ["taken", "repeated", "late", "taken", "taken"]


def test_a_late_value_beside_a_new_one_changes_neither_name_nor_the_newer_value() -> None:
    entity = settled(told(5, "Ada", speed=1), told(4, "Eda", speed=2, height=3))
    assert (entity.name, entity.at) == ("Ada", 5)
    assert {name: (each.at, each.value) for name, each in entity.values.items()} == {
        "speed": (5, 1),
        "height": (4, 3),
    }
    assert settled(told(5, "Ada", speed=1), told(6, "Eda", speed=1)).name == "Eda"


def test_what_is_removed_does_not_come_back_by_a_late_update() -> None:
    entity = settled(told(5, speed=1), told(6), told(4, height=2))
    assert (entity.values, entity.removed_at) == ({}, 6)
    assert fates(told(5, speed=1), told(6), told(6), told(4), told(7, speed=2)) == [
        *("taken", "taken", "repeated", "late", "taken")
    ]
    assert settled(told(7, speed=1), told(6)).values["speed"].value == 1


def test_the_last_changes_are_kept_newest_first() -> None:
    entity = reduce(
        lambda entity, at: updated(entity, told(at, speed=at // 2))[0], range(40), settled(told(0))
    )
    assert [(each.at, each.value) for each in entity.changes] == [
        (at, at // 2) for at in range(38, 38 - 2 * CHANGES_KEPT, -2)
    ]


def test_a_row_is_bounded() -> None:
    full = settled(*(told(1, "Ada", **{f"v{n}": n}) for n in range(MAX_VALUES)))
    assert updated(full, told(2, more=1)) == (full, "full")
    assert updated(full, told(2, v0=7))[1] == "taken"
    wide = {f"{n:02}" * 20: "x" * 240 for n in range(MAX_VALUES)}
    assert updated(None, told(1, "Ada", **wide))[1] == "full"
    assert len(row_of(full)) < MAX_ROW_BYTES


def test_of_a_row_that_is_too_large_the_oldest_changes_are_dropped() -> None:
    long = {f"v{n}": "字" * 50 for n in range(20)}
    entity, fate = updated(None, told(1, "Ada", **long))
    assert fate == "taken"
    for at in range(2, 20):
        entity, fate = updated(entity, told(at, "Ada", v0=f"{at:02}" + "字" * 48))
        assert fate == "taken"
        assert len(row_of(entity)) <= MAX_ROW_BYTES
    assert [each.at for each in entity.changes] == [*range(19, 19 - len(entity.changes), -1)]
    assert 0 < len(entity.changes) < CHANGES_KEPT


def test_a_kind_is_what_stands_before_the_colon() -> None:
    assert [kind_of(each) for each in ("athlete:1:2", "x", ":1")] == ["athlete", "", ""]


@pytest.mark.parametrize("row", [None, b"", b"\xc1", b"\x91\x01"])
def test_what_cannot_be_read_is_no_entity(row: bytes | None) -> None:
    assert entity_of(row) is None
    assert name_of(row or b"") == ""
