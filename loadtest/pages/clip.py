"""Films a page: the frames that Chromium paints, as a GIF that a README can show."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from playwright.async_api import Page

SECONDS = 6.0
WIDTH = 640
FRAMES_PER_S = 8
COLOURS = 96


async def film(page: Page, to: Path, seconds: float = SECONDS) -> None:
    """Writes ``seconds`` of the page. Raises CalledProcessError with the encoder's words."""
    shots: list[tuple[float, bytes]] = []
    session = await page.context.new_cdp_session(page)
    answers: set[asyncio.Task[Any]] = set()
    over = False

    def take(frame: dict[str, Any]) -> None:
        if over:
            return
        shots.append((frame["metadata"]["timestamp"], base64.b64decode(frame["data"])))
        answer = asyncio.ensure_future(
            session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})
        )
        answers.add(answer)
        answer.add_done_callback(answers.discard)

    session.on("Page.screencastFrame", take)
    await session.send("Page.startScreencast", {"format": "jpeg", "quality": 90})
    await asyncio.sleep(seconds)
    over = True
    await asyncio.gather(*answers)
    await session.send("Page.stopScreencast")
    await session.detach()
    await asyncio.to_thread(_encode, shots, to)


def _encode(shots: list[tuple[float, bytes]], to: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for number, (at, jpeg) in enumerate(shots):
            path = Path(folder) / f"{number}.jpg"
            path.write_bytes(jpeg)
            following = shots[number + 1][0] if number + 1 < len(shots) else at + 0.1
            lines += [f"file '{path}'", f"duration {following - at:.3f}"]
        index = Path(folder) / "frames"
        index.write_text("\n".join(lines))
        graph = (
            f"fps={FRAMES_PER_S},scale={WIDTH}:-1:flags=lanczos,split[a][b];"
            f"[a]palettegen=max_colors={COLOURS}[p];[b][p]paletteuse=dither=bayer:bayer_scale=4"
        )
        subprocess.run(
            [
                *(imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-nostdin"),
                *("-f", "concat", "-safe", "0", "-i", str(index), "-vf", graph, str(to)),
            ],
            check=True,
        )
