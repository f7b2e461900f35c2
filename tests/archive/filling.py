"""Archives to a disk that runs full and becomes read-only; the last line says what happened.

Run in a mount namespace of its own, with a folder on which it may mount 128 KB of memory.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

from grandstand.archive.archive import Archive, ArchiveAwayError
from grandstand.archive.parts import Part
from grandstand.archive.storage import Folder
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry


def part(n: int) -> Part:
    return Part(n, n + 1, n, {n: [os.urandom(8000)]})


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True)


async def fill(root: Path) -> list[object]:
    told: list[object] = []
    mount("-t", "tmpfs", "-o", "size=128k", "tmpfs", root)
    archive = Archive(Folder(root), Metrics(CollectorRegistry()))
    n = 0
    try:
        for n in itertools.count():
            await archive.write("r", "e", part(n))
    except ArchiveAwayError as away:
        told.append(str(away))
    told.append([path.name for path in (root / "r" / "e").iterdir() if path.name.startswith(".")])
    await archive.trim("r", n)
    await archive.write("r", "e", part(n))
    told.append([span.since == n for span in await archive.spans("r", "e")])
    mount("-o", "remount,ro", root)
    try:
        await archive.write("r", "e", part(n + 1))
    except ArchiveAwayError as away:
        told.append(str(away))
    found = await archive.part_of("r", "e", n)
    told.append(found is not None and found.since == n)
    archive.close()
    return told


if __name__ == "__main__":
    print(json.dumps(asyncio.run(fill(Path(sys.argv[1])))))
