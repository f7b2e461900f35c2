"""Who may begin a handshake: so many a second, and the rest is told when to try again.

It must not know rooms, tokens or what a viewer is. After a server was lost its viewers come to the
others all at once, and each handshake takes CPU from those who stayed. So a bucket is asked before
anything of the request is read, and who finds it empty costs one ready answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import cache
from math import ceil
from typing import Any, cast

from grandstand.edge.handshake import problem
from grandstand.rules.limits import Queue, Rate
from grandstand.telemetry import Metrics
from grandstand.wire.codes import ErrorCode

LONGEST_S = 10
"""Nobody is told to wait longer: by then a crowd of 15,000 is in at the default rate."""


class Admission:
    """For uvicorn's ``ws=``: makes a ``viewer`` protocol, or one that turns away with 503.

    ``per_s`` handshakes a second are let through, and as many at once after a quiet second. ``now``
    is in seconds.
    """

    def __init__(
        self,
        per_s: int,
        metrics: Metrics,
        viewer: Callable[..., asyncio.Protocol],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._queue = Queue(Rate(1000 / per_s, per_s), LONGEST_S * 1000)
        self._refused = metrics.handshakes_refused.labels(ErrorCode.OVERLOADED.value)
        self._viewer = viewer

    def __call__(self, **given: Any) -> asyncio.Protocol:
        """What uvicorn's HTTP protocols put on the transport of an upgrade."""
        wait_ms = self._queue.take(self._now() * 1000)
        if not wait_ms:
            return self._viewer(**given)
        self._refused.inc()
        return _TurnedAway(_answer(ceil(wait_ms / 1000)))


class _TurnedAway(asyncio.Protocol):
    """Says its one answer."""

    __slots__ = ("_answer",)

    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer; the request has been read whole already."""
        writing = cast(asyncio.Transport, transport)
        writing.write(self._answer)
        writing.close()


@cache
def _answer(retry_after_s: int) -> bytes:
    detail = "many viewers are coming in at once"
    return problem(503, ErrorCode.OVERLOADED, detail, retry_after_s).response()
