"""Bodies of which everything is wrong, and rooms in which nothing happens."""

from __future__ import annotations

import asyncio
from functools import partial

from loadtest.attacks.attack import Attack
from loadtest.attacks.target import Target


async def bad_feed(target: Target, path: str, line: bytes, size: int, times: int = 10) -> None:
    """``times`` bodies of ``size`` bytes of a wrong line, one after the other."""
    for _ in range(times):
        await _post(target, path, line * (size // len(line)))


async def _post(target: Target, path: str, body: bytes) -> None:
    reader, writer = await asyncio.open_connection(*target.address)
    head = (
        f"POST /v1/rooms/{target.room}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {target.token('feed', 'producer')}\r\n"
        f"Content-Type: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await reader.read()
    writer.close()


ATTACKS = (
    Attack("bad-feed-16k", partial(bad_feed, path="/stats", line=b"{}\n", size=16 << 10)),
    Attack("bad-feed-1m", partial(bad_feed, path="/stats", line=b"{}\n", size=1 << 20)),
    Attack("bad-import", partial(bad_feed, path="/comments", line=b"{}\n", size=30_000)),
)
