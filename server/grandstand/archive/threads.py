"""Threads for calls that block, and may never come back.

``ThreadPoolExecutor`` waits for its threads when the process exits. These are left alone: a place
that hangs holds up no exit.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """A few threads, started when they are first needed."""

    def __init__(self, name: str, most: int) -> None:
        self._name = name
        self._most = most
        self._threads: list[threading.Thread] = []
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = (
            queue.SimpleQueue()
        )

    async def run(self, call: Callable[[], T]) -> T:
        """Return what ``call`` returns, or raise what it raises.

        If the caller is cancelled, a call that waits isn't made; one that runs goes on.
        """
        done: Future[T] = Future()
        self._calls.put((done, call))
        if len(self._threads) < self._most:
            thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Let each thread end after the call that it is at."""
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while (work := self._calls.get()) is not None:
            done, call = work
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(call())
            except BaseException as fault:
                done.set_exception(fault)
            del work, done, call  # not kept while it waits for the next one
