"""A live picture for the pages: HLS by ffmpeg alone, so small that a busy machine keeps up with it.

Whether the demonstration's own picture is right, its tests say. Here it is only what viewers see.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import imageio_ffmpeg
import uvicorn
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from tests.waiting import until

FPS = 10
LISTED = 75
PLAYLIST = "live.m3u8"
COMMAND = f"""
    -nostdin -loglevel error -readrate 1 -readrate_catchup 8
    -f lavfi -i testsrc2=size=320x180:rate={FPS}
    -c:v libx264 -preset ultrafast -tune zerolatency -threads 1 -g {FPS} -keyint_min {FPS}
    -f hls -hls_time 1 -hls_list_size {LISTED}
    -hls_flags program_date_time+independent_segments+temp_file+omit_endlist+delete_segments
    {PLAYLIST}
"""


@asynccontextmanager
async def on_air(folder: Path) -> AsyncIterator[str]:
    """A picture, made in the folder and served by a host of its own: the URL of its playlist."""
    encoder = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(), *COMMAND.split(), cwd=folder, stdout=DEVNULL
    )
    app = Starlette()
    app.mount("/", CORSMiddleware(StaticFiles(directory=folder), allow_origins=["*"]))
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
