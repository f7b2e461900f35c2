"""What viewers without a socket say of themselves: that they are there."""

from __future__ import annotations

import time

from starlette.responses import Response

from grandstand.api.operations import Call
from grandstand.wire.codes import ErrorCode, RefusedError


async def present(call: Call) -> Response:
    """Note that a viewer without a socket watches: one in 100 says so, once a minute.

    From this `gauges.lurkers` is estimated. The number per address is limited.
    """
    wait_ms = call.api.lurkers.report(call.live.room, call.household, time.monotonic() * 1000)
    if wait_ms:
        words = "too many viewers of this address say that they are present"
        raise RefusedError(ErrorCode.RATE_LIMITED, words, wait_ms / 1000)
    return Response(status_code=204)
