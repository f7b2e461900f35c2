"""Uvicorn as a server uses it: signals, its listeners and its end are handled by the lifecycle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn

from grandstand.timeouts import timeout

DATE_S = 1.0
"""How often the Date of HTTP answers is renewed."""


class HttpServer(uvicorn.Server):
    """Uvicorn without its signal handlers: ours make Ctrl-C an orderly end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._over = asyncio.Event()

    async def until_started(self, serving: asyncio.Task[None]) -> None:
        """Wait until the server answers. Raises what ended ``serving``, the task that runs it."""
        while not self.started:
            if serving.done():
                await serving
            await asyncio.sleep(0.01)

    def refuse_newcomers(self) -> None:
        """Close the port, and leave all connections as they are."""
        for listening in self.servers if self.started else ():
            listening.close()

    def end(self) -> None:
        """Stop serving, once the connections are closed.

        The listening sockets are closed here. Uvicorn would wait for them, and from Python 3.12 on
        also for their connections, even after a second signal.
        """
        self.refuse_newcomers()
        self.servers = []
        self.should_exit = True
        self._over.set()

    async def main_loop(self) -> None:
        """Do what uvicorn's does, without waking ten times a second to see whether it must exit."""
        while not await self.on_tick(0):  # renews the Date of answers
            with contextlib.suppress(TimeoutError):
                async with timeout(DATE_S):
                    await self._over.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
