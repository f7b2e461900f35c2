"""What frames cost servers with the same viewers, one room, and a steady pace.

All servers are up together, and are measured in turn, round by round: so a slow minute of the
machine is everyone's. Who isn't measured has viewers that sit there. The CPU is that of all a
server's processes and of the kernel's softirq thread on their core, though ours sends gauges once a
second besides.

What a frame costs however many get it weighs in ours, so as many frames go to another room of the
same server, where one viewer is, in turn with the full one: the same rhythm and as warm. Peers have
one room, and little to take off, but for what waking up costs, which grows with the time asleep: a
single viewer gets frames at each audience's pace, before the others come in.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from loadtest.bench import costs
from loadtest.bench.crowd import CrowdError
from loadtest.bench.entrant import COMMENT_BYTES, SIZES, Entrant
from loadtest.peers.peer import PeerError
from loadtest.process import cpu_ns, kernel_memory, memory, softirq_pids

ROUNDS = 5
FRAMES = {1000: 20, 5000: 5, 15000: 4}
EVERY_MS = {1000: 50.0, 5000: 200.0, 15000: 320.0}
PAUSE_MS = 30.0
SETTLE_S = 1.5


class ServerUnderTest:
    """The server of one entrant with its viewers, who become more."""

    def __init__(self, entrant: Entrant, server_core: int, client_core: int) -> None:
        self.entrant = entrant
        self.found: dict[str, Any] = {"frames": []}
        self.has_failed = False
        self._cores = server_core, client_core
        self._stack = ExitStack()
        self._memory = Counter[str]()

    def attempt(self, does: Callable[..., None], *given: Any) -> None:
        """Does it; a peer that fails is told and left out from then on. Raises for ours."""
        if self.has_failed:
            return
        try:
            does(*given)
        except (PeerError, CrowdError) as fault:
            if self.entrant.is_ours:
                raise
            print(f"without {self.entrant.name}, which failed: {fault}", flush=True)
            self.has_failed = True
            self.close()

    def open(self) -> None:
        """Starts it; a peer shows what it does for a single viewer."""
        server_core, client_core = self._cores
        entrant, enter = self.entrant, self._stack.enter_context
        self._server: Any = enter(entrant.started())
        self._softirqs = softirq_pids([server_core])
        if entrant.alone:
            enter(entrant.crowd(self._server, client_core, room=entrant.alone)).open(1)
        self._rss_before = memory(self._server.pids()).rss
        self._seats = enter(entrant.crowd(self._server, client_core, pause_ms=PAUSE_MS))
        if not entrant.alone:
            self._seats.open(1)
            time.sleep(SETTLE_S)
            self.found["alone"] = {
                viewers: [self._window(viewers, min(sizes), 1)]
                for viewers, sizes in entrant.frames.items()
            }

    def fill(self, viewers: int) -> None:
        """So many viewers in all."""
        before = kernel_memory()
        self._seats.open(viewers)
        time.sleep(SETTLE_S)
        after = kernel_memory()
        self._memory["tcp_buffers"] += after.tcp_buffers - before.tcp_buffers
        self._memory["socket_slabs"] += (after.socket_slabs or 0) - (before.socket_slabs or 0)
        self.found["memory"] = {
            "viewers": viewers,
            "rss_before": self._rss_before,
            "rss": memory(self._server.pids()).rss,
            **self._memory,
        }
        if after.socket_slabs is None:
            self.found["memory"]["socket_slabs"] = None
        for size in self.entrant.frames[viewers]:
            self.found["frames"].append({"viewers": viewers, "bytes": size, "runs": []})
            self._server.publish(b"a" * size, 2, EVERY_MS[viewers])
        self._seats.still()

    def round(self, viewers: int, size: int) -> None:
        """Frames of that size to all ``viewers``, then as many for one where there is a room."""
        run = self._window(viewers, size, viewers)
        if run["arrived"] < 1:
            raise CrowdError(f"{run['arrived']:.2f} of the frames arrived at {viewers} viewers")
        if self.entrant.alone:
            run["alone"] = self._window(viewers, size, viewers, self.entrant.alone)
        costs.runs(self.found, viewers, size).append(run)

    def finish(self) -> None:
        """Looks at what is besides, and ends it."""
        if self.entrant.besides is not None:
            self.found["besides"] = self.entrant.besides(self._server)
        counts = self._seats.counts()
        self.found["closes"], self.found["faults"] = counts["closes"], counts["faults"]
        self.close()

    def close(self) -> None:
        """Ends it, if it hasn't been."""
        self._stack.close()

    def _window(self, pace: int, size: int, viewers: int, *room: str) -> dict[str, Any]:
        """Frames at an audience's ``pace``, to ``room`` if that is another."""
        count, counts_writes = FRAMES[pace], bool(self.entrant.alone)
        pids = [*self._server.pids(), *self._softirqs]  # a server's processes come and go
        writes = self._server.writes() if counts_writes else 0
        frames, cpu = int(self._seats.counts()["frames"]), cpu_ns(pids)
        loops = self._server.publish(b"a" * size, count, EVERY_MS[pace], *room)
        arrived = self._seats.still() - frames
        told = {"cpu_us": (cpu_ns(pids) - cpu) / 1000, "published": count}
        told["arrived"] = arrived / (viewers * count)
        if loops:
            told["loops_alone_us"] = sum(loop.cpu_ns for loop in loops) / 1000
        if counts_writes:
            told["writes"] = self._server.writes() - writes
        return told


def measure(
    entrants: Iterable[Entrant], server_core: int, client_core: int
) -> dict[str, dict[str, Any]]:
    """What was found of each that didn't fail. Raises PeerError and CrowdError for ours."""
    servers = [ServerUnderTest(entrant, server_core, client_core) for entrant in entrants]
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.close)
            server.attempt(server.open)
        for viewers in sorted({each for server in servers for each in server.entrant.frames}):
            there = [server for server in servers if viewers in server.entrant.frames]
            for server in there:
                server.attempt(server.fill, viewers)
            for size in (*SIZES, COMMENT_BYTES):
                for _ in range(ROUNDS):
                    for server in there:
                        if size in server.entrant.frames[viewers]:
                            server.attempt(server.round, viewers, size)
            for server in there:
                if viewers == max(server.entrant.frames):
                    server.attempt(server.finish)
    return {server.entrant.name: server.found for server in servers if not server.has_failed}
