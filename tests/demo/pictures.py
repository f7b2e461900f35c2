"""What is seen in segments: decoded by ffmpeg, read by the time code's documented layout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from grandstand.demo import timecode
from grandstand.demo.stage_lights import HEIGHT, WIDTH


def codes(segment: Path) -> list[int | None]:
    """The time code of every frame."""
    width, height = timecode.CELLS * timecode.CELL_WIDTH, timecode.CELL_HEIGHT
    raw = decoded(segment, f"crop={width}:{height}:0:{HEIGHT - height},format=gray")
    rows = np.frombuffer(raw, np.uint8).reshape(-1, height, width)
    x = np.arange(timecode.CELLS) * timecode.CELL_WIDTH + timecode.CELL_WIDTH // 2
    middles = rows[:, height // 2, x] / 255
    return [timecode.read(list(each)) for each in middles]


def lumas(segment: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """All pixels' brightness: frames, rows, columns."""
    return np.frombuffer(decoded(segment, "format=gray"), np.uint8).reshape(-1, HEIGHT, WIDTH)


def decoded(segment: Path, filters: str) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(segment)]
    return subprocess.run(
        [*command, "-vf", filters, "-f", "rawvideo", "-"], check=True, capture_output=True
    ).stdout
