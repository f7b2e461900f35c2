"""A show of a measure's own: ``grandstand demo`` in a process, with its picture, room and crowd."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtest.calls import call

STREAM = "/stream/live.m3u8"
NO_STREAM = "http://127.0.0.1:9/none.m3u8"
READY_S = 60.0
_ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/producer#token=(\S+)")


@dataclass(frozen=True, slots=True)
class Venue:
    """Where it runs, and a producer's token for every room."""

    url: str
    token: str

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """A producer's call; its answer's JSON."""
        return await asyncio.to_thread(call, self.url, self.token, method, path, body)

    async def room(self, room: str, **settings: Any) -> None:
        """A room that shows all that is said in it, as fast as it is said."""
        plain = {
            "guests": "vote",
            "comment_interval": 0,
            "comment_burst": 10_000,
            "budget": 1000,
            "moderation": {"level": 0},
        }
        await self.call("PUT", f"/v1/rooms/{room}", {**plain, **settings})


@asynccontextmanager
async def venue(crowd: int, *, picture: bool = True) -> AsyncIterator[Venue]:
    """Opens one and closes it; without a ``picture``, none is encoded.

    Raises SystemExit if it doesn't come up, saying what it logged.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "grandstand", "demo", "--crowd", str(crowd)]
        command += ["--port", "0", "--data-dir", f"{folder}/data"]
        if not picture:
            command += ["--stream", NO_STREAM]
        with log.open("wb") as told:
            server = subprocess.Popen(
                command, stdout=told, stderr=subprocess.STDOUT, start_new_session=True
            )
        try:
            yield await _ready(server, log)
        finally:
            server.terminate()
            await asyncio.to_thread(server.wait, 30)


async def _ready(server: subprocess.Popen[bytes], log: Path) -> Venue:
    for _ in range(int(READY_S * 10)):
        found = _ADDRESS.search(log.read_text(errors="replace"))
        if found is not None:
            return Venue(found[1], found[2])
        if server.poll() is not None:
            break
        await asyncio.sleep(0.1)
    raise SystemExit(f"the show didn't open:\n{log.read_text(errors='replace')}")
