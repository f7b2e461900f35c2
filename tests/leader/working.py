"""Processes that lead rooms, with a job that notes each commit that it is given.

Run with the store's URL, a file for the notes, and the number of processes. A line of the file is
``pid node``, when a process begins, or ``pid epoch seq``: a commit that the job was given. For a
commit with a comment the job finds out a cue, which is named after the commit.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from grandstand.domain.envelope import Commit
from grandstand.domain.events import CueGiven
from grandstand.leader.commits import Commits, Cursor
from grandstand.leader.leader import RoomLeader
from grandstand.leader.registry import ROOM_JOBS
from grandstand.leader.room import LeaderRoom
from grandstand.store.store import open_store
from grandstand.telemetry import Metrics
from grandstand.wire.codec import decode_frame
from grandstand.wire.messages import Cue
from prometheus_client import CollectorRegistry


class Noting:
    """Writes down what it is given."""

    name = "noting"

    def __init__(self, notes: Path) -> None:
        self._notes = notes

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        async for batch in commits:
            assert not batch.missed
            for commit in batch.commits:
                note(self._notes, f"{os.getpid()} {commit.epoch} {commit.seq}")
            await cursor.move(batch, [found(each) for each in batch.commits if has_comments(each)])


def note(notes: Path, line: str) -> None:
    with notes.open("a") as file:
        file.write(line + "\n")


def has_comments(commit: Commit) -> bool:
    return any(decode_frame(frame).comments for frame in commit.frames)


def found(commit: Commit) -> CueGiven:
    name = f"{commit.epoch}-{commit.seq}"
    return CueGiven(name, Cue(name, "found", commit.now, {}))


async def lead(url: str, notes: Path) -> None:
    store = await open_store(url)
    note(notes, f"{os.getpid()} {store.node}")
    metrics = Metrics(CollectorRegistry())
    await RoomLeader(store, metrics, jobs=[*ROOM_JOBS, Noting(notes)]).run()


if __name__ == "__main__":
    url, notes, count = sys.argv[1:]
    for _ in range(int(count)):
        if os.fork() == 0:
            asyncio.run(lead(url, Path(notes)))
    for _ in range(int(count)):
        os.wait()
