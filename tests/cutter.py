"""A proxy that cuts each connection once it has carried so many bytes of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Cutter:
    """``budgets`` has the bytes for each connection, one after the other; none after its end."""

    def __init__(self, upstream: str, budgets: Iterator[int]) -> None:
        self.url = ""
        self.cuts = 0
        self._upstream = urlsplit(upstream)
        self._budgets = budgets
        self._at_work: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._at_work.add(task)
        budget = next(self._budgets, None)
        theirs, to_them = await asyncio.open_connection(
            self._upstream.hostname, self._upstream.port
        )
        asking = asyncio.create_task(_carry(reader, to_them))
        try:
            with suppress(OSError):
                while data := await theirs.read(65536):
                    if budget is not None:
                        data, budget = data[:budget], budget - len(data)
                    writer.write(data)
                    await writer.drain()
                    if budget is not None and budget <= 0:
                        self.cuts += 1
                        break
        finally:
            asking.cancel()
            writer.close()
            to_them.transport.abort()
            self._at_work.discard(task)

    async def end(self) -> None:
        """Cut all connections."""
        for task in (tasks := [*self._at_work]):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


@asynccontextmanager
async def cutting(upstream: str, budgets: Iterator[int]) -> AsyncIterator[Cutter]:
    """The proxy, on a port of its own."""
    cutter = Cutter(upstream, budgets)
    server = await asyncio.start_server(cutter.serve, "127.0.0.1", 0)
    cutter.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield cutter
    finally:
        server.close()
        await cutter.end()
