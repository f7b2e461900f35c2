"""One worker's place, with small programs in it that do what a worker should not."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from grandstand.workers import slot
from grandstand.workers.slot import HASTEN, WorkerSlot
from grandstand.workers.watch import HUNG_S, WORD_S

from tests.waiting import patience, until

PATIENCE = round(HUNG_S / WORD_S)
LONG = 10 * PATIENCE

HEAD = """
import faulthandler, signal, socket, sys
faulthandler.enable()
line = socket.socket(fileno=int(sys.argv[1]))
"""
READY = "line.sendall(b'ready\\n')\n"
LISTEN = "while line.recv(100): pass\n"
READY_AND_LOOP = f"def turns_for_ever():\n    {READY}    while True: pass\nturns_for_ever()\n"


@asynccontextmanager
async def living(program: str) -> AsyncIterator[tuple[WorkerSlot, asyncio.Future[int]]]:
    """A program in its place, and its end, which may not take long."""
    one = WorkerSlot("1", (sys.executable, "-c", HEAD + program), {}, lambda: None)
    end = asyncio.create_task(one.live())
    try:
        async with patience():
            yield one, asyncio.shield(end)  # a test that takes too long ends, not the process
    finally:
        one.send_signal(signal.SIGKILL)
        await end


async def test_it_serves_from_its_word_to_its_end() -> None:
    async with living(READY + "line.recv(100)\nsys.exit(3)") as (one, end):
        assert not one.serves
        await until(lambda: one.serves)
        assert one.is_taken
        one.tell(HASTEN)
        assert await end == 3
        assert not one.serves
        assert not one.is_taken


async def test_one_that_turns_for_ever_hangs_and_tells_where_when_it_is_aborted(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with living(READY_AND_LOOP) as (one, end):
        await until(lambda: one.serves)
        assert [one.hangs() for _ in range(LONG)].index(True) == PATIENCE
        assert not one.hangs()
        one.abort()
        assert await end == -signal.SIGABRT
    assert "in turns_for_ever" in capfd.readouterr().err


async def test_one_that_is_stopped_is_killed_soon_and_leaves_no_core(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slot, "ABORT_S", 0.2)
    async with living(READY + LISTEN) as (one, end):
        await until(lambda: one.serves)
        one.send_signal(signal.SIGSTOP)
        one.abort()
        assert one._process is not None
        assert resource.prlimit(one._process.pid, resource.RLIMIT_CORE) == (0, 0)
        assert await end == -signal.SIGKILL


async def test_nothing_is_expected_of_one_that_only_starts() -> None:
    async with living(LISTEN) as (one, end):
        await until(lambda: one.is_taken)
        assert not any(one.hangs() for _ in range(LONG))
        assert not end.done()


async def test_nothing_is_expected_of_one_that_was_told_to_stop_and_still_speaks() -> None:
    said_again = "line.recv(100)\n" + READY + "line.recv(100)\n"
    async with living(READY + said_again) as (one, end):
        await until(lambda: one.serves)
        one.serves = False
        one.stop()
        await until(lambda: one.serves)
        assert not any(one.hangs() for _ in range(LONG))
        assert not end.done()


async def test_nothing_is_expected_of_one_that_has_left_the_line() -> None:
    async with living(READY + "line.close()\n" + "signal.pause()") as (one, end):
        await until(lambda: one._watch._rests)
        assert not any(one.hangs() for _ in range(LONG))
        assert not end.done()


async def test_one_that_was_told_to_stop_before_it_was_there_hears_it() -> None:
    one = WorkerSlot(
        "1", (sys.executable, "-c", HEAD + "sys.exit(len(line.recv(5)))"), {}, lambda: None
    )
    end = asyncio.create_task(one.live())
    one.stop()
    assert await end == len(b"stop\n")


async def test_the_next_in_the_place_is_watched_anew() -> None:
    async with living(READY_AND_LOOP) as (one, end):
        await until(lambda: one.serves)
        assert any(one.hangs() for _ in range(LONG))
        one.send_signal(signal.SIGKILL)
        await end
        again = asyncio.create_task(one.live())
        await until(lambda: one.serves)
        assert any(one.hangs() for _ in range(LONG))
        one.send_signal(signal.SIGKILL)
        await again
