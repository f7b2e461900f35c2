from __future__ import annotations

from grandstand.domain.entities import EntityUpdate, Measured, row_of, updated
from grandstand.replica.entities import EntityTable


def rows(at: int, *names: str) -> dict[str, bytes]:
    updates = [EntityUpdate(name, f"N {name}", at, {"v": Measured(at, at)}) for name in names]
    return {update.entity: row_of(updated(None, update)[0]) for update in updates}


def ats(table: EntityTable, *names: str) -> list[int | None]:
    found = [table.get(name) for name in names]
    return [None if entity is None else entity.at for entity in found]


def test_a_row_of_a_commit_is_not_replaced_by_one_that_was_read_before_it() -> None:
    table = EntityTable()
    table.commit(rows(5, "a"))
    assert set(table.read(rows(4, "a", "b"))) == {"b"}
    assert ats(table, "a", "b", "c") == [5, 4, None]
    table.is_whole.set()
    table.commit(rows(6, "b"))
    assert ats(table, "a", "b") == [5, 6]


def test_what_was_removed_or_cannot_be_read_is_not_found() -> None:
    table = EntityTable()
    table.commit(rows(1, "a", "b", "c"))
    removed = updated(table.get("a"), EntityUpdate("a", "N a", 2, {}))[0]
    table.commit({"a": row_of(removed), "b": b"\xc1"})
    assert [entity for _, entity in table.search("n", "", 9)] == ["c"]
    assert len(table) == 3
