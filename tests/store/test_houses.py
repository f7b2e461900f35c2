"""What processes say of themselves."""

from __future__ import annotations

from grandstand.store import keys
from grandstand.store.houses import HEARD_MS, House, Said
from grandstand.store.store import Store

HOUSE = House(1000, 5000, 12, 3, 1500, [Said(900, "waiting", "3 wait")], [])


async def test_reports_count_for_a_while_and_are_then_forgotten(store: Store) -> None:
    await store.houses.report("one", HOUSE)
    await store.rooms._reader.ask("HSET", keys.HOUSES, "odd", b"\xff")
    assert await store.houses.all(1000 + HEARD_MS) == {"one": HOUSE}
    assert await store.houses.all(1001 + HEARD_MS) == {}
    assert await store.rooms._reader.ask("EXISTS", keys.HOUSES) == 0
