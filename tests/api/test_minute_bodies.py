"""Bodies that are the same for a minute: made once for all who ask, and not kept without bound."""

from __future__ import annotations

import asyncio

import pytest
from grandstand.api import minute_bodies as module
from grandstand.api.minute_bodies import MinuteBodies


class Making:
    """Makes bodies of a size, when it is let; counts them."""

    def __init__(self, size: int = 10) -> None:
        self.size = size
        self.made = 0
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self) -> bytes:
        self.made += 1
        await self.may.wait()
        return bytes(self.size)


async def test_who_asks_meanwhile_and_later_gets_the_same() -> None:
    bodies, making = MinuteBodies(), Making()
    making.may.clear()
    asking = [asyncio.create_task(bodies.of("key", making)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()  # the others don't lose it
    making.may.set()
    first, second = await asyncio.gather(*asking[1:])
    assert first is second is await bodies.of("key", making)
    assert making.made == 1
    assert await bodies.of("another", making) is not first
    assert making.made == 2


async def test_what_failed_is_made_again() -> None:
    bodies = MinuteBodies()

    async def fail() -> bytes:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await bodies.of("key", fail)
    assert (await bodies.of("key", Making())).content == bytes(10)


async def test_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_BYTES", 25)
    bodies, making = MinuteBodies(), Making()
    for key in "abc":
        await bodies.of(key, making)
    await bodies.of("b", making)
    assert making.made == 3
    await bodies.of("a", making)
    assert making.made == 4
    await bodies.of("large", Making(26))
    await bodies.of("a", making)
    assert making.made == 5
    monkeypatch.setattr(module, "KEPT_S", 0.0)
    await bodies.of("d", making)
    await bodies.of("a", making)
    assert making.made == 7
