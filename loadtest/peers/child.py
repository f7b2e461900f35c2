"""A process that a peer consists of: pinned, with enough open files, ended by its id."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from random import randrange

from loadtest.peers.peer import PeerError

READY_S = 20.0
STOP_S = 5.0
LOG_CHARS = 2000
SBIN = "/usr/sbin"
"""Where Debian puts servers; only root looks there."""

REPOSITORY = Path(__file__).parents[2]


@contextmanager
def child(
    command: Sequence[str],
    cores: Collection[int],
    log: Path,
    *,
    told: bool = False,
    stop_s: float = STOP_S,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run it on these cores; ``told``: with pipes to its standard input and from its output;
    ``stop_s``: so long it may take to end before it is killed.

    ``taskset`` and ``prlimit`` (Linux) put themselves before it and become it, so that every thread
    it makes is pinned and the id stays. It is in a session of its own: Ctrl-C reaches us alone, and
    a master that had to be killed takes its workers along.
    """
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    pinned = ["taskset", "--cpu-list", ",".join(str(core) for core in sorted(cores))]
    limited = ["prlimit", f"--nofile={most_files}:{most_files}"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*limited, *pinned, *command],
            bufsize=0,
            cwd=REPOSITORY,
            stdin=subprocess.PIPE if told else subprocess.DEVNULL,
            stdout=subprocess.PIPE if told else written,
            stderr=written,
            start_new_session=True,
        )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(stop_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A port that nobody listens on, below those that the kernel gives to clients."""
    while True:
        port = randrange(12_000, 32_000)
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def installed(program: str) -> str | None:
    """Where a program is."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")


def until_listening(
    process: subprocess.Popen[bytes], port: int, log: Path, ready_s: float = READY_S
) -> None:
    """Wait until it takes connections. Raises PeerError with what it logged."""
    deadline_s = time.monotonic() + ready_s
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > deadline_s:
            raise PeerError(f"it didn't start:\n{tail(log)}")
        time.sleep(0.01)


def tail(log: Path) -> str:
    """The end of what a process logged."""
    return log.read_text(errors="replace")[-LOG_CHARS:]
