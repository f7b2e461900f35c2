"""A network cable between a browser and a server, to be pulled and put back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(slots=True)
class Cable:
    """Carries bytes both ways; while it is pulled, nothing, and nobody is told."""

    to_port: int
    port: int = 0
    _in: asyncio.Event = field(default_factory=asyncio.Event)

    def pull(self) -> None:
        """From now on nothing arrives, on either side."""
        self._in.clear()

    def plug_in(self) -> None:
        """What waited arrives, unless its sender has given up."""
        self._in.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._in.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            return  # the other end has gone: so does this one, below
        finally:
            writer.close()

    async def _link(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        await self._in.wait()
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:  # no server there: the browser is to see just that
            back.close()
            return
        await asyncio.gather(self._carry(near, forth), self._carry(far, back))
        with suppress(OSError):
            await asyncio.gather(forth.wait_closed(), back.wait_closed())


@asynccontextmanager
async def cable(to_port: int) -> AsyncIterator[Cable]:
    """A cable to a port of this machine, plugged in."""
    one = Cable(to_port)
    one.plug_in()
    server = await asyncio.start_server(one._link, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        one.plug_in()
        server.close()
