"""The limit of handshakes a second. A client beyond it is told when to try again.

It must not know rooms, tokens or what a viewer is. When a server is lost, its viewers come to the
others all at once, and each handshake takes CPU from the viewers who are there. So the limit is
checked before anything but the address is read of a request, and a refusal is one prepared answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from math import ceil

from grandstand.domain.fair_limiter import FairLimiter
from grandstand.edge.transport.client_address import counted_as
from grandstand.edge.transport.handshake import problem
from grandstand.wire.codes import ErrorCode

LONGEST_S = 10
"""The longest wait in a refusal: in it a crowd of 15,000 comes in at the default rate."""


class HandshakeLimit:
    """Lets ``per_s`` handshakes a second through, and as many at once after a quiet second, shared
    fairly between addresses (of IPv6 the /64).

    ``on_refusal`` is called for each refused handshake. ``now`` is in seconds.
    """

    def __init__(
        self,
        per_s: int = 1500,
        on_refusal: Callable[[], object] = lambda: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._queue = FairLimiter(per_s, LONGEST_S * 1000)
        self._on_refusal = on_refusal

    @property
    def per_s(self) -> int:
        """Return the rate."""
        return self._queue.per_s

    def pace(self, per_s: int) -> None:
        """Let so many a second through from now on."""
        self._queue.per_s = per_s

    def refusal(self, peer: str) -> bytes:
        """Take one handshake for an address; return nothing, or the answer if there is none
        left."""
        wait_s = self.take(peer)
        return _answer(wait_s) if wait_s else b""

    def take(self, peer: str) -> int:
        """Take one handshake for an address; return 0, or after how many seconds to try again."""
        wait_ms = self._queue.take(counted_as(peer), self._now() * 1000)
        if wait_ms:
            self._on_refusal()
        return ceil(wait_ms / 1000)

    def lets_in(self, peer: str) -> bool:
        """Take one for an address; return whether there was one. Who isn't let in may wait, so
        nobody is refused."""
        return not self._queue.take(counted_as(peer), self._now() * 1000)

    def lets_in_any(self) -> bool:
        """Take one for somebody who has waited in turns with all others; return whether there was
        one."""
        return self._queue.take_any(self._now() * 1000)

    def give_back(self) -> None:
        """Give back a handshake that led to nothing: others may have it, its address stays
        charged."""
        self._queue.give_back()


@cache
def _answer(retry_after_s: int) -> bytes:
    detail = "many viewers are coming in at once"
    return problem(503, ErrorCode.OVERLOADED, detail, retry_after_s).response()
