"""Tasks that share a loop: how those end that may be waiting for the store, and how long work is
done in turns with others.

One cancellation may be lost: redis-py sends inside ``asyncio.wait_for``, which on Python 3.11
forgets a cancellation that comes together with its result. And a task that goes on after the store
was closed would open a connection that nobody closes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

CANCEL_AGAIN_S = 0.1
PATIENTLY_S = 1.0
"""For tasks that must clean up when they end: their own endings take 0.1 s."""


async def cancel_all(tasks: Iterable[asyncio.Task[Any]], again_s: float = CANCEL_AGAIN_S) -> None:
    """Cancel the tasks, every ``again_s``, until all have ended; their exceptions stay theirs.

    One who is cancelled while it does so is cancelled once all have ended: a task that ends others
    is itself ended so, and none may be left behind.
    """
    going = {task for task in tasks if not task.done()}
    cancelled: asyncio.CancelledError | None = None
    while going:
        for task in going:
            task.cancel()
        try:
            await asyncio.wait(going, timeout=again_s)
        except asyncio.CancelledError as error:
            cancelled = error
        going = {task for task in going if not task.done()}
    if cancelled is not None:
        raise cancelled


async def in_turns(work: Generator[None, None, T]) -> T:
    """Return the result of work in slices; after each, other tasks on the loop have a turn."""
    result, _ = await timed_in_turns(work)
    return result


async def timed_in_turns(work: Generator[None, None, T]) -> tuple[T, float]:
    """Do ``in_turns``; return the CPU time of the slices, too, s: others' turns don't count."""
    cpu_s = 0.0
    while True:
        began_s = time.thread_time()
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result, cpu_s + time.thread_time() - began_s
        cpu_s += time.thread_time() - began_s
        await asyncio.sleep(0)
