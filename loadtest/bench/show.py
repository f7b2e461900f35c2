"""A real room with everything on: 5,000 viewers, comments of a recorded chat, driven by Locust.

What a delivered comment costs in CPU of all our processes (server, moderation, sequencer, store),
and how long it takes from one viewer to another, over a range of ticks. The seats look at their
sockets every 10 ms, which is in the latency; else the server pays for waking them (``seating``).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from loadtest.bench.grandstand import ROOM, Grandstand, grandstand
from loadtest.peers.child import child, tail
from loadtest.process import cpu_ns, softirq_pids

VIEWERS = 5000
SEATS = 500
TICKS_MS = (100, 200, 500, 1000)
SHOWN_PER_S = 50
SENT_PER_S = 170.0
"""Of a recorded chat's comments as many are refused, held or merged that about 50 are shown."""

LOOK_MS = 10
MEASURED_S = 15.0
WARM_S = 4.0
LOCUST = (sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py")


class ShowError(Exception):
    """Locust didn't do what it was to; the message has the end of its log."""


def measure(server_core: int, client_core: int, trace: str | None) -> list[dict[str, Any]]:
    """Each tick in turn, on a server of its own."""
    return [_measure(server_core, client_core, trace, tick_ms) for tick_ms in TICKS_MS]


def _measure(server_core: int, client_core: int, trace: str | None, tick_ms: int) -> dict[str, Any]:
    settings = {"tick": tick_ms, "budget": 2 * SHOWN_PER_S, "max_latency": 60_000}
    with (
        grandstand([server_core], settings) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        log, result = Path(folder) / "log", Path(folder) / "result.json"
        command = [
            *("env", f"GRANDSTAND_JWT_SECRET={server.secret}"),
            *LOCUST,
            *("--headless", "--only-summary", "--stop-timeout", "5"),
            *("--host", "http://{}:{}".format(*server.address), "--room", ROOM),
            *("--users", str(VIEWERS // SEATS), "--spawn-rate", "100", "BulkViewers"),
            *("--seats", str(SEATS), "--rhythm", "steady", "--voters", "0"),
            *("--look-every", str(LOOK_MS)),
            *("--comments-per-s", str(SENT_PER_S), "--seats-per-s", "2000"),
            *("--result", str(result), "--slo", "gaps < 1, closes < 1, failures < 1"),
            *(("--trace", str(trace)) if trace else ()),
        ]
        with child(command, [client_core], log) as locust:
            _until_full(server, locust, log)
            time.sleep(WARM_S)
            found = _window(server, server_core)
            locust.terminate()
            locust.wait(30)
        if not result.exists():
            raise ShowError(tail(log))
        told = json.loads(result.read_text())
    rows = told["rows"]
    found["tick_ms"] = tick_ms
    found["comment to screen"] = rows.get("comment to screen")
    found["comment to ack"] = rows.get("comment to ack")
    found["lag"] = rows.get("own loop lag")
    found["limited_by_the_load_itself"] = told["limited_by_the_load_itself"]
    found["levels"] = told["levels"]
    return found


def _until_full(server: Grandstand, locust: subprocess.Popen[bytes], log: Path) -> None:
    deadline_s = time.monotonic() + 60
    while server.viewers() < VIEWERS:
        if locust.poll() is not None or time.monotonic() > deadline_s:
            raise ShowError(tail(log))
        time.sleep(0.2)


def _window(server: Grandstand, server_core: int) -> dict[str, Any]:
    """CPU, comments shown and bytes sent in some seconds."""
    pids, softirqs = server.pids(), softirq_pids([server_core])
    before = [cpu_ns([pid]) for pid in pids], cpu_ns(softirqs)
    shown, sent_bytes = (server.metric(name) for name in (SHOWN, SENT_BYTES))
    began_s = time.monotonic()
    time.sleep(MEASURED_S)
    took_s = time.monotonic() - began_s
    shown, sent_bytes = server.metric(SHOWN) - shown, server.metric(SENT_BYTES) - sent_bytes
    server_ns, store_ns = (cpu_ns([pid]) - was for pid, was in zip(pids, before[0], strict=True))
    softirq_ns = cpu_ns(softirqs) - before[1]
    delivered = shown * VIEWERS
    return {
        "viewers": VIEWERS,
        "shown_per_s": shown / took_s,
        "us_per_delivered_comment": (server_ns + store_ns + softirq_ns) / 1000 / delivered,
        "server_cpu": server_ns / 1e9 / took_s,
        "store_cpu": store_ns / 1e9 / took_s,
        "softirq_cpu": softirq_ns / 1e9 / took_s,
        "bytes_per_delivered_comment": sent_bytes / delivered,
    }


SHOWN = 'grandstand_comments_total{fate="shown"}'
SENT_BYTES = "grandstand_sent_bytes_total"
