from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import suppress

from grandstand.tasks import cancel_all, in_turns


async def test_a_task_that_loses_a_cancellation_ends_all_the_same() -> None:
    async def forgetful() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(forgetful())
    await asyncio.sleep(0)
    await cancel_all([task])
    assert task.cancelled()


async def test_who_is_cancelled_again_and_again_while_it_ends_others_leaves_none_behind() -> None:
    may_end = asyncio.Event()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            while not may_end.is_set():
                with suppress(asyncio.CancelledError):
                    await may_end.wait()

    async def parent() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await cancel_all([child], again_s=60)

    child = asyncio.create_task(slow())
    task = asyncio.create_task(parent())
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    left_early = task.done()
    may_end.set()
    await asyncio.wait([task])
    assert not left_early
    assert task.cancelled()
    assert child.done()


async def test_tasks_that_have_ended_keep_what_they_raised() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(broken())
    await asyncio.wait([task])
    await cancel_all([task])
    assert isinstance(task.exception(), ZeroDivisionError)


async def test_nothing_to_end_ends_at_once() -> None:
    await cancel_all([])


async def test_long_work_leaves_turns_to_others() -> None:
    seen: list[str] = []

    def work() -> Generator[None, None, str]:
        for number in range(3):
            seen.append(f"slice {number}")
            yield
        return "done"

    async def other() -> None:
        for number in range(3):
            seen.append(f"other {number}")
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    assert await in_turns(work()) == "done"
    await beside
    assert seen[:4] == ["slice 0", "other 0", "slice 1", "other 1"]
