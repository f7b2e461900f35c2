"""Paints the picture and lets ffmpeg encode it: a process of its own, so that viewers never wait.

``python -m grandstand.demo.broadcast ENCODER FOLDER STAGE SERIAL RUN BASE_S AHEAD_MS PARENT`` sends
from the second ``BASE_S + SERIAL`` of programme time on: this machine's clock plus ``AHEAD_MS``.
Frame n stands for exactly n / FPS after that. It is painted when its time has come, and its clock
is right, however late it is. When it is behind, the lights stand still until it has caught up. When
it is too far behind, or after a jump of the clock, it ends, and must be started again with a new
beginning. It also ends with the encoder and with the process that started it, and leaves no encoder
behind. Each frame shows what the file ``STAGE`` says that the audience has decided by then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from grandstand.demo import backdrops, lettering, timecode, titles
from grandstand.demo.looks import look_of
from grandstand.demo.playlist import LISTED, SEGMENT_S, Segment, segment
from grandstand.demo.scenery import AUDIENCE_HEIGHT, BAND_LEFT, BAND_TOP, PLATES, SWAY, Plate
from grandstand.demo.stage import Stage
from grandstand.demo.stage_file import Watch
from grandstand.demo.stage_lights import (
    BEAT_S,
    COLUMNS,
    HEIGHT,
    ROWS,
    SCALE,
    WIDTH,
    StageLights,
    colour,
)

FPS = 25
KEPT_S = LISTED + 45
"""How long a segment is kept: while listed, and then as long as a slow player may ask for it. At
most 200 MB of them, by the encoder's highest rate."""

BEHIND_S = 0.2
LOST_S = 5.0
CLOCK_LEFT, CLOCK_TOP = 44, 96
CLOCK_ROWS = 92
CODE_ROWS = timecode.CELL_HEIGHT
CLOCK_HEIGHT = 30
DATE_HEIGHT = 15
DATE_TOP = 40
SONG_TOP = 68
WORDS_LEFT, WORDS_TOP = (WIDTH - titles.WIDTH) // 2, 172
HALO = 8
"""How far the words' glow reaches, in px of the lights."""
PATIENCE_S = 2
BEATS_AGREE_S = 3
"""After so many seconds, beats begin at a second again."""

PLANES = (1, 2, 0)
"""The encoder wants green, blue and red, in this order."""

Raw = NDArray[np.uint16]


class Camera:
    """Paints what the encoder gets: lights, the clock's letters, the time code and the words in one
    frame."""

    def __init__(self) -> None:
        self._lights = StageLights()
        parts = (ROWS, CLOCK_ROWS, CODE_ROWS, titles.HEIGHT)
        ends = np.cumsum(parts)
        self._raw: Raw = np.zeros((3, ends[-1], COLUMNS), "<u2")
        _, self._clock, self._code, self._wide = np.split(self._raw, ends[:-1], axis=1)
        self._song = ""
        self._written = titles.NOTHING

    def shoot(self, at_ms: int, stage: Stage, light: bool = True) -> bytes:
        """Return the frame of a moment; without ``light`` all but the clock is as in the frame
        before."""
        if light:
            self._song = titles.song_at(stage, at_ms)
            words = titles.words_at(stage, at_ms)
            self._write_lights(at_ms, stage, words)
            self._write_words(words)
        self._write_clock(at_ms)
        self._write_code(at_ms)
        return self._raw.tobytes()

    def _write_lights(self, at_ms: int, stage: Stage, words: titles.Words) -> None:
        look = look_of(self._song)
        level = titles.level_at(stage, at_ms)
        lit = self._lights.paint(at_ms, look, level, backdrops.paint(look.backdrop))
        if words.bright:
            halo = titles.paint_halo(words.big, words.small, SCALE, HALO) * np.float32(words.bright)
            rows, columns = halo.shape
            top, left = WORDS_TOP // SCALE - HALO, WORDS_LEFT // SCALE - HALO
            behind = lit[:, top : top + rows, left : left + columns]
            behind *= 1 - np.float32(0.75) * halo
            shine = colour(look.palette, at_ms / 1000 / look.palette_s) * 0.4
            behind += shine.astype(np.float32)[:, None, None] * halo * (1 - behind)
        lit *= 65535
        for plane, source in enumerate(PLANES):
            self._raw[plane, :ROWS] = lit[source]

    def _write_clock(self, at_ms: int) -> None:
        moment = datetime.fromtimestamp(at_ms / 1000, UTC)
        self._clock[:] = 0
        now = f"{moment:%H:%M:%S}.{at_ms % 1000 // 100} UTC"
        _put(self._clock, 0, lettering.line(now, CLOCK_HEIGHT))
        _put(self._clock, DATE_TOP, lettering.line(f"{moment:%Y-%m-%d}", DATE_HEIGHT))
        if self._song:
            _put(self._clock, SONG_TOP, lettering.line(self._song, DATE_HEIGHT)[:, :COLUMNS])

    def _write_code(self, at_ms: int) -> None:
        lumas = np.where(timecode.cells(at_ms), timecode.SET, timecode.CLEAR) * 257
        wide = np.repeat(lumas, timecode.CELL_WIDTH)
        self._code[:, :, : len(wide)] = wide

    def _write_words(self, words: titles.Words) -> None:
        """Write the words, each third of the line into a plane of its own: they have no colour."""
        if words == self._written:
            return
        self._written = words
        bright = titles.paint(words.big, words.small) * (65535 * words.bright)
        self._wide[:] = bright.reshape(titles.HEIGHT, 3, COLUMNS).transpose(1, 0, 2)


