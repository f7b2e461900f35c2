"""Clocks that jump: a room's clock is held, and reset when a producer says so.

The scripts ask the store for its time by ``TIME``; here they ask a key besides by how much it is
off, as the process does that samples it. All else is the real store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from grandstand.domain.clock import check_at
from grandstand.domain.events import ClockReset
from grandstand.domain.outcome import Effect
from grandstand.store import ingest
from grandstand.store.lua import Script
from grandstand.store.rooms import Rooms

from tests.edge.harness import Harness, harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR_MS = 3_600_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("clock")) as made:
        yield made


class OffClock:
    """The store's clock, as far off as a test says."""

    def __init__(self, node: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
        self.off_ms = 0
        self._node = node
        true = Rooms.clock_ms
        source = ingest._APPEND.source

        async def clock_ms(rooms: Rooms) -> float:
            return await true(rooms) + self.off_ms

        def append() -> Script:
            seconds = f"redis.call('TIME')\nclock[1] = clock[1] + {self.off_ms / 1000}"
            return Script("append", source.replace("redis.call('TIME')", seconds, 1))

        monkeypatch.setattr(Rooms, "clock_ms", clock_ms)
        self._patch = lambda: monkeypatch.setattr(ingest, "_APPEND", append())

    async def set(self, off_ms: int) -> None:
        self.off_ms = off_ms
        self._patch()  # type: ignore[no-untyped-call]
        await self._node.store.sample_clock()


@pytest.fixture
def clock(node: Harness, monkeypatch: pytest.MonkeyPatch) -> OffClock:
    return OffClock(node, monkeypatch)


@pytest.mark.parametrize("by_ms", [HOUR_MS, -HOUR_MS])
async def test_an_hour_that_is_taken_back_refuses_nobody(
    node: Harness, clock: OffClock, by_ms: int
) -> None:
    live = await node.room()
    async with node.viewer(live.room, node.token()) as viewer:
        before = live.now()
        await clock.set(by_ms)
        assert node.store.clock.jumped_ms == pytest.approx(by_ms, abs=2000)
        for number in range(3):
            answer = await viewer.ask("comment", text=f"during {number}", at=live.now())
            assert answer["type"] == "ack", answer
        same = await viewer.ask("comment", id="once", text="once")
        assert await viewer.ask("comment", id="once", text="once") == same
        await viewer.first("frame", lambda frame: frame.get("comments"))
        await clock.set(0)
        assert node.store.clock.jumped_ms == 0
        assert await viewer.ask("comment", id="once", text="once") == same
        answer = await viewer.ask("comment", text="after", at=live.now())
        assert answer["type"] == "ack", answer
        assert 0 <= live.now() - before < 60_000


async def test_a_room_whose_clock_ran_ahead_is_set_right_by_a_call_and_viewers_stay(
    node: Harness,
) -> None:
    live = await node.room()
    async with node.viewer(live.room, node.token()) as viewer:
        true = int(node.store.now_ms())
        # As by a server that started while the store's clock was an hour ahead.
        live._clock.seen(true + HOUR_MS)
        head = f"gs:{{{live.room}}}:head"
        await node.store.topology.client(head).hset(head, "now", str(true + HOUR_MS))
        await until(lambda: node.rooms.clock_ahead_s > 3500)
        answer = await viewer.ask("comment", text="refused", at=true)
        assert answer["code"] == "bad_time"
        epoch = live.replica.epoch
        assert await live.submit(ClockReset(uuid4().hex)) == Effect(new_epoch=True)
        await live.left(epoch)
        await until(lambda: len(viewer.of("welcome")) == 2)
        assert abs(viewer.of("welcome")[1]["now"] - node.store.now_ms()) < 5000
        assert viewer.of("welcome")[1]["epoch"] != epoch
        answer = await viewer.ask("comment", text="taken", at=live.now())
        assert answer["type"] == "ack"
        await viewer.first("frame", lambda frame: frame.get("comments"))
        check_at(true, live.now(), 60_000)
        assert (await node.store.timeline.load(live.room)).head.now < true + 60_000


async def test_an_offset_of_a_day_may_be_taken_back(node: Harness) -> None:
    live = await node.room()
    async with node.viewer(live.room, node.token()) as viewer:
        for offset in (-86_400_000, 0):
            epoch = live.replica.epoch
            await node.change(live, programme_offset=offset)
            await live.left(epoch)
            assert abs(live.now() - (node.store.now_ms() - offset)) < 5000
            answer = await viewer.ask("comment", text=f"at {offset}", at=live.now())
            assert answer["type"] == "ack", answer
        await asyncio.sleep(0)


async def test_a_small_step_of_the_offset_begins_no_epoch(node: Harness) -> None:
    live = await node.room()
    epoch = live.replica.epoch
    await node.change(live, programme_offset=1500)
    assert live.replica.epoch == epoch
    unused: Any = live.replica.state.clock
    assert unused == ""
