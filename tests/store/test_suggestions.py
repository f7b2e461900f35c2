from __future__ import annotations

from typing import Any

from grandstand.store import keys
from grandstand.store.store import Store, open_store


async def test_the_switch_keeps_the_moment_at_which_it_was_switched_off(store: Store) -> None:
    there = store.suggestions
    assert await there.off_since() is None
    await there.switch(off=True, now_ms=5.0)
    await there.switch(off=True, now_ms=9.0)
    assert await there.off_since() == 5
    other = await open_store(store.url)
    assert await other.suggestions.off_since() == 5
    await other.close()
    await there.switch(off=False, now_ms=9.0)
    assert await there.off_since() is None


async def test_figures_are_sums_and_a_show_has_its_own(store: Store) -> None:
    there = store.suggestions
    assert await there.spent("r") == 0
    for _ in range(2):
        await there.count("r", {"summary|asked": 1, "summary|none": 0}, {"summary|latest": "x"}, 7)
    assert await there.figures("r") == {"summary|asked": "2", "summary|latest": "x"}
    assert await there.figures("other") == {}
    assert await there.spent("r") == 14
    redis: Any = store.topology.client(keys.assisted("r"))
    assert 0 < await redis.ttl(keys.assisted("r")) <= 21_600
    await there.count("r", {}, {}, 0)


async def test_an_outcome_counts_once(store: Store) -> None:
    there = store.suggestions
    assert await there.close("r", "s", "sent") == ("unknown", "")
    await there.keep("r", "s", "peak")
    assert await there.close("r", "s", "sent") == ("counted", "peak")
    assert await there.close("r", "s", "sent") == ("again", "peak")
    assert await there.close("r", "s", "changed") == ("other", "peak")
    assert await there.figures("r") == {"peak|sent": "1"}
    redis: Any = store.topology.client(keys.suggestion("r", "s"))
    assert 0 < await redis.ttl(keys.suggestion("r", "s")) <= 86_400
