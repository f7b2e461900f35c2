"""A job whose process is killed, or stands still and comes back: no commit is left out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from grandstand.domain import events
from grandstand.domain.envelope import Commit
from grandstand.domain.events import CommentEvent
from grandstand.store import keys
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, open_store
from grandstand.wire.codec import decode_frame

from tests.leader.working import found, has_comments
from tests.waiting import until

ROOM = "a"


@pytest_asyncio.fixture
async def store(valkey_url: str) -> AsyncIterator[Store]:
    store = await open_store(valkey_url)
    yield store
    await store.close()


@contextmanager
def processes(url: str, notes: Path, count: int) -> Iterator[None]:
    words = [sys.executable, "-m", "tests.leader.working", url, str(notes), str(count)]
    process = subprocess.Popen(words, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Show:
    """A room in which something is said again and again, and what processes note of it."""

    def __init__(self, store: Store, notes: Path) -> None:
        self.store = store
        self.notes = notes
        self.said = 0

    async def say(self) -> None:
        """Something new; wait until it is committed."""
        self.said += 1
        now = int(self.store.now_ms())
        event = CommentEvent("u", "N", now, f"line {self.said}", 9.0, 0.0, 0.0, self.said)
        item = Item("u", uuid4().hex, "c", events.encode(event))
        await self.store.ingest.append(ROOM, [item], CommentRate(0, 1), self.store.now_ms())
        await until(self._is_read)

    async def _is_read(self) -> bool:
        return not await self.store.ingest.read(ROOM, "0", 1)

    async def commits(self) -> list[Commit]:
        return await self.store.timeline.since(ROOM, 0)

    def lines(self) -> list[list[str]]:
        return [line.split() for line in self.notes.read_text().splitlines()]

    def noted(self) -> list[tuple[str, str, str]]:
        """By whom, and the commit's epoch and number."""
        return [(line[0], line[1], line[2]) for line in self.lines() if len(line) == 3]

    async def holder(self) -> int:
        """The process that has the room's lease, once one has."""
        pids = {line[1]: int(line[0]) for line in self.lines() if len(line) == 2}
        pid = 0

        async def is_held() -> bool:
            nonlocal pid
            node = await self.store.rooms._reader.ask("GET", keys.lease(ROOM))
            pid = pids.get((node or b"").decode(), 0)
            return pid > 0

        await until(is_held)
        return pid

    async def taken_over_from(self, pid: int) -> None:
        async def is_another() -> bool:
            return await self.holder() != pid

        await until(is_another)

    async def is_noted(self) -> bool:
        """Whether the job has noted all commits, and has found out all there is."""
        made = await self.commits()
        cues = sum(has_comments(commit) for commit in made)
        in_state = (await self.store.timeline.load(ROOM)).state.cues
        noted = {(epoch, int(seq)) for _, epoch, seq in self.noted()}
        return len(in_state) == cues and {(each.epoch, each.seq) for each in made} == noted


async def test_each_commit_is_noted_once_or_again_and_what_is_found_enters_once(
    store: Store, valkey_url: str, tmp_path: Path
) -> None:
    await store.rooms.create(ROOM, uuid4().hex)
    show = Show(store, tmp_path / "notes")
    show.notes.touch()
    with processes(valkey_url, show.notes, 4):
        await until(lambda: len(show.lines()) >= 4)
        await show.say()
        await until(show.is_noted)
        for signal_sent in (signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL):
            await show.say()
            pid = await show.holder()
            os.kill(pid, signal_sent)
            await show.taken_over_from(pid)
            await show.say()
            await until(show.is_noted)
            if signal_sent is signal.SIGSTOP:
                os.kill(pid, signal.SIGCONT)  # it goes on believing that the room is its own
        await show.say()
        await until(show.is_noted)

    by = {(epoch, seq): {pid} for pid, epoch, seq in show.noted()}
    assert len({pid for each in by.values() for pid in each}) >= 3
    made = await show.commits()
    assert [commit.seq for commit in made] == list(range(1, len(made) + 1))
    cues = Counter(
        cue.id
        for commit in made
        for frame in commit.frames
        for cue in decode_frame(frame).cues or []
    )
    assert cues == Counter(found(commit).cue.id for commit in made if has_comments(commit))
