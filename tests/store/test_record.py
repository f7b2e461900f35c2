from __future__ import annotations

import random

import msgspec
import pytest
from grandstand.domain.envelope import Commit
from grandstand.domain.record import Row, imported_id
from grandstand.domain.state import PrivateChanges, RoomState
from grandstand.store import keys, record
from grandstand.store.record import RecordCursor
from grandstand.store.store import Store
from grandstand.store.timeline import Changes

from tests.invariants.ledger import short_id


def row(number: int, at: int, shown: bool = True, **more: object) -> Row:
    return Row(short_id(number), at, "u", "Ada", "é" * (number % 7), 1.0, shown, **more)  # type: ignore[arg-type]


async def record_rows(store: Store, *rows: Row, retracted: tuple[str, ...] = ()) -> None:
    await store.rooms.create("r", "made")
    head = (await store.timeline.load("r")).head
    commit = Commit(head.epoch, head.seq + 1, head.offset, 0, [], PrivateChanges())
    changes = Changes(frozenset(), rows, (), (), (), retracted)
    await store.timeline.commit("r", head, None, commit, RoomState(), changes)


async def read(store: Store, start: int, end: int, after: RecordCursor | None = None) -> list[Row]:
    return [each async for each in store.record.rows("r", start, end, after, shown_only=False)]


async def test_rows_come_as_they_were_recorded(store: Store) -> None:
    plain = row(1, 5)
    dressed = row(2, 6, False, merged_into="a1", mode="top", size="large", color=0)
    await record_rows(store, plain, dressed, row(3, 7, count=4))
    assert await read(store, 0, 10) == [plain, dressed, row(3, 7, count=4)]
    assert await store.record.size("r") == 3


async def test_the_start_is_inclusive_and_the_end_is_not(store: Store) -> None:
    rows = [row(n, n) for n in range(1, 6)]
    await record_rows(store, *rows)
    assert await read(store, 2, 4) == rows[1:3]
    assert await read(store, 4, 4) == []


async def test_the_newest_rows_are_those_before_an_end(store: Store) -> None:
    rows = [row(n, n) for n in range(1, 9)]
    await record_rows(store, *rows, retracted=(rows[4].id,))
    found = await store.record.last("r", 3, 7, 10)
    assert sorted(each.at for each in found) == [3, 4, 6]


@pytest.mark.parametrize("slice_rows", [1, 2, 500])
async def test_a_row_that_another_version_wrote_is_left_out_and_keeps_no_other_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, slice_rows: int
) -> None:
    monkeypatch.setattr(record, "SLICE", slice_rows)
    rows = [row(n, n // 2) for n in range(1, 9)]
    await record_rows(store, *rows)
    for at in (0, 1, 2, 2, 4, 5):
        odd = msgspec.msgpack.encode(["zz", at, {"of": random.random()}])
        await store.rooms._reader.ask("ZADD", keys.record("r"), at, odd)
    assert await read(store, 0, 10) == rows
    assert await store.record.find("r", rows[3].id) == rows[3]
    assert await store.record.at("r", [1, 2]) == rows[1:5]


@pytest.mark.parametrize("slice_rows", [1, 2, 3, 7, 500])
async def test_rows_come_in_the_order_of_at_then_id_however_many_share_one_moment(
    store: Store, monkeypatch: pytest.MonkeyPatch, slice_rows: int
) -> None:
    monkeypatch.setattr(record, "SLICE", slice_rows)
    chance = random.Random(slice_rows)
    # 30 to 60 is where ids get another digit; some moments have far more rows than a slice.
    rows = [row(n, chance.choice([3, 3, 3, 4, 5, 9])) for n in range(1, 60)]
    shuffled = chance.sample(rows, len(rows))
    await record_rows(store, *shuffled)
    in_order = sorted(rows, key=lambda each: (each.at, each.id))
    assert [each.id for each in sorted(rows, key=lambda each: each.id)] == [
        each.id for each in rows
    ]
    assert await read(store, 0, 10) == in_order
    for index in (0, 10, 30, 58):
        last = in_order[index]
        assert await read(store, 0, 10, RecordCursor(last.at, last.id)) == in_order[index + 1 :]
    assert await read(store, 5, 10, RecordCursor(3, "a1")) == [
        each for each in in_order if each.at >= 5
    ]


async def test_what_was_not_shown_is_read_on_request(store: Store) -> None:
    await record_rows(store, row(1, 1), row(2, 1, False), row(3, 2))
    shown = [each.id async for each in store.record.rows("r", 0, 10)]
    assert shown == ["a1", "a3"]
    assert [each.id for each in await read(store, 0, 10)] == ["a1", "a2", "a3"]


async def test_a_retracted_comment_is_not_read_whenever_it_was_retracted(store: Store) -> None:
    await record_rows(store, row(1, 1), row(2, 1), row(3, 1), retracted=("a2", "a4"))
    assert [each.id for each in await read(store, 0, 10)] == ["a1", "a3"]
    await record_rows(store, row(4, 1), retracted=("a1",))
    assert [each.id for each in await read(store, 0, 10)] == ["a3"]


async def test_one_comment_is_found_among_many_of_its_moment(store: Store) -> None:
    rows = [row(n, 7) for n in range(1, 50)]
    await record_rows(store, *rows)
    for each in rows:
        assert await store.record.find("r", each.id) == each
    for unknown in ("", "a", "zz9", "é", "a{"):
        assert await store.record.find("r", unknown) is None


async def test_a_row_recorded_again_by_a_repeated_commit_is_one(store: Store) -> None:
    await record_rows(store, row(1, 1))
    await record_rows(store, row(1, 1))
    assert await read(store, 0, 10) == [row(1, 1)]


async def test_what_lies_before_the_retention_is_forgotten(store: Store) -> None:
    await record_rows(store, *(row(n, n) for n in range(1, 6)))
    assert await store.record.trim("r", 3) == 2
    assert [each.at for each in await read(store, 0, 10)] == [3, 4, 5]
    assert await store.record.find("r", "a1") is None


async def test_an_imported_row_is_found_by_what_its_id_tells(store: Store) -> None:
    imported = Row(imported_id(7, "u", "hi"), 7, "u", "Ada", "hi", 1.0, True)
    await record_rows(store, imported, row(1, 7))
    assert await store.record.find("r", imported.id) == imported
    assert await store.record.find("r", imported_id(7, "u", "another")) is None


async def test_rows_of_some_moments_are_read_together_retracted_or_not(store: Store) -> None:
    rows = [row(n, n // 2) for n in range(1, 8)]
    await record_rows(store, *rows, retracted=(rows[0].id,))
    assert await store.record.at("r", [0, 2, 9]) == [rows[0], rows[3], rows[4]]
    assert await store.record.at("r", []) == []
