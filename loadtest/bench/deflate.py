"""Viewers who negotiated deflate, beside those who didn't: memory after messages both ways, and the
CPU of a frame."""

from __future__ import annotations

import statistics
import time
from typing import Any

from loadtest.bench.commands import AskTime
from loadtest.bench.crowd import crowd
from loadtest.bench.grandstand import grandstand
from loadtest.process import cpu_ns, memory, softirq_pids

VIEWERS = 5000
FRAME_BYTES = 512
FRAMES = 5
RUNS = 5
EVERY_MS = 150.0
PAUSE_MS = 30.0


def measure(server_core: int, client_core: int) -> dict[str, Any]:
    """Both kinds on one server, one after the other."""
    found: dict[str, Any] = {"viewers": VIEWERS}
    for name, deflate in (("plain", False), ("deflated", True)):
        with grandstand([server_core], {"tick": 50}) as server:
            pids = [*server.pids(), *softirq_pids([server_core])]
            before = memory(server.pids()).rss
            with crowd(
                server.address,
                client_core,
                secret=server.secret,
                deflate=deflate,
                pause_ms=PAUSE_MS,
            ) as seats:
                seats.open(VIEWERS)
                payload = b"a" * FRAME_BYTES
                server.publish(payload, 2, EVERY_MS)
                seats.ask(AskTime())  # each seat sends a message and gets an answer
                seats.still()
                time.sleep(1.0)
                rss = memory(server.pids()).rss - before
                runs = []
                for _ in range(RUNS):
                    frames, cpu = seats.still(), cpu_ns(pids)
                    server.publish(payload, FRAMES, EVERY_MS)
                    received = seats.still() - frames
                    runs.append((cpu_ns(pids) - cpu) / 1000 / received)
        found[name] = {
            "bytes_per_viewer": rss / VIEWERS,
            "us_per_frame": statistics.median(runs),
            "runs": runs,
        }
    return found