def _put(rows: Raw, top: int, text: lettering.Coverage) -> None:
    height, width = text.shape
    rows[:, top : top + height, :width] = text * 65535


def command(encoder: str, folder: Path, scenery: Sequence[Plate], first: Segment) -> list[str]:
    """Return the encoder's command: raw frames on its standard input; plates and segments in the
    folder."""
    code = f"{timecode.CELLS * timecode.CELL_WIDTH}:{CODE_ROWS}"
    code_top = ROWS + CLOCK_ROWS
    words_top = code_top + CODE_ROWS
    graph = (
        f"[0:v]split=4[a][b][c][d];"
        f"[a]crop={COLUMNS}:{ROWS}:0:0,scale={WIDTH}:{HEIGHT}:flags=bicubic"
        ":out_color_matrix=bt709:out_range=tv,format=yuv420p[light];"
        f"[b]crop={COLUMNS}:{CLOCK_ROWS}:0:{ROWS},extractplanes=g,format=gray[letters];"
        f"{_in_white('letters', 'clock')}"
        f"[c]crop={code}:0:{code_top},scale=out_color_matrix=bt709:out_range=tv,"
        "format=yuv420p[code];"
        f"[d]crop={COLUMNS}:{titles.HEIGHT}:0:{words_top},extractplanes=r+g+b[right][left][middle];"
        "[left][middle][right]hstack=3,format=gray[wide];"
        f"{_in_white('wide', 'words')}"
        f"{_scenery(first.at_s)}"
        f"[scene][clock]overlay={CLOCK_LEFT}:{CLOCK_TOP}[x];"
        f"[x][words]overlay={WORDS_LEFT}:{WORDS_TOP}[y];"
        f"[y][code]overlay=0:{HEIGHT - CODE_ROWS},"
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv[out]"
    )
    camera = {
        "-f": "rawvideo",
        "-pix_fmt": "gbrp16le",
        "-video_size": f"{COLUMNS}x{ROWS + CLOCK_ROWS + CODE_ROWS + titles.HEIGHT}",
        "-framerate": FPS,
        "-i": "pipe:0",
    }
    encoding = {
        "-filter_complex": graph,
        "-map": "[out]",
        "-c:v": "libx264",
        "-preset": "ultrafast",
        "-tune": "zerolatency",
        "-threads": 1,
        "-crf": 23,
        "-maxrate": "2500k",
        "-bufsize": "2500k",
        "-g": FPS * SEGMENT_S,
        "-keyint_min": FPS * SEGMENT_S,
        "-sc_threshold": 0,
        "-bf": 0,
        "-x264-params": "deblock=1,0,0:aq-mode=1:cabac=1",  # without these, darkness shows blocks
    }
    output = {
        "-f": "hls",
        "-hls_time": SEGMENT_S,
        "-hls_list_size": 1,  # nobody reads the encoder's own
        "-hls_flags": "temp_file+independent_segments+omit_endlist",
        "-start_number": first.serial,
        "-hls_segment_filename": folder / f"%d-{first.run}-{first.base_s}.ts",
    }
    plates = (
        {
            "-f": "rawvideo",
            "-pix_fmt": "ya8",
            "-video_size": f"{plate.cover.shape[1]}x{plate.cover.shape[0]}",
            "-i": folder / f"plate{number}",
        }
        for number, plate in enumerate(scenery)
    )
    parts = (camera, *plates, encoding, output)
    given = (word for part in parts for pair in part.items() for word in pair)
    quiet = ("-nostdin", "-hide_banner", "-loglevel", "error", "-filter_threads", "1")
    return [
        encoder,
        *quiet,
        *map(str, given),
        str(folder / "encoder.m3u8"),
    ]


