"""Bodies of answers that are the same for a minute: each is made once for all who ask.

Any stranger may ask. So what was made is kept, up to a number of bytes, and who asks for what is
being made waits for that.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import NamedTuple

KEPT_BYTES = 8 * 2**20
"""Of bodies that a node keeps: those of 16 rooms, at 0.5 MB for six hours of heat."""

KEPT_S = 60.0


class Body(NamedTuple):
    """A body, the name of its content, and when it was made (s of the loop's clock)."""

    content: bytes
    etag: str
    made_s: float


class MinuteBodies:
    """The bodies that were made last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Body] = OrderedDict()
        self._kept_bytes = 0
        self._making: dict[Hashable, asyncio.Task[Body]] = {}

    async def of(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> Body:
        """Return the body that ``key`` names; it holds the minute, and all that the body depends
        on. Raises what ``make`` raises, to all who wait."""
        if (kept := self._kept.get(key)) is not None:
            return kept
        making = self._making.get(key)
        if making is None:
            making = asyncio.create_task(self._make(key, make), name="body of a minute")
            self._making[key] = making
            making.add_done_callback(lambda _: self._making.pop(key, None))
        return await asyncio.shield(making)

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[bytes]]) -> Body:
        content = await make()
        now_s = asyncio.get_running_loop().time()
        digest = hashlib.blake2b(content, digest_size=12).digest()
        made = Body(content, f'"{base64.urlsafe_b64encode(digest).decode()}"', now_s)
        self._kept[key] = made
        self._kept_bytes += len(content)
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if self._kept_bytes <= KEPT_BYTES and now_s - oldest.made_s < KEPT_S:
                break
            self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.content)
        return made
