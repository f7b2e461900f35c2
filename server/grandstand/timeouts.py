"""A time limit that holds wherever it stands, on every Python that is supported.

Before Python 3.11.4 ``asyncio.timeout`` counts all cancellations of its task, not those since it
began. In the clean-up of a task that was cancelled it therefore raises CancelledError where it
should raise TimeoutError, and what was to happen when the time is over doesn't. So nothing uses it
but this file; ruff says so. When 3.11.4 is the oldest Python, it can take this one's place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def timeout(delay_s: float) -> AsyncIterator[asyncio.Timeout]:
    """Limit the block to ``delay_s`` seconds; as ``asyncio.timeout`` of newer Pythons.

    A cancellation from outside goes on as it is, when it comes together with the end too.

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
