from __future__ import annotations

from grandstand.store import keys
from grandstand.store.nodes import HEARD_MS, Capacity
from grandstand.store.store import Store


async def test_what_processes_let_in_is_added_up_and_those_who_leave_are_counted(
    store: Store,
) -> None:
    now_ms, nodes = store.now_ms(), store.nodes
    assert await nodes.capacity(now_ms) == Capacity(0, 0)
    await nodes.report("a", 1500, now_ms)
    await nodes.report("b", 500, now_ms)
    await nodes.report("c", 1500, now_ms, is_leaving=True)
    assert await nodes.capacity(now_ms) == Capacity(2000, 1)
    await nodes.report("a", 1500, now_ms, is_leaving=True)
    assert await nodes.capacity(now_ms) == Capacity(500, 2)


async def test_old_and_unreadable_reports_do_not_count_and_are_deleted(store: Store) -> None:
    now_ms, ask = store.now_ms(), store.rooms._reader.ask
    await store.nodes.report("a", 1500, now_ms)
    await store.nodes.report("gone", 1500, now_ms - HEARD_MS - 1)
    for number, odd in enumerate(["", "1500", "x:stays:1", f"1500:rests:{now_ms:.0f}", "5:stays:"]):
        await ask("HSET", keys.NODES, f"odd {number}", odd)
    assert await store.nodes.capacity(now_ms) == Capacity(1500, 0)
    assert await ask("HKEYS", keys.NODES) == [b"a"]


async def test_the_first_report_of_a_process_deletes_those_of_killed_ones(store: Store) -> None:
    now_ms, ask = store.now_ms(), store.rooms._reader.ask
    for killed in range(3):
        await ask("HSET", keys.NODES, f"killed {killed}", f"1500:stays:{now_ms - HEARD_MS - 1:.0f}")
    await store.nodes.report("a", 1500, now_ms)
    assert await ask("HKEYS", keys.NODES) == [b"a"]
