"""How tests wait: for what happens, never for the clock. The limit is only how a failure shows."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from grandstand.timeouts import timeout

PATIENCE_S = 60.0
"""Generous: a busy machine is no fault of what is tested."""
LOOK_S = 0.005


def patience() -> AbstractAsyncContextManager[asyncio.Timeout]:
    """Limit a block that waits for something.

    Raises:
        TimeoutError: it did not happen.
    """
    return timeout(PATIENCE_S)


async def until(holds: Callable[[], object]) -> None:
    """Wait for what tells nobody when it happens; ``holds`` may be a coroutine function.

    Raises:
        TimeoutError: it did not happen.
    """
    async with patience():
        while True:
            found = holds()
            if await found if inspect.isawaitable(found) else found:
                return
            await asyncio.sleep(LOOK_S)


def wait_until(holds: Callable[[], object]) -> None:
    """As ``until``, where there is no event loop.

    Raises:
        TimeoutError: it did not happen.
    """
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end_s:
            raise TimeoutError
        time.sleep(LOOK_S)
