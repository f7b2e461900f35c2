"""Runs something as a clean-up: in a task that was cancelled and is not over yet."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def cleaning_up(job: Callable[[], Awaitable[Result]], times: int = 1) -> asyncio.Task[Result]:
    """The task in which ``job`` begins, cancelled so many ``times`` before."""

    async def life() -> Result:
        for _ in range(times):
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return await job()

    task = asyncio.create_task(life())
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert task.cancelling() >= times
    return task


async def cancelled(job: Callable[[], Awaitable[Result]], times: int = 1) -> Result:
    """What ``job`` returns in a task that was cancelled so many ``times`` before.

    Raises:
        CancelledError: the job was cancelled in its turn.
    """
    task = await cleaning_up(job, times)
    await asyncio.wait([task])
    return task.result()
