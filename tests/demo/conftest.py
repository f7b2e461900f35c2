"""A crowd before a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random

import pytest
from grandstand.demo.crowd import Crowd, Habits

from tests.server import ServerProcess

QUICK = Habits(delays_ms=(0, 100), thinks_ms=(0, 300), moments_s=(0.5, 1), report_s=0.5)

MakeCrowd = Callable[[ServerProcess, str, int], AbstractAsyncContextManager[Crowd]]


@asynccontextmanager
async def _attending(server: ServerProcess, room: str, most: int) -> AsyncIterator[Crowd]:
    def issue(sub: str, name: str) -> str:
        return server.token(sub, name=name, rooms=(room,), guest=True)

    address = f"ws{server.url.removeprefix('http')}/v1/rooms/{room}/live"
    crowd = Crowd(address, issue, most, Random(1), QUICK)
    attending = asyncio.create_task(crowd.attend())
    try:
        yield crowd
    finally:
        attending.cancel()
        await asyncio.wait([attending])
    assert attending.cancelled()


@pytest.fixture
def crowd_at() -> MakeCrowd:
    """A crowd of at most so many in a room, for the duration of the block."""
    return _attending
