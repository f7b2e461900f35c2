"""The time limit holds in a task that was cancelled before, which asyncio's own may not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from grandstand.timeouts import timeout

from tests.cancelled import cancelled


async def limited() -> str:
    try:
        async with timeout(0.01):
            await asyncio.Event().wait()
    except TimeoutError:
        return "over"
    return "never"


async def nested() -> str:
    """The inner one ends the clean-up of what the outer has ended."""
    told = ""
    try:
        async with timeout(0.01):
            try:
                await asyncio.Event().wait()
            finally:
                told = await limited()
    except TimeoutError:
        return told
    return "never"


@pytest.mark.parametrize("job", [limited, nested])
@pytest.mark.parametrize("times", [0, 1, 3])
async def test_it_ends_the_block_however_often_the_task_was_cancelled_before(
    job: Callable[[], Awaitable[str]], times: int
) -> None:
    assert await cancelled(job, times) == "over"


@pytest.mark.parametrize("times", [0, 1])
async def test_what_ends_in_time_is_not_touched(times: int) -> None:
    async def quick() -> str:
        async with timeout(60) as limit:
            await asyncio.sleep(0)
        assert not limit.expired()
        await asyncio.sleep(0)  # nor is what follows
        return "done"

    assert await cancelled(quick, times) == "done"


@pytest.mark.parametrize("times", [0, 1])
async def test_a_cancellation_from_outside_goes_on_though_the_time_is_over_too(times: int) -> None:
    inside: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()

    async def waiting() -> None:
        async with timeout(60) as limit:
            this = asyncio.current_task()
            assert this is not None
            limit.reschedule(0)
            asyncio.get_running_loop().call_soon(this.cancel)
            inside.set_result(this)
            await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        await cancelled(waiting, times)
    assert (await inside).cancelled()


async def test_other_faults_go_through() -> None:
    with pytest.raises(ZeroDivisionError):
        async with timeout(60):
            raise ZeroDivisionError
