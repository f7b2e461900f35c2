"""What is seen in segments: decoded by ffmpeg, read by the time code's documented layout."""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from grandstand.demo import lettering, timecode
from grandstand.demo.broadcast import CLOCK_LEFT, CLOCK_TOP, DATE_HEIGHT, FPS, SONG_TOP
from grandstand.demo.playlist import Segment, segment
from grandstand.demo.stage_lights import HEIGHT, WIDTH

from tests.waiting import wait_until


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


def made(folder: Path, least: int) -> list[Segment]:
    """The segments, once there are so many, oldest first."""
    found: list[Segment] = []

    def enough() -> bool:
        found[:] = sorted(filter(None, map(segment, os.listdir(folder))))
        return len(found) >= least

    wait_until(enough)
    return found


def becomes_red_moon(folder: Path) -> int:
    """The programme time, in ms, of the first frame that says that the song RED MOON is played,
    once there is one; the wall behind the band must be red in it.

    The wall's colour alone would not do: the opening's lights are red at times.
    """
    name = lettering.line("RED MOON", DATE_HEIGHT)
    height, width = name.shape
    letters = f"crop={width}:{height}:{CLOCK_LEFT}:{CLOCK_TOP + SONG_TOP}"
    wall = f"crop=240:180:520:200,scale=1:1:flags=area,scale={width}:{height}"
    both = f"format=rgb24,split[a][b];[a]{letters}[name];[b]{wall}[wall];[name][wall]vstack"
    for number in itertools.count():
        each = made(folder, number + 1)[number]
        raw = np.frombuffer(decoded(folder / each.name, both), np.uint8)
        frames = raw.reshape(-1, 2, height, width, 3).astype(int)
        for index, (strip, colour) in enumerate(frames):
            light = strip.mean(axis=2)
            if light[name > 0.9].mean() > light[name == 0].mean() + 60:
                red, _, blue = colour[0, 0]
                assert red > max(40, 1.6 * blue), colour[0, 0]
                return each.at_s * 1000 + index * 1000 // FPS
    raise AssertionError


def decoded(segment: Path, filters: str) -> bytes:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(segment)]
    return subprocess.run(
        [*command, "-vf", filters, "-f", "rawvideo", "-"], check=True, capture_output=True
    ).stdout
