"""The stage's state in a file: written by the mixer, watched by the picture's process."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from grandstand.demo.stage import Stage


def read(path: Path) -> Stage:
    """Return the state that was kept; a new one if there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Stage)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Stage()


def keep(stage: Stage, path: Path) -> None:
    """Write the state so that a reader sees all of it or what was before. Raises OSError."""
    written = path.with_suffix(".tmp")
    written.write_bytes(msgspec.json.encode(stage))
    os.replace(written, path)


class Watch:
    """The state as somebody else keeps it. Looking is cheap: 25 times a second is nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = (0, 0)
        self.stage = Stage()

    def look(self) -> Stage:
        """Return the state of now, the last one if there is none."""
        try:
            found = self._path.stat()
        except OSError:
            return self.stage
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            self._seen, self.stage = seen, read(self._path)
        return self.stage
