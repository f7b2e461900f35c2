"""What one frame costs a server for each viewer, and what a viewer costs that only sits there.

All servers, ours among them, get the same viewers, one room, and frames at a steady pace. The CPU
is that of all a server's processes and of the kernel's softirq thread on their core, and divided by
the frames that were published, though ours sends gauges once a second besides. What a frame costs
however many get it (a publish over HTTP, a commit to disk, a tick) is measured with one viewer and
told apart: ``whole`` has it, ``each`` hasn't.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from loadtest.bench.crowd import Crowd, CrowdError, crowd
from loadtest.bench.grandstand import ROOM
from loadtest.peers.peer import Loop
from loadtest.process import cpu_ns, kernel_memory, memory, softirq_pids

SIZES = (512, 4096)
VIEWERS = (1000, 5000, 15000)
RUNS = 3
FRAMES = {1: 5, 1000: 5, 5000: 5, 15000: 4}
EVERY_MS = {1: 200.0, 1000: 200.0, 5000: 200.0, 15000: 320.0}
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
    besides: Callable[[Any], Any] | None = None
    """Looks at the full server, while nothing else is measured."""

    def crowd(
        self, server: Server, core: int, pause_ms: float = 0.0
    ) -> AbstractContextManager[Crowd]:
        """An empty crowd that speaks to it."""
        return crowd(
            server.address,
            core,
            dialect=self.dialect,
            path=self.path,
            room=self.room,
            secret=getattr(server, "secret", ""),  # peers have none
            pause_ms=pause_ms,
        )


def measure(entrant: Entrant, server_core: int, client_core: int) -> dict[str, Any]:
    """All sizes and audiences of one server, which grows from one to the other."""
    found: dict[str, Any] = {"frames": []}
    softirqs = softirq_pids([server_core])
    with entrant.started() as server:
        rss_before, kernel_before = memory(server.pids()).rss, kernel_memory()
        with entrant.crowd(server, client_core, pause_ms=PAUSE_MS) as seats:
            for viewers in (1, *entrant.viewers):
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
                    found["frames"].append(_frames(server, seats, softirqs, viewers, size))
            if entrant.besides is not None:
                found["besides"] = entrant.besides(server)
            counts = seats.counts()
            found["closes"], found["faults"] = counts["closes"], counts["faults"]
    return found


def _frames(
    server: Server, seats: Crowd, softirqs: list[int], viewers: int, size: int
) -> dict[str, Any]:
    """Some runs of frames; us of CPU for each frame that a viewer received."""
    payload = b"a" * size
    count, every_ms = FRAMES[viewers], EVERY_MS[viewers]
    server.publish(payload, 2, every_ms)
    frames = seats.still()
    pids = [*server.pids(), *softirqs]
    runs = []
    for _ in range(RUNS):
        cpu = cpu_ns(pids)
        loops = server.publish(payload, count, every_ms)
        frames, before = seats.still(), frames
        run: dict[str, Any] = {
            "cpu_us": (cpu_ns(pids) - cpu) / 1000,
            "published": count,
            "arrived": (frames - before) / (viewers * count),
        }
        if loops:
            run["loops_alone_us"] = sum(loop.cpu_ns for loop in loops) / 1000
        if run["arrived"] < 1:
            raise CrowdError(f"{run['arrived']:.2f} of the frames arrived at {viewers} viewers")
        runs.append(run)
    return {"viewers": viewers, "bytes": size, "runs": runs}


def whole(found: dict[str, Any], viewers: int, size: int) -> float:
    """us for each viewer and published frame, with all that the server does."""
    return _frame_us(found, viewers, size) / viewers


def each(found: dict[str, Any], viewers: int, size: int) -> float:
    """The same less what it costs to publish, with one viewer to see it."""
    return (_frame_us(found, viewers, size) - _frame_us(found, 1, size)) / (viewers - 1)


def _frame_us(found: dict[str, Any], viewers: int, size: int) -> float:
    """CPU for one frame in all, the median of the runs."""
    (row,) = (r for r in found["frames"] if (r["viewers"], r["bytes"]) == (viewers, size))
    us: float = statistics.median(run["cpu_us"] / run["published"] for run in row["runs"])
    return us
