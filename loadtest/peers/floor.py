"""The kernel's own price: a loop of ``os.write``, and the same in C."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtest.peers.peer import Dialect, PeerError
from loadtest.peers.told import ToldPeer, ToldProgram, told

PROGRAM = (sys.executable, "-m", "loadtest.peers.programs.floor")
SOURCE = Path(__file__).parent / "programs" / "floor.c"

FLOOR = ToldPeer("floor", command=PROGRAM)
"""``os.write`` in a plain loop: what every Python server's cost is a multiple of."""


def compiled(folder: str) -> str:
    """The C loop as a library in the folder; its path. Raises PeerError."""
    if shutil.which("cc") is None:
        raise PeerError("there is no C compiler: apt-get install g++")
    library = f"{folder}/floor.so"
    compiler = ["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, str(SOURCE)]
    done = subprocess.run(compiler, capture_output=True, text=True)
    if done.returncode != 0:
        raise PeerError(f"floor.c doesn't compile:\n{done.stderr}")
    return library


@dataclass(frozen=True, slots=True)
class FloorInC:
    """``send()`` in a loop in C, called once per frame: what no server can be below."""

    name: str = "floor_c"
    dialect: Dialect = "websocket"
    path: str = "/"
    how_to_install: str = "apt-get install g++"

    def available(self) -> bool:
        """Whether there is a C compiler."""
        return shutil.which("cc") is not None

    @contextmanager
    def started(self, cores: Collection[int]) -> Iterator[ToldProgram]:
        """The floor's program, with its loop compiled."""
        with (
            tempfile.TemporaryDirectory() as folder,
            told((*PROGRAM, "--library", compiled(folder)), cores) as running,
        ):
            yield running