def _in_white(letters: str, written: str) -> str:
    """Return the filter that makes of a cover of letters white ones.

    Their white is made of the cover itself: a source of its own would never end, and nor would the
    encoder after its input.
    """
    white = f"[{letters}]split[{letters}-cover],format=yuv420p,lutyuv=235:128:128[{letters}-white];"
    return f"{white}[{letters}-white][{letters}-cover]alphamerge[{written}];"


def _scenery(at_s: int) -> str:
    """Return the filter that puts the plates before the lights, and moves the audience to the
    beat."""
    beat = f"(t+{at_s % BEATS_AGREE_S})/{BEAT_S}"
    jump = f"abs(sin(PI*{beat}))"
    places = (
        "0:0",
        f"{BAND_LEFT}:{BAND_TOP}",
        f"{-SWAY}+{SWAY / 2}*sin(PI*{beat}/2):{HEIGHT - AUDIENCE_HEIGHT + 4}-6*{jump}",
        f"{-SWAY}+{SWAY / 2}*sin(PI*{beat}/2+2):{HEIGHT - AUDIENCE_HEIGHT + 34}-10*{jump}",
    )
    links = ""
    for number, place in enumerate(places, 1):
        links += f"[{number}:v]format=yuva420p[plate{number}];"
        before = "light" if number == 1 else f"scene{number - 1}"
        after = "scene" if number == len(places) else f"scene{number}"
        links += f"[{before}][plate{number}]overlay={place}[{after}];"
    return links


def sweep(folder: Path, now_s: float) -> None:
    """Remove files that nobody asks for any more."""
    for path in folder.iterdir():
        found = segment(path.name)
        if found is not None and found.at_s < now_s - KEPT_S:
            path.unlink(missing_ok=True)


def broadcast(
    path: str, folder: Path, stage: Watch, first: Segment, ahead_ms: float, parent: int
) -> str:
    """Send until something ends it; return what."""
    camera = Camera()
    scenery = [paint() for paint in PLATES]
    for number, plate in enumerate(scenery):
        (folder / f"plate{number}").write_bytes(plate.raw())
    encoder = subprocess.Popen(command(path, folder, scenery, first), stdin=subprocess.PIPE)
    assert encoder.stdin is not None
    try:
        for number in range(sys.maxsize):
            at_ms = first.at_s * 1000 + number * 1000 // FPS
            wait_s = (at_ms - ahead_ms) / 1000 - time.time()
            if abs(wait_s) > LOST_S:
                return f"the clock is {-wait_s:.1f} s off"
            if wait_s > 0:
                time.sleep(wait_s)
            if number % FPS == 0:
                sweep(folder, at_ms / 1000)
            if os.getppid() != parent:
                return "the server is gone"
            try:
                is_light = number == 0 or wait_s > -BEHIND_S
                encoder.stdin.write(camera.shoot(at_ms, stage.look(), is_light))
                encoder.stdin.flush()
            except BrokenPipeError:
                return f"the encoder ended with {encoder.wait(PATIENCE_S)}"
        return "time is over"
    finally:
        encoder.kill()
        encoder.wait()


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


def main() -> None:
    """Run the process. Exits with what ended it."""
    signal.signal(signal.SIGTERM, _end)
    encoder, folder, stage, serial, run, base_s, ahead_ms, parent = sys.argv[1:]
    first = Segment(int(serial), int(run), int(base_s))
    watch = Watch(Path(stage))
    sys.exit(broadcast(encoder, Path(folder), watch, first, float(ahead_ms), int(parent)))


if __name__ == "__main__":
    main()
