"""What rooms cost in which nothing happens: 401 of them beside one, by CPU.

Nobody attacks, so there is no witness. Two servers are up together, with their stores, and the CPU
of both is read over the same windows. Taking turns would be no fairer: an idle server can't be made
to wait meanwhile, and what disturbs the machine in one window is so in both figures.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from loadtest.attacks.target import many_rooms, until_at_rest
from loadtest.bench.grandstand import Grandstand, grandstand, grandstand_on_cluster
from loadtest.process import cpu_ns


@dataclass(frozen=True, slots=True)
class Idle:
    """So many empty rooms may cost so much of a core more than one."""

    name: str
    rooms: int = 401
    windows: int = 9
    window_s: float = 4.0
    most_cores: float = 0.05
    on_cluster: bool = False


def measure(idle: Idle) -> dict[str, Any]:
    """Each window's cost of one room and of many, in cores, server and store together.

    Raises OSError if rooms don't come to rest, or don't stay so.
    """
    with _at_rest(idle, 1) as one, _at_rest(idle, idle.rooms) as many:
        windows = [_window(idle.window_s, one, many) for _ in range(idle.windows)]
        if held := sum(server.metric("grandstand_leases_held") for server in (one, many)):
            raise OSError(f"{held:.0f} rooms weren't at rest while they were measured")
    return {"rooms": idle.rooms, "windows": windows, "most_cores": idle.most_cores}


@contextmanager
def _at_rest(idle: Idle, count: int) -> Iterator[Grandstand]:
    begin = grandstand_on_cluster if idle.on_cluster else grandstand
    with begin(os.sched_getaffinity(0), rooms=many_rooms(count), ordinary=True) as server:
        until_at_rest(server)
        server.close()  # else uvicorn ends our connection in a window
        yield server


def _window(seconds: float, one: Grandstand, many: Grandstand) -> dict[str, float]:
    began_s, before = time.perf_counter(), [cpu_ns(server.pids()) for server in (one, many)]
    time.sleep(seconds)
    took_ns = 1e9 * (time.perf_counter() - began_s)
    used = [cpu_ns(server.pids()) for server in (one, many)]
    cores = [(after - was) / took_ns for was, after in zip(before, used, strict=True)]
    return {"one": round(cores[0], 5), "many": round(cores[1], 5)}


def table(found: dict[str, dict[str, Any]]) -> str:
    """One line each; medians over the windows, and the worst window's difference."""
    lines = [f"{'at rest, of a core':38}{'rooms':>6}{'one':>8}{'all':>8}{'more':>8}{'worst':>8}"]
    for name, its in found.items():
        one, many = (median(each[key] for each in its["windows"]) for key in ("one", "many"))
        more = _more(its)
        verdict = ", ".join(faults(its)) or f"under {its['most_cores']:g}"
        lines.append(
            f"{name:38}{its['rooms']:6}{one:8.4f}{many:8.4f}{median(more):8.4f}"
            f"{max(more):8.4f}  {verdict}"
        )
    return "\n".join(lines)


def faults(its: dict[str, Any]) -> list[str]:
    """What must not be: that many rooms cost too much more than one."""
    return [f"OVER {its['most_cores']:g}"] if median(_more(its)) > its["most_cores"] else []


def _more(its: dict[str, Any]) -> list[float]:
    """What many rooms cost more than one in each window, in cores."""
    return [window["many"] - window["one"] for window in its["windows"]]


COSTS = (Idle("idle-rooms"),)
