"""How the load generator itself keeps up: how late its timers wake, and the CPU it uses."""

from __future__ import annotations

import time

import gevent

from loadtest.users.report import LOAD, Report
from loadtest.users.service_levels import CPU, LAG

EVERY_S = 0.05


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
