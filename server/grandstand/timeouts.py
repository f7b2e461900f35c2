"""A time limit that works anywhere, on every supported Python.

Before Python 3.11.4 ``asyncio.timeout`` counts all cancellations of its task, not those since it
began. So in the clean-up of a task that was cancelled, it raises CancelledError where it should
raise TimeoutError, and the code for the end of the time doesn't run. Therefore only this file uses
it; ruff checks this. When 3.11.4 is the oldest Python, it can replace this file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def timeout(delay_s: float) -> AsyncIterator[asyncio.Timeout]:
    """Limit the block to ``delay_s`` seconds; as ``asyncio.timeout`` of newer Pythons.

    A cancellation from outside passes unchanged, also when it comes together with the end.

    Raises:
        TimeoutError: the time is over.
    """
    task = asyncio.current_task()
    assert task is not None, "a time limit needs a task"
    before = task.cancelling()
    limit = asyncio.timeout(delay_s)  # noqa: TID251
    try:
        async with limit:
            yield limit
    except asyncio.CancelledError as cancelled:
        if limit.expired() and task.cancelling() <= before:
            raise TimeoutError from cancelled
        raise
