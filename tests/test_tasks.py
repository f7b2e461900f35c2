from __future__ import annotations

import asyncio
from contextlib import suppress

from grandstand.tasks import cancel_all


async def test_a_task_that_loses_a_cancellation_ends_all_the_same() -> None:
    async def forgetful() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    await cancel_all([task])
    assert task.cancelled()


async def test_tasks_that_have_ended_keep_what_they_raised() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(broken())
    await asyncio.wait([task])
    await cancel_all([task])
    assert isinstance(task.exception(), ZeroDivisionError)


async def test_nothing_to_end_ends_at_once() -> None:
    await cancel_all([])
