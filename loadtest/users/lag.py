"""Whether the load generator itself keeps up: how late its timers wake, and the CPU it uses."""

from __future__ import annotations

import time

import gevent

from loadtest.users.report import LOAD, Report

LAG = "own loop lag"
CPU = "own CPU, percent of a core"
EVERY_S = 0.05
MOST_LAG_MS = 100.0
MOST_CPU = 95.0


def watch(report: Report) -> None:
    """For as long as its greenlet lives: the lag 20 times a second, the CPU once."""
    began_s, used_s = time.perf_counter(), time.process_time()
    while True:
        due_s = time.perf_counter() + EVERY_S
        gevent.sleep(EVERY_S)
        now_s = time.perf_counter()
        report.took(LAG, max(0.0, now_s - due_s) * 1000, LOAD)
        if now_s - began_s >= 1:
            cpu_s = time.process_time()
            report.took(CPU, (cpu_s - used_s) / (now_s - began_s) * 100, LOAD)
            began_s, used_s = now_s, cpu_s


def verdict(lag_p99_ms: float, cpu_p90: float) -> str | None:
    """A line if the load generator was the limit and not the server, else None."""
    if lag_p99_ms <= MOST_LAG_MS and cpu_p90 <= MOST_CPU:
        return None
    return (
        f"the load generator was the limit, not the server: its loop lagged {lag_p99_ms:.0f} ms "
        f"at p99 (sound up to {MOST_LAG_MS:.0f}), its CPU was at {cpu_p90:.0f} % of a core at p90 "
        f"(up to {MOST_CPU:.0f}); use more processes or fewer seats"
    )
