"""Sends a recorded chat again, by as many viewers as took part in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from grandstand.demo.crowd import Crowd
from grandstand.recordings.line import Line

PAUSE_S = 5.0
MAX_TEXT_CHARS = 100
"""A room's default ``max_text``: longer lines are cut."""

log = structlog.get_logger(__name__)


async def replay(lines: Sequence[Line], crowd: Crowd) -> None:
    """Send every line at its time, over and over until cancelled.

    A viewer comes in with its first line, and leaves when the crowd needs its place.
    """
    loop = asyncio.get_running_loop()
    while True:
        begun_s = loop.time()
        for line in lines:
            await asyncio.sleep(max(0.0, begun_s + line.at / 1000 - loop.time()))
            await crowd.viewer(line.user, line.user).say(line.text[:MAX_TEXT_CHARS])
        log.info("trace_ended", lines=len(lines), again_in_s=PAUSE_S)
        await asyncio.sleep(PAUSE_S)
