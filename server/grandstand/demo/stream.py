"""The demonstration's own live stream: the process that makes it, and the routes that serve it.

The picture comes from a process of its own (``broadcast``), which is started again whenever it
ends. Its failures don't reach the show: without an encoder there is no picture, and everything else
goes on.
"""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import imageio_ffmpeg
import structlog
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from grandstand.demo.playlist import SEGMENT_S, Segment, following, playlist, segment
from grandstand.timeouts import timeout

PATH = "/stream/live.m3u8"
AHEAD_S = 0.5
"""From starting the process to its first frame, so that it needn't begin by catching up."""

CHECK_S = 10.0
FIRST_WAIT_S = 1.0
MOST_WAIT_S = 30.0
PATIENCE_S = 10.0
END_S = 2.0
STEP_S = 0.1
SEGMENT_AGE_S = 60
MAX_OUTPUT_CHARS = 300

SMALLER = Middleware(GZipMiddleware)
"""Players read the whole playlist every second: ten minutes of it are 50 KB, and 4 KB in gzip."""

log = structlog.get_logger(__name__)


class Stream:
    """The stream in a folder; ``stage`` is the file of what it shows, ``now_ms`` the programme
    clock."""

    def __init__(self, folder: Path, stage: Path, now_ms: Callable[[], float]) -> None:
        self._folder = folder
        self._stage = stage
        self._now_ms = now_ms

    # --- what makes it ---------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the picture running until cancelled; then nothing of it is left running.

        A process that was too slow can't catch up, but the next one begins in time: it is started
        at once. One that has shown nothing would fail again, so those have longer and longer waits
        before them. The log tells each loss, and for how many seconds nothing is shown if the next
        process succeeds.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for path in self._folder.glob("*.tmp"):
            path.unlink()
        wait_s = 0.0
        newest = max(self._segments(), default=None)
        while True:
            before = newest
            why = await self._send()
            newest = max(self._segments(), default=None)
            has_shown = newest != before
            wait_s = 0.0 if has_shown else min(max(wait_s * 2, FIRST_WAIT_S), MOST_WAIT_S)
            ended_s = math.inf if newest is None else newest.at_s + SEGMENT_S
            lost_s = max(0.0, self._now_ms() / 1000 - ended_s) + wait_s
            log.warning("picture_lost", why=why, for_s=round(lost_s, 1), again_in_s=wait_s)
            await asyncio.sleep(wait_s)

    async def _send(self) -> str:
        """Run the process once, to its end; return why it ended."""
        now_s = self._now_ms() / 1000
        first = following(self._segments(), math.ceil(now_s + AHEAD_S))
        given = (*first, (now_s - time.time()) * 1000, os.getpid())
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "grandstand.demo.broadcast"),
            *(imageio_ffmpeg.get_ffmpeg_exe(), str(self._folder), str(self._stage)),
            *map(str, given),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=PIPE,
            start_new_session=True,  # the server hears Ctrl-C and then ends it
        )
        assert process.stderr is not None
        output = b""
        try:
            while part := await process.stderr.read(4096):
                output = (output + part)[-MAX_OUTPUT_CHARS:]
            await process.wait()
        finally:
            await _end(process)
        return output.decode(errors="replace").strip()

    def _segments(self) -> list[Segment]:
        found = (segment(path.name) for path in self._folder.glob("*.ts"))
        return [each for each in found if each is not None]

    # --- what serves it --------------------------------------------------------------------------

    def routes(self) -> list[BaseRoute]:
        """Return the routes of the playlist and its segments."""
        return [
            Route(PATH, self._serve_playlist, methods=["GET"], middleware=[SMALLER]),
            Route("/stream/{name}", self._serve_segment, methods=["GET"]),
        ]

    async def _serve_playlist(self, request: Request) -> Response:
        deadline_s = time.monotonic() + PATIENCE_S
        while not (segments := self._segments()):
            if time.monotonic() > deadline_s:
                return PlainTextResponse("No picture yet.\n", 503, {"Retry-After": "1"})
            await asyncio.sleep(STEP_S)
        return Response(
            playlist(segments),
            media_type="application/vnd.apple.mpegurl",
            headers={"Cache-Control": "no-store"},
        )

    async def _serve_segment(self, request: Request) -> Response:
        name = request.path_params["name"]
        path = self._folder / name
        if segment(name) is None or not path.is_file():
            return PlainTextResponse("Gone.\n", 404, {"Cache-Control": "no-store"})
        return FileResponse(
            path,
            media_type="video/mp2t",
            headers={"Cache-Control": f"max-age={SEGMENT_AGE_S}"},
        )


async def _end(process: Process) -> None:
    """End a process if it still runs: by force when it doesn't obey, or when we are cancelled."""
    try:
        if process.returncode is None:
            process.terminate()
            with suppress(TimeoutError):
                async with timeout(END_S):
                    await process.wait()
    finally:
        await _kill(process)  # its encoder ends with what it reads from


async def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def missing() -> str | None:
    """Return why no picture can be made; None if the encoder runs."""
    try:
        path = await asyncio.to_thread(imageio_ffmpeg.get_ffmpeg_exe)
        process = await asyncio.create_subprocess_exec(
            path, "-version", stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
        )
    except (OSError, RuntimeError) as error:
        return str(error)
    try:
        async with timeout(CHECK_S):
            output, _ = await process.communicate()
    except TimeoutError:
        return f"{path} doesn't answer"
    finally:
        await _kill(process)
    if process.returncode != 0:
        return f"{path} ended with {process.returncode}: {output[-MAX_OUTPUT_CHARS:].decode()}"
    return None
