from __future__ import annotations

from grandstand.domain.schemas import ValueSchema
from grandstand.overlays.card_rules import standings
from grandstand.overlays.card_rules.standings import Entry, Standings, Table

HIGHER, LOWER = ValueSchema("x", better="higher"), ValueSchema("x", better="lower")


def table(schema: ValueSchema, **values: float) -> Table:
    return Table(schema, {who: Entry(value, 0) for who, value in values.items()})


def test_the_order_is_that_of_the_schema() -> None:
    assert table(HIGHER, a=1, b=3, c=2).order == ("b", "c", "a")
    assert table(LOWER, a=1, b=3, c=2).order == ("a", "c", "b")
    assert table(ValueSchema("x"), a=1).leader is None


def test_equal_ones_have_the_same_rank_and_the_first_to_reach_it_leads() -> None:
    tied = Table(HIGHER, {"a": Entry(2, 10), "b": Entry(2, 5), "c": Entry(1, 0)})
    assert [tied.rank(who) for who in "abc"] == [1, 1, 3]
    assert tied.leader == "b"


def test_the_feeds_rank_decides_between_equal_ones() -> None:
    ranked = Table(HIGHER, {"a": Entry(2, 5, 2), "b": Entry(2, 10, 1)})
    assert ranked.leader == "b"
    assert ranked.rank("a") == 2


def test_a_change_leaves_the_table_before_it_as_it_was() -> None:
    before = table(HIGHER, a=1)
    after = before.changed({"a": None, "b": Entry(2, 0)})
    assert (before.order, after.order) == (("a",), ("b",))


def test_a_table_and_the_number_of_tables_are_bounded() -> None:
    full = Table(HIGHER, {}).changed(
        {str(n): Entry(n, 0) for n in range(standings.MAX_ENTRIES + 9)}
    )
    assert len(full.entries) == standings.MAX_ENTRIES
    all_ = Standings()
    for n in range(standings.MAX_TABLES + 9):
        all_.put("athlete", str(n), full)
    assert len(all_.tables) == standings.MAX_TABLES
    for n in range(standings.MAX_NAMES + 9):
        all_.rename(str(n), "x")
    assert len(all_.names) == standings.MAX_NAMES
