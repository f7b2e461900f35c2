"""``curl`` as a reader of the programme feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from tests.feed import Event, read
from tests.waiting import patience, until


class Curl:
    """``curl`` as it follows a feed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.text = ""
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while data := await self._process.stdout.read(65536):
            self.text += data.decode()

    @property
    def events(self) -> list[Event]:
        """Those that came whole."""
        return read(self.text)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self._reading.done()

    async def has(self, name: str) -> Any:
        """Waits for an event; its data."""
        await until(lambda: any(event.name == name for event in self.events))
        return next(event.data for event in self.events if event.name == name)

    async def ended(self) -> int:
        """Waits for its end; the exit code: 0 after a whole answer, 18 after one that was cut."""
        async with patience():
            await self._reading
            return await self._process.wait()


@asynccontextmanager
async def curl(
    url: str, room: str, last_id: str = "", token: str = "", *options: str
) -> AsyncIterator[Curl]:
    """A subscriber, for the duration of the block."""
    headers = {"Last-Event-ID": last_id, "Authorization": f"Bearer {token}" if token else ""}
    given = [part for name, each in headers.items() if each for part in ("-H", f"{name}: {each}")]
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sSN", *options, *given, f"{url}/v1/rooms/{room}/program"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    reader = Curl(process)
    try:
        yield reader
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await reader.ended()
