from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest
from grandstand.edge import drain_pace as module
from grandstand.edge.drain_pace import DrainPace, per_second
from grandstand.store.errors import StoreUnavailable
from grandstand.store.nodes import Capacity
from grandstand.store.store import open_store
from grandstand.tasks import cancel_all

from tests.valkey import valkey
from tests.waiting import until


@pytest.mark.parametrize(
    ("stay_per_s", "leaving", "expected"),
    [(0, 1, math.inf), (1500, 1, 1000), (3000, 1, 2000), (3000, 2, 1000), (1500, 0, 1000)],
)
def test_those_who_leave_share_two_thirds_of_what_the_others_let_in(
    stay_per_s: int, leaving: int, expected: float
) -> None:
    assert per_second(Capacity(stay_per_s, leaving)) == pytest.approx(expected)


async def test_processes_that_stop_together_learn_of_each_other_and_of_who_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROUND_S", 0.01)
    async with valkey(tmp_path) as url:
        one, two, three = stores = [await open_store(url) for _ in range(3)]
        try:
            paces = [DrainPace(store, 1500) for store in (one, two)]
            await paces[0].look()
            assert paces[0].per_s == math.inf  # nobody else is known
            for store in stores:
                await store.nodes.report(store.node, 1500, store.now_ms())
            await paces[0].look()
            assert paces[0].per_s == pytest.approx(2000)
            running = [asyncio.create_task(pace.run()) for pace in paces]
            await until(lambda: [pace.per_s for pace in paces] == pytest.approx([500, 500]))
            await three.nodes.report(three.node, 6000, three.now_ms())
            await until(lambda: [pace.per_s for pace in paces] == pytest.approx([2000, 2000]))
            await cancel_all(running)
        finally:
            for store in stores:
                await store.close()


async def test_while_the_store_is_away_the_last_pace_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with valkey(tmp_path) as url:
        store = await open_store(url)
        try:
            await store.nodes.report("other", 3000, store.now_ms())
            pace = DrainPace(store, 1500)
            assert pace.per_s == pytest.approx(1000)  # as if there were another like it
            await pace.look()

            async def away(*_: object, **__: object) -> None:
                raise StoreUnavailable("away")

            monkeypatch.setattr(store.nodes, "report", away)
            await pace.look()
            assert pace.per_s == pytest.approx(2000)
        finally:
            await store.close()
