"""What a worker hears of its parent; what it does as a process is in ``test_parent``."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from grandstand.app.lifecycle import Running
from grandstand.workers import worker
from grandstand.workers.slot import ALIVE, HASTEN, READY, STOP
from grandstand.workers.worker import hear

from tests.waiting import PATIENCE_S


@asynccontextmanager
async def hearing(folder: Path) -> AsyncIterator[tuple[socket.socket, list[str]]]:
    """A worker that hears; our end of the line, and what it has done. Then all is still."""
    ours, theirs = socket.socketpair()
    ours.settimeout(PATIENCE_S)
    done: list[str] = []
    running = Running(
        url="",
        tokens=cast(Any, None),
        rooms=cast(Any, None),
        stopping=asyncio.Event(),
        stop=lambda: done.append("stop"),
        hasten=lambda: done.append("hasten"),
        leave=lambda: done.append("leave"),
    )
    task = asyncio.create_task(hear(theirs, running, folder))
    try:
        yield ours, done
    finally:
        ours.close()
        await asyncio.wait_for(task, PATIENCE_S)


async def test_it_does_what_it_hears_and_leaves_when_it_hears_no_more(tmp_path: Path) -> None:
    async with hearing(tmp_path / "run") as (line, done):
        assert await asyncio.to_thread(line.recv, 100) == READY
        line.sendall(STOP + HASTEN)
    assert done == ["stop", "hasten", "leave"]


async def test_it_leaves_when_its_parent_was_killed_before_it_had_read_a_word(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    async with hearing(folder) as (line, done):
        assert await asyncio.to_thread(select.select, [line], [], [], PATIENCE_S) == (
            [line],
            [],
            [],
        )
    assert done == ["leave"]
    assert not folder.exists()


async def test_it_says_that_it_lives_also_after_it_was_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "WORD_S", 0.01)
    async with hearing(tmp_path / "run") as (line, done):
        line.sendall(STOP)
        heard = b""
        while heard.count(ALIVE) < 3 or not done:
            heard += await asyncio.to_thread(line.recv, 100)
        assert heard.startswith(READY + ALIVE)
