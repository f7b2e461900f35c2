"""Slots for attempts: what hangs takes none from other effects."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from grandstand.effects import slots as module
from grandstand.effects.slots import Slots
from grandstand.tasks import cancel_all


class Attempts:
    """Attempts that hang until they are let go."""

    def __init__(self) -> None:
        self.slots = Slots()
        self.running: list[tuple[str, asyncio.Event]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def begin(self, effect: str, count: int = 1) -> list[asyncio.Task[None]]:
        made = [asyncio.create_task(self._attempt(effect)) for _ in range(count)]
        self.tasks += made
        await turns()
        return made

    async def _attempt(self, effect: str) -> None:
        async with self.slots.of(effect):
            mine = effect, asyncio.Event()
            self.running.append(mine)
            try:
                await mine[1].wait()
            finally:
                self.running.remove(mine)

    async def let_go(self, effect: str) -> None:
        next(event for name, event in self.running if name == effect).set()
        await turns()

    @property
    def counts(self) -> Counter[str]:
        return Counter(name for name, _ in self.running)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def attempts(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Attempts]:
    monkeypatch.setattr(module, "SHARED", 5)
    made = Attempts()
    yield made
    await cancel_all(made.tasks)


async def test_the_first_attempt_of_an_effect_waits_for_no_other(attempts: Attempts) -> None:
    for name in "abc":
        await attempts.begin(name, count=10)
    assert attempts.counts == {"a": 4, "b": 3, "c": 1}
    for number in range(200):
        await attempts.begin(f"e{number}")
    assert len(attempts.running) == 8 + 200


async def test_its_first_slot_is_its_own_when_it_is_free_again(attempts: Attempts) -> None:
    await attempts.begin("a", count=4)
    await attempts.begin("b", count=3)
    await attempts.begin("c", count=3)
    assert attempts.counts == {"a": 4, "b": 3, "c": 1}
    for left in (2, 1):
        await attempts.let_go("c")
        assert attempts.counts == {"a": 4, "b": 3, "c": 1}, left
    await attempts.let_go("c")
    assert attempts.counts == {"a": 4, "b": 3}


async def test_shared_slots_go_to_each_in_turn(attempts: Attempts) -> None:
    await attempts.begin("a", count=40)
    await attempts.begin("b", count=40)
    await attempts.begin("c", count=40)
    for _ in range(3):
        await attempts.let_go("a")
    assert attempts.counts["b"] + attempts.counts["c"] > 4
    assert sum(attempts.counts.values()) == 8


async def test_one_that_is_cancelled_leaves_its_slot_to_the_next(attempts: Attempts) -> None:
    await attempts.begin("a", count=4)
    waiting = await attempts.begin("a", count=2)
    await cancel_all(waiting[:1])
    attempts.running[0][1].set()
    await asyncio.sleep(0)  # the slot is handed on, and nobody has taken it yet
    await cancel_all(waiting[1:])
    assert attempts.counts == {"a": 3}
    await attempts.begin("a")
    assert attempts.counts == {"a": 4}
    while attempts.running:
        await attempts.let_go("a")
    assert not attempts.slots._taken
    assert attempts.slots._shared == 0
    assert not attempts.slots._waiting
