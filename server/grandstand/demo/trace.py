"""A recorded chat, said again by as many viewers as took part in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta, Struct

from grandstand.demo.crowd import Crowd
from grandstand.faults import OperatorError

PAUSE_S = 5.0
MAX_TEXT_CHARS = 100
"""A room's default ``max_text``: longer lines are cut."""

log = structlog.get_logger(__name__)


class Line(Struct, frozen=True):
    """One message: ``at`` in ms from the start of the recording."""

    at: Annotated[float, Meta(ge=0)]
    user: Annotated[str, Meta(min_length=1, max_length=100)]
    text: str


def read_trace(path: Path) -> list[Line]:
    """The lines of an NDJSON file, in order of time. Raises OperatorError, naming the line."""
    try:
        rows = path.read_bytes().splitlines()
    except OSError as error:
        raise OperatorError(f"{path} can't be read ({error.strerror}): mend --trace") from None
    lines = []
    decoder = msgspec.json.Decoder(Line)
    for number, row in enumerate(rows, 1):
        if not row.strip():
            continue
        try:
            lines.append(decoder.decode(row))
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            shape = '{"at": ms from the start, "user": "…", "text": "…"}'
            raise OperatorError(f"{path}:{number}: {fault}; a line must be {shape}") from None
    if not lines:
        raise OperatorError(f"{path} has no lines: mend --trace")
    return sorted(lines, key=lambda line: line.at)


async def replay(lines: Sequence[Line], crowd: Crowd) -> None:
    """Says every line at its time, over and over until cancelled.

    A viewer comes in with its first line, and goes when the crowd needs its place.
    """
    loop = asyncio.get_running_loop()
    while True:
        begun_s = loop.time()
        for line in lines:
            await asyncio.sleep(max(0.0, begun_s + line.at / 1000 - loop.time()))
            await crowd.viewer(line.user, line.user).say(line.text[:MAX_TEXT_CHARS])
        log.info("trace_ended", lines=len(lines), again_in_s=PAUSE_S)
        await asyncio.sleep(PAUSE_S)
