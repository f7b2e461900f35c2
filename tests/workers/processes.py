"""A server with workers, seen from outside: its processes, its log, its metrics, its viewers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from tests.processes import arguments, children, is_running
from tests.server import ServerProcess
from tests.viewer import Viewer, viewing
from tests.waiting import until

WORKERS = 2
VIEWERS = 16
"""Enough that the kernel gives some to each worker."""


def events(server: ServerProcess, event: str) -> list[dict[str, Any]]:
    """The entries of the log about it."""
    entries = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    return [entry for entry in entries if entry["event"] == event]


def pids(server: ServerProcess) -> dict[str, int]:
    """The processes of its workers, by their names."""
    found = {}
    for pid in children(server.pid):
        words = arguments(pid)
        if "grandstand.workers.worker" in words:
            found[words[3]] = pid
    return found


def run_folder(server: ServerProcess) -> Path:
    """Where its processes tell each other their metrics."""
    pid = next(iter(pids(server).values()))
    return Path(arguments(pid)[4])


def go_on(pid: int) -> None:
    """Lets one that was stopped end, if it is still there."""
    if is_running(pid):
        os.kill(pid, signal.SIGCONT)


def samples(server: ServerProcess, name: str) -> dict[str, float]:
    """A metric's values by worker; the parent's of a worker by that one."""
    told = server.call("GET", "/metrics").body.decode()
    label = r'(?:worker="parent",of|worker)="(\w+)"'
    found = re.findall(rf"^{name}\{{{label}.*\}} (.+)$", told, re.MULTILINE)
    return {worker: float(value) for worker, value in found}


async def sequencer(server: ServerProcess) -> str:
    """The one worker that sequences the one room."""
    holders: list[str] = []

    def found() -> bool:
        leases = samples(server, "grandstand_leases_held")
        holders[:] = [worker for worker, held in leases.items() if held]
        return len(holders) == 1  # one that lost its lease says so within a round

    await until(found)
    (one,) = holders
    return one


async def crowd(
    stack: AsyncExitStack, server: ServerProcess, room: str, count: int = VIEWERS, **named: Any
) -> list[Viewer]:
    """Viewers on all workers."""
    viewers = [
        viewing(server.url, room, server.token(f"v{number}"), name=f"v{number}", **named)
        for number in range(count)
    ]
    here = [await stack.enter_async_context(viewer) for viewer in viewers]
    shares = await asyncio.to_thread(samples, server, "grandstand_connections")
    assert sum(shares.values()) == count
    assert all(shares[worker] for worker in pids(server))
    return here
