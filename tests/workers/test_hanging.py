"""Workers whose event loop stands still, as their viewers and their operator see it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from grandstand.settings import ServerSettings
from grandstand.workers import parent
from grandstand.workers.slot import WorkerSlot
from grandstand.workers.watch import HUNG_S, WORD_S

from tests.conftest import MakeServer
from tests.server import ServerProcess
from tests.viewer import Viewer
from tests.waiting import patience, until
from tests.workers.processes import VIEWERS, crowd, events, go_on, pids, samples, sequencer

FRAMES_BETWEEN = 5
DEAF = """
import socket, sys, time
line = socket.socket(fileno=int(sys.argv[1]))
line.sendall(b"ready\\n")
time.sleep(3600)
"""


async def test_a_worker_that_hangs_is_replaced_one_that_drains_is_not_and_the_third_serves_on(
    make_server: MakeServer, room: str
) -> None:
    drain_s = HUNG_S + WORD_S + 1
    environment = {"GRANDSTAND_WORKERS": "3", "GRANDSTAND_DRAIN_S": f"{drain_s}"}
    server = make_server(environment=environment)
    await asyncio.to_thread(server.start)
    await until(lambda: len(events(server, "serving")) == 3 + 1)
    server.make_room(room)
    over = asyncio.Event()
    frames_s: dict[str, list[float]] = {}

    async def talk(viewer: Viewer) -> None:
        number = 0
        while not over.is_set():
            seen = len(viewer.frames)
            text = f"{viewer.name} says line {number}"
            assert (await viewer.insist({"type": "comment", "text": text}))["type"] == "ack"
            number += 1
            await until(lambda seen=seen: len(viewer.frames) > seen or over.is_set())  # type: ignore[misc]

    async def look(viewer: Viewer) -> None:
        times = frames_s[viewer.name] = [time.monotonic()]
        already = 0
        while not over.is_set():
            await until(
                lambda already=already: len(viewer.frames) > already or over.is_set()  # type: ignore[misc]
            )
            already = len(viewer.frames)
            times.append(time.monotonic())
        times.append(time.monotonic())

    async with AsyncExitStack() as stack:
        viewers = await crowd(stack, server, room, count=3 * VIEWERS)
        before = pids(server)
        serves = await sequencer(server)
        hangs, drains = before.keys() - {serves}
        busy = [asyncio.create_task(does(each)) for each in viewers for does in (talk, look)]
        await until(lambda: all(len(viewer.frames) > 3 for viewer in viewers))
        stack.callback(go_on, before[hangs])
        os.kill(before[hangs], signal.SIGSTOP)
        os.kill(before[drains], signal.SIGTERM)
        began_s = time.monotonic()
        await until(lambda: events(server, "worker_hung"))
        hung_s = time.monotonic()
        assert hung_s - began_s >= HUNG_S - WORD_S
        await until(lambda: len(events(server, "worker_ended")) == 2)
        await until(lambda: len(events(server, "serving")) == 3 + 1 + 2)
        over.set()
        await asyncio.gather(*busy)
        stayed = [viewer.name for viewer in viewers if viewer.connections == 1]
        left = [viewer for viewer in viewers if viewer.connections > 1]
    assert [each["of"] for each in events(server, "worker_hung")] == [hangs]
    ended = {each["of"]: each["code"] for each in events(server, "worker_ended")}
    assert ended == {hangs: -signal.SIGKILL, drains: 0}
    assert samples(server, "grandstand_workers_hung_total") == {hangs: 1, drains: 0, serves: 0}
    assert pids(server)[serves] == before[serves]
    assert stayed
    for name in stayed:  # while one stood still and another drained
        assert sum(began_s < at_s < hung_s for at_s in frames_s[name]) > FRAMES_BETWEEN
    assert {1006, 1012} <= {viewer.closes[0] for viewer in left}


async def test_a_worker_that_does_not_stop_with_the_others_is_killed_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (sys.executable, "-c", DEAF)
    monkeypatch.setattr(
        parent, "WorkerSlot", lambda name, _, *others: WorkerSlot(name, program, *others)
    )
    monkeypatch.setattr(parent, "STOP_S", 0.1)
    running = parent._Parent(ServerSettings.read(workers=2, drain_s=0.1), tmp_path, "")
    serving = asyncio.create_task(running.serve())
    await until(running._complete.is_set)
    async with patience():
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
    assert not any(worker.is_taken for worker in running._workers)


async def test_a_worker_that_is_aborted_says_where_it_was(server: ServerProcess) -> None:
    before = pids(server)["1"]
    os.kill(before, signal.SIGABRT)
    await until(lambda: events(server, "worker_ended"))
    assert "Fatal Python error: Aborted" in server.log
    assert "worker.py" in server.log
    (ended,) = events(server, "worker_ended")
    assert ended["code"] == -signal.SIGABRT
    await until(lambda: pids(server).get("1", before) != before)
