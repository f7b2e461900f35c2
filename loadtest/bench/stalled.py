"""500 viewers who read nothing among 5,000 who do: what the others notice, and what it costs.

The stalled have real sockets with the kernel's default buffers. A recorded chat is being shown (or
made-up talk): comments go out at a steady rate and are timed at every 100th seat of the others.
"""

from __future__ import annotations

import random
import time
from typing import Any

from loadtest.bench.commands import Say, Sleep
from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import Grandstand, grandstand
from loadtest.process import kernel_memory, memory

READING = 4500
STALLED = 500
COMMENTS_PER_S = 50
TEXT_CHARS = 70
CALM_S = 10.0
STALL_S = 14.0
RECOVER_S = 6.0
CUT_WITHIN_S = 45.0


def measure(server_core: int, client_core: int) -> dict[str, Any]:
    """Without, with, and after the stall."""
    settings = {"budget": 100, "max_latency": 60_000, "moderation": {"level": 0}}
    with (
        grandstand([server_core], settings) as server,
        crowd(server.address, client_core, secret=server.secret, per_s=2000) as reading,
        crowd(server.address, client_core, secret=server.secret, per_s=2000) as stalled,
        crowd(server.address, client_core, secret=server.secret, per_s=2000) as returning,
    ):
        reading.open(READING)
        stalled.open(STALLED // 2)
        returning.open(STALLED - STALLED // 2)
        without = _talk(reading, server, CALM_S)
        before = _memory(server)
        for crowd_ in (stalled, returning):
            crowd_.ask(Sleep(True))
        began_s = time.monotonic()
        with_them = _talk(reading, server, STALL_S)
        known_s = next((at_s for at_s, behind in with_them["behind"] if behind >= STALLED), None)
        during = _memory(server)
        returning.ask(Sleep(False))
        recovered = _talk(reading, server, RECOVER_S)
        welcomed = returning.counts()
        while server.viewers() > READING + STALLED // 2:
            if time.monotonic() > began_s + CUT_WITHIN_S:
                break
            _talk(reading, server, 1.0)
        cut_s = time.monotonic() - began_s
        return {
            "reading": READING,
            "stalled": STALLED,
            "without": without["latencies_ms"],
            "with": with_them["latencies_ms"],
            "behind": with_them["behind"],
            "all_known_after_s": known_s,
            "user_bytes_each": (during["rss"] - before["rss"]) / STALLED,
            "kernel_bytes_each": (during["kernel"] - before["kernel"]) / STALLED,
            "memory": {"before": before, "during": during},
            "returned": {
                "behind_still": recovered["behind"][-1][1],
                "gaps": welcomed["gaps"],
                "given_anew": welcomed["restarts"],
                "closes": welcomed["closes"],
            },
            "left_after_s": cut_s,
            "viewers_left": server.viewers(),
        }


def _memory(server: Grandstand) -> dict[str, int]:
    kernel = kernel_memory()
    return {
        "rss": memory(server.pids()).rss,
        "kernel": kernel.tcp_buffers + (kernel.socket_slabs or 0),
        "tcp_buffers": kernel.tcp_buffers,
    }


def _talk(seats: Crowd, server: Grandstand, seconds: float) -> dict[str, Any]:
    """Comments at a steady pace; their latencies, and each second how many are behind."""
    began_s = time.monotonic()
    behind: list[tuple[float, float]] = []
    said = 0
    while (now_s := time.monotonic()) < began_s + seconds:
        while said < (now_s - began_s) * COMMENTS_PER_S:
            said += 1
            seats.ask(Say(_text()))
        if not behind or now_s - began_s - behind[-1][0] > 0.5:
            behind.append((now_s - began_s, server.metric("grandstand_viewers_behind")))
        time.sleep(0.01)
    return {"latencies_ms": seats.counts()["latencies_ms"], "behind": behind}


def _text() -> str:
    """Words that no other comment has, so that none is merged."""
    return " ".join(format(random.getrandbits(24), "x") for _ in range(12))[:TEXT_CHARS]
