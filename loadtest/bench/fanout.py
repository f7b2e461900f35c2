"""What one frame costs a server for each viewer, and what a viewer costs that only sits there.

All servers, ours among them, get the same viewers, one room, and frames at a steady pace. The CPU
is that of all a server's processes and of the kernel's softirq thread on their core, and divided by
the frames that were published, though ours sends gauges once a second besides.

What a frame costs however many get it (a publish over HTTP, a commit to disk, a tick) is told
apart: ``whole`` has it, ``each`` hasn't. Where it weighs, as in ours, as many frames go to another
room of the same server, where one viewer is, in turn with the full one: the same rhythm and as
warm. What the CPU of the two differs by is divided by what the writes differ by, which ours counts,
as gauges go to everyone in both. Peers have one room, and little to take off, but for what waking
up costs, which grows with the time asleep: a single viewer gets frames at each audience's pace,
before the others come in.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, Protocol

from loadtest.bench.crowd import Crowd, CrowdError, crowd
from loadtest.bench.grandstand import ROOM
from loadtest.peers.peer import Loop
from loadtest.process import cpu_ns, kernel_memory, memory, softirq_pids

SIZES = (512, 4096)
VIEWERS = (1000, 5000, 15000)
RUNS = 3
RUNS_BESIDE = 5
"""Where two windows are compared, whose difference is noisier than each."""

FRAMES = {1000: 20, 5000: 5, 15000: 4}
EVERY_MS = {1000: 50.0, 5000: 200.0, 15000: 320.0}
AT_ANY_SIZE = 5000
"""The audience that also gets frames of sizes which only some want."""

PAUSE_MS = 30.0
SETTLE_S = 1.5


class Server(Protocol):
    """What is measured."""

    @property
    def address(self) -> tuple[str, int]:
        """Where viewers connect."""

    def pids(self) -> list[int]:
        """Whose CPU and memory count."""

    def publish(self, payload: bytes, count: int = 1, every_ms: float = 0) -> tuple[Loop, ...]:
        """Frames for everybody."""


@dataclass(frozen=True, slots=True)
class Entrant:
    """A server that is to be measured, and what its viewers speak."""

    name: str
    started: Callable[[], AbstractContextManager[Server]]
    dialect: str
    path: str = ""
    room: str = ROOM
    viewers: tuple[int, ...] = VIEWERS
    sizes: tuple[int, ...] = SIZES
    alone: str = ""
    """Another room, for a single viewer: such a server publishes to it, and counts its writes."""
    besides: Callable[[Any], Any] | None = None
    """Looks at the full server, while nothing else is measured."""

    def crowd(
        self, server: Server, core: int, pause_ms: float = 0.0, room: str = ""
    ) -> AbstractContextManager[Crowd]:
        """An empty crowd that speaks to it."""
        return crowd(
            server.address,
            core,
            dialect=self.dialect,
            path=self.path,
            room=room or self.room,
            secret=getattr(server, "secret", ""),  # peers have none
            pause_ms=pause_ms,
        )


def measure(entrant: Entrant, server_core: int, client_core: int) -> dict[str, Any]:
    """All sizes and audiences of one server, which grows from one to the other."""
    found: dict[str, Any] = {"frames": []}
    softirqs = softirq_pids([server_core])
    with entrant.started() as server, ExitStack() as stack:
        if entrant.alone:
            single = stack.enter_context(entrant.crowd(server, client_core, room=entrant.alone))
            single.open(1)
        rss_before, kernel_before = memory(server.pids()).rss, kernel_memory()
        seats = stack.enter_context(entrant.crowd(server, client_core, pause_ms=PAUSE_MS))
        if not entrant.alone:
            seats.open(1)
            time.sleep(SETTLE_S)
            found["alone"] = {
                viewers: _frames(server, seats, softirqs, viewers, min(entrant.sizes), 1)["runs"]
                for viewers in entrant.viewers
            }
        for viewers in entrant.viewers:
            seats.open(viewers)
            time.sleep(SETTLE_S)
            if viewers == entrant.viewers[-1]:
                kernel = kernel_memory()
                found["memory"] = {
                    "viewers": viewers,
                    "rss_before": rss_before,
                    "rss": memory(server.pids()).rss,
                    "tcp_buffers": kernel.tcp_buffers - kernel_before.tcp_buffers,
                    "socket_slabs": None
                    if kernel.socket_slabs is None or kernel_before.socket_slabs is None
                    else kernel.socket_slabs - kernel_before.socket_slabs,
                }
            for size in entrant.sizes:
                if size in SIZES or viewers == AT_ANY_SIZE:
                    row = _frames(server, seats, softirqs, viewers, size, viewers, entrant.alone)
                    found["frames"].append(row)
        if entrant.besides is not None:
            found["besides"] = entrant.besides(server)
        counts = seats.counts()
        found["closes"], found["faults"] = counts["closes"], counts["faults"]
    return found


def _frames(
    server: Any,
    seats: Crowd,
    softirqs: list[int],
    pace: int,
    size: int,
    viewers: int,
    alone: str = "",
) -> dict[str, Any]:
    """Some runs of frames at an audience's ``pace``, each followed by as many for one viewer where
    there is a room ``alone``."""
    payload = b"a" * size
    count, every_ms = FRAMES[pace], EVERY_MS[pace]
    pids = [*server.pids(), *softirqs]

    def window(*room: str) -> dict[str, Any]:
        writes = server.writes() if alone else 0
        frames, cpu = seats.still(), cpu_ns(pids)
        loops = server.publish(payload, count, every_ms, *room)
        arrived = seats.still() - frames
        told = {"cpu_us": (cpu_ns(pids) - cpu) / 1000, "published": count}
        told["arrived"] = arrived / (viewers * count)
        if loops:
            told["loops_alone_us"] = sum(loop.cpu_ns for loop in loops) / 1000
        if alone:
            told["writes"] = server.writes() - writes
        return told

    server.publish(payload, 2, every_ms)
    runs = []
    for _ in range(RUNS_BESIDE if alone else RUNS):
        run = window()
        if run["arrived"] < 1:
            raise CrowdError(f"{run['arrived']:.2f} of the frames arrived at {viewers} viewers")
        if alone:
            run["alone"] = window(alone)
        runs.append(run)
    return {"viewers": viewers, "bytes": size, "runs": runs}


def whole(found: dict[str, Any], viewers: int, size: int) -> float:
    """us for each viewer and published frame, with all that the server does."""
    return _frame_us(_runs(found, viewers, size)) / viewers


def alone(found: dict[str, Any], viewers: int, size: int) -> float:
    """us for each frame that one viewer gets at that audience's pace, beside it or before it."""
    runs = _runs(found, viewers, size)
    return _frame_us(
        [run["alone"] for run in runs] if "alone" in runs[0] else found["alone"][viewers]
    )


def each(found: dict[str, Any], viewers: int, size: int) -> float:
    """us for each viewer and frame, less what it costs to publish one: the median of the runs."""
    return statistics.median(spread(found, viewers, size))


def spread(found: dict[str, Any], viewers: int, size: int) -> list[float]:
    """``each`` by each run, from the lowest up."""
    runs = _runs(found, viewers, size)
    if "alone" in runs[0]:
        return sorted(
            (run["cpu_us"] - run["alone"]["cpu_us"]) / (run["writes"] - run["alone"]["writes"])
            for run in runs
        )
    own = alone(found, viewers, size)
    return sorted((run["cpu_us"] / run["published"] - own) / (viewers - 1) for run in runs)


def _runs(found: dict[str, Any], viewers: int, size: int) -> list[dict[str, Any]]:
    (row,) = (r for r in found["frames"] if (r["viewers"], r["bytes"]) == (viewers, size))
    runs: list[dict[str, Any]] = row["runs"]
    return runs


def _frame_us(runs: list[dict[str, Any]]) -> float:
    """CPU for one frame in all, the median of the runs."""
    us: float = statistics.median(run["cpu_us"] / run["published"] for run in runs)
    return us
