"""A live picture for the pages: HLS by ffmpeg alone, so small that a busy machine keeps up with it.

Whether the demonstration's own picture is right, its tests say. Here it is only what viewers see.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import imageio_ffmpeg
import uvicorn
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from tests.waiting import until

FPS = 10
LISTED = 75
PLAYLIST = "live.m3u8"
DATE = "#EXT-X-PROGRAM-DATE-TIME:"
COMMAND = f"""
    -nostdin -loglevel error -readrate 1 -readrate_catchup 8 -readrate_initial_burst {{past_s}}
    -f lavfi -i testsrc2=size=320x180:rate={FPS}
    -c:v libx264 -preset ultrafast -tune zerolatency -threads 1 -g {FPS} -keyint_min {FPS}
    -f hls -hls_time 1 -hls_list_size {LISTED} -hls_delete_threshold {LISTED}
    -hls_flags program_date_time+independent_segments+temp_file+omit_endlist+delete_segments
    {PLAYLIST}
"""


@asynccontextmanager
async def on_air(folder: Path, past_s: int = 0) -> AsyncIterator[str]:
    """A picture, made in the folder and served by a host of its own: the URL of its playlist.

    It has been on air for ``past_s`` already. With ``?recorded`` it has ended.
    """
    command = COMMAND.format(past_s=past_s).split()
    encoder = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(), *command, cwd=folder, stdout=DEVNULL
    )

    async def playlist(request: Request) -> Response:
        lines = (folder / PLAYLIST).read_text().splitlines()
        dated = [_earlier(line, past_s) if line.startswith(DATE) else line for line in lines]
        end = ["#EXT-X-ENDLIST"] if "recorded" in request.query_params else []
        return PlainTextResponse("\n".join([*dated, *end, ""]))

    app = Starlette()
    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    app.add_route(f"/{PLAYLIST}", playlist)
    app.mount("/", StaticFiles(directory=folder))
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started and (folder / PLAYLIST).exists())
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/{PLAYLIST}"
    finally:
        server.should_exit = True
        await serving
        encoder.kill()
        await encoder.wait()


def _earlier(line: str, by_s: int) -> str:
    at = datetime.fromisoformat(line.removeprefix(DATE)) - timedelta(seconds=by_s)
    return DATE + at.isoformat(timespec="milliseconds")
