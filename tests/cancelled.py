"""Runs something as a clean-up: in a task that was cancelled and is not over yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def cancelled(job: Callable[[], Awaitable[Result]], times: int = 1) -> Result:
    """What ``job`` returns in a task that was cancelled so many ``times`` before.

    Raises:
        CancelledError: the job was cancelled in its turn.
    """

    async def cleaning_up() -> Result:
        for _ in range(times):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return await job()

    task = asyncio.create_task(cleaning_up())
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelling() >= times
    return task.result()
