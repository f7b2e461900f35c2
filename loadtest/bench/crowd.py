"""Viewers in a process of their own, on a core of their own; the bench's end of ``seating``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from loadtest.bench.commands import Command, OpenSeats, TakeCounts
from loadtest.peers.child import child, tail

SEATED_WITHIN_S = 90.0
LOOK_S = 0.1
STILL_S = 0.15


class CrowdError(Exception):
    """The crowd isn't where it was to be; the message has its counts or the end of its log."""


class Crowd:
    """A running one."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def ask(self, command: Command) -> Any:
        """Return the answer to a command. Raises CrowdError if the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(msgspec.json.encode(command) + b"\n")
        except BrokenPipeError:
            raise CrowdError(tail(self._log)) from None
        line = self._process.stdout.readline()
        if not line:
            raise CrowdError(tail(self._log))
        return json.loads(line)

    def counts(self) -> dict[str, Any]:
        """What it has counted."""
        counts: dict[str, Any] = self.ask(TakeCounts())
        return counts

    def open(self, count: int) -> float:
        """So many seats in all, when they are in; s that it took."""
        began_s = time.monotonic()
        self.ask(OpenSeats(count))
        self.until(lambda counts: bool(counts["seated"] >= count))
        return time.monotonic() - began_s

    def until(
        self, holds: Callable[[dict[str, Any]], bool], within_s: float = SEATED_WITHIN_S
    ) -> dict[str, Any]:
        """Waits until its counts are so. Raises CrowdError if they don't come to be."""
        deadline_s = time.monotonic() + within_s
        while True:
            counts = self.counts()
            if holds(counts):
                return counts
            if time.monotonic() > deadline_s:
                raise CrowdError(f"not within {within_s:.0f} s: {counts}")
            time.sleep(LOOK_S)

    def still(self) -> int:
        """Frames received in all, once no more come."""
        before, frames = -1, int(self.counts()["frames"])
        while frames != before:
            time.sleep(STILL_S)
            before, frames = frames, int(self.counts()["frames"])
        return frames


@contextmanager
def crowd(
    address: tuple[str, int],
    core: int,
    *,
    dialect: str = "grandstand",
    path: str = "",
    room: str = "bench",
    secret: str = "",
    deflate: bool = False,
    patience_ms: int = 0,
    topics: int = 0,
    languages: Sequence[str] = (),
    per_s: float = 1e9,
    at_once: int = 256,
    pause_ms: float = 0.0,
    sample_every: int = 100,
) -> Iterator[Crowd]:
    """An empty crowd that will go to ``address``; its process is stopped on leaving."""
    given = {
        "address": address,
        "dialect": dialect,
        "path": path,
        "room": room,
        "secret": secret,
        "deflate": deflate,
        "patience": patience_ms,
        "topics": topics,
        "languages": languages,
        "per_s": per_s,
        "at_once": at_once,
        "pause_ms": pause_ms,
        "sample_every": sample_every,
    }
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [sys.executable, "-m", "loadtest.bench.seating"]
        with child(command, [core], log, told=True) as process:
            assert process.stdin is not None
            process.stdin.write(json.dumps(given).encode() + b"\n")
            yield Crowd(process, log)
