"""What a program of ours is told on standard input, and says on standard output."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

MAX_LINE_BYTES = 1 << 20

Loops = list[tuple[int, int]]
"""CPU and wall time of each loop over the viewers, in ns; none where they aren't taken."""


async def obey(
    port: int, viewers: Callable[[], int], publish: Callable[[bytes, Loops], Awaitable[None]]
) -> None:
    """Say the port, then do as told until standard input ends.

    ``publish`` writes the payload to every viewer once, and may add to the loops.
    """
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    payload = b""
    _say({"port": port})
    while line := await lines.readline():
        order = json.loads(line)
        if "payload" in order:
            payload = order["payload"].encode()
            _say({})
        elif "viewers" in order:
            _say({"viewers": viewers()})
        else:
            loops: Loops = []
            first_s = loop.time()
            for turn in range(order["publish"]):
                due_s = first_s + turn * order["every_ms"] / 1000
                await asyncio.sleep(max(0, due_s - loop.time()))
                await publish(payload, loops)
            _say({"loops": loops})


def _say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)
