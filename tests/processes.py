"""Our own processes and theirs, and whether one still runs: never another's on the machine."""

from __future__ import annotations

import os
from pathlib import Path


def children(pid: int | None = None) -> list[int]:
    """The children of a process, ours if none is named; without those that ended meanwhile."""
    told = ""
    for path in Path(f"/proc/{os.getpid() if pid is None else pid}/task").glob("*/children"):
        try:
            told += path.read_text() + " "
        except OSError:
            continue  # a thread that has ended; its children are another's of the same process
    return [int(child) for child in told.split() if is_running(int(child))]


def is_running(pid: int) -> bool:
    """Whether it runs; one that has ended and waits for its parent to notice does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def arguments(pid: int) -> list[str]:
    """What a process was started with; nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []
