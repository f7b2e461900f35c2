"""How many viewers a second one core lets in: connection, upgrade, ``hello`` with a signed token,
``welcome``; peers do less, without token or state."""

from __future__ import annotations

import time
from typing import Any

from loadtest.bench.entrant import Entrant
from loadtest.process import cpu_ns, softirq_pids

VIEWERS = 6000
RUNS = 3
REST_S = 1.0


def measure(entrant: Entrant, server_core: int, client_core: int) -> dict[str, Any]:
    """Viewers a second by the server's CPU, and by the clock where the crowd keeps up."""
    runs = [_run(entrant, server_core, client_core) for _ in range(RUNS)]
    runs.sort(key=lambda run: run["us_per_viewer"])
    middle = runs[len(runs) // 2]
    return {"runs": runs, "per_s": 1e6 / middle["us_per_viewer"], **middle}


def _run(entrant: Entrant, server_core: int, client_core: int) -> dict[str, Any]:
    with entrant.started() as server, entrant.crowd(server, client_core) as seats:
        seats.open(100)
        time.sleep(REST_S)
        pids = [*server.pids(), *softirq_pids([server_core])]
        cpu = cpu_ns(pids)
        took_s = seats.open(100 + VIEWERS)
        used_us = (cpu_ns(pids) - cpu) / 1000
    return {
        "viewers": VIEWERS,
        "us_per_viewer": used_us / VIEWERS,
        "per_s_by_the_clock": VIEWERS / took_s,
    }
