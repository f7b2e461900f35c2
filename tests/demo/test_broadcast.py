"""The process that paints and encodes, with the real encoder."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from grandstand.demo import timecode
from grandstand.demo.broadcast import FPS, KEPT_S, Camera, sweep
from grandstand.demo.playlist import Segment
from grandstand.demo.stage import Stage, Take
from grandstand.demo.stage_file import keep
from grandstand.demo.titles import LIT_MS

from tests.demo.pictures import becomes_red_moon, codes, lumas, made
from tests.processes import children, is_running
from tests.waiting import PATIENCE_S, wait_until

COMMAND = (sys.executable, "-m", "grandstand.demo.broadcast", imageio_ffmpeg.get_ffmpeg_exe())
STAGE = "stage.json"
Start = Callable[[Segment], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts it as the server does."""
    begun = []

    def run(first: Segment) -> subprocess.Popen[str]:
        begun.append(
            subprocess.Popen(
                [
                    *(*COMMAND, str(tmp_path), str(tmp_path / STAGE)),
                    *(*map(str, first), "0", str(os.getpid())),
                ],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return begun[-1]

    yield run
    for process in begun:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


def told_by(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.read()


def soon() -> int:
    return math.ceil(time.time() + 0.5)


def encoder_of(process: subprocess.Popen[str]) -> int:
    wait_until(lambda: children(process.pid))
    return children(process.pid)[0]


def gone(pid: int) -> None:
    wait_until(lambda: not is_running(pid))


def test_every_frame_shows_the_programme_time_that_its_segment_is_dated_with(
    start: Start, tmp_path: Path
) -> None:
    start(Segment(7, 3, soon() - 7))
    for each in made(tmp_path, 3):
        expected = [each.at_s * 1000 + number * 1000 // FPS for number in range(FPS)]
        assert codes(tmp_path / each.name) == [at % timecode.MODULUS_MS for at in expected]


def test_late_from_a_pause_it_catches_up_and_its_clock_stays_true(
    start: Start, tmp_path: Path
) -> None:
    process = start(Segment(0, 0, soon()))
    (*_, last) = made(tmp_path, 1)
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: time.time() - last.at_s >= 3.5)  # what the pause makes it miss
    process.send_signal(signal.SIGCONT)
    wait_until(lambda: time.time() - made(tmp_path, 5)[-1].at_s <= 2.5)
    segments = made(tmp_path, 5)
    assert [each.serial for each in segments] == list(range(len(segments)))
    for each in segments:
        assert codes(tmp_path / each.name)[0] == each.at_s * 1000 % timecode.MODULUS_MS


def test_lost_in_time_it_ends_and_says_why(start: Start, tmp_path: Path) -> None:
    process = start(Segment(0, 0, soon() - 60))
    assert process.wait(PATIENCE_S) == 1
    assert "the clock is" in told_by(process)


def test_it_ends_with_its_encoder(start: Start, tmp_path: Path) -> None:
    process = start(Segment(0, 0, soon()))
    os.kill(encoder_of(process), signal.SIGKILL)
    assert process.wait(PATIENCE_S) == 1
    assert "the encoder ended with -9" in told_by(process)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_its_encoder_ends_with_it(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    process = start(Segment(0, 0, soon()))
    encoder = encoder_of(process)
    process.send_signal(number)
    process.wait(PATIENCE_S)
    gone(encoder)


@pytest.mark.parametrize("frames", [0, 1])
def test_it_ends_with_the_process_that_started_it(tmp_path: Path, frames: int) -> None:
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([*sys.argv[1:], str(os.getpid())])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            script,
            *COMMAND,
            str(tmp_path),
            str(tmp_path / STAGE),
            *map(str, Segment(0, 0, soon())),
            "0",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    if frames:
        made(tmp_path, frames)
    parent.kill()
    parent.communicate()
    gone(pid)


def test_the_clock_can_be_read_in_the_encoded_picture(start: Start, tmp_path: Path) -> None:
    start(Segment(0, 0, soon()))
    first, second = made(tmp_path, 2)[:2]
    one, other = lumas(tmp_path / first.name)[0], lumas(tmp_path / second.name)[0]
    clock = (slice(96, 140), slice(44, 364))
    assert (one[clock] > 200).mean() > 0.08
    seconds = (slice(96, 140), slice(44 + 7 * 21, 44 + 8 * 21))
    hours = (slice(96, 140), slice(44, 44 + 2 * 21))
    changed = np.abs(one.astype(int) - other)
    assert changed[seconds].mean() > 3 * changed[hours].mean()


def test_what_nobody_asks_for_any_more_is_removed(tmp_path: Path) -> None:
    kept = {Segment(0, 0, 1000).name, Segment(1, 0, 1000).name, "other.ts"}
    for name in {*kept, Segment(0, 0, 999).name}:
        (tmp_path / name).touch()
    sweep(tmp_path, 1000 + KEPT_S)
    assert set(os.listdir(tmp_path)) == kept


def test_lights_may_stand_still_but_the_clock_never_does() -> None:
    camera = Camera()
    at_ms = 1_790_000_000_000
    before = np.frombuffer(camera.shoot(at_ms, Stage()), "<u2")
    still = np.frombuffer(camera.shoot(at_ms + 40, Stage(), light=False), "<u2")
    assert np.array_equal(still, np.frombuffer(_shot_anew(at_ms, at_ms + 40), "<u2"))
    assert not np.array_equal(before, still)


def _shot_anew(light_ms: int, at_ms: int) -> bytes:
    camera = Camera()
    camera.shoot(light_ms, Stage())
    return camera.shoot(at_ms, Stage(), light=False)


def test_the_song_changes_at_its_moment_not_before_and_stays_over_a_restart(
    start: Start, tmp_path: Path
) -> None:
    process = start(Segment(0, 0, soon()))
    made(tmp_path, 1)
    since = round(time.time() * 1000) + 500
    keep(Stage().follow(Take("Red Moon", 3, 60), "one", since), tmp_path / STAGE)
    assert becomes_red_moon(tmp_path) >= since + LIT_MS
    encoder = encoder_of(process)
    process.kill()
    gone(encoder)
    for each in made(tmp_path, 1):
        (tmp_path / each.name).unlink()
    again = Segment(1000, 1, soon() - 1000)
    start(again)
    assert becomes_red_moon(tmp_path) == again.at_s * 1000
