"""What a room costs on a cluster against one on a single store, and what idle rooms cost on either.

    .venv/bin/python -m loadtest.bench.cluster_cost [--pairs 7] [--viewers 1000] [--out FILE]

Both servers are up together on one core, each with its store (one with the embedded one, one with a
cluster of three primaries and a replica each) and its viewers, who are in this process on another
core. The same show is run on each in turn, the first of a pair being the second of the next:
comments and votes at a steady pace. The audience that isn't measured says nothing meanwhile. What
counts is the server's CPU; that of the store's processes, replicas among them, stands beside it.
This process looks at its sockets every 5 ms, which is in the latencies.

Then 401 rooms in which nothing happens are measured beside one, as ``loadtest.attacks`` does, on a
single store and on a cluster.

Prints a table, and writes it with all figures to ``loadtest/results/cluster_cost.json``; ends with
1 if a bound isn't kept, or if anything was refused or lost.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grandstand.tokens import Tokens

from loadtest.attacks import idle
from loadtest.bench.__main__ import machine
from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand, grandstand_on_cluster
from loadtest.process import cpu_ns
from loadtest.seats.dialects import Grandstand as Dialect
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import SocketPool

RESULT = Path(__file__).parents[1] / "results" / "cluster_cost.json"
COMMENTS_PER_S, VOTES_PER_S = 50, 100
TEXTS = 40
"""So many texts in turn: a viewer's own words are merged with others' as in any chat."""

LOOK_S = 0.005
WARM_S = 2.0
SEATED_S = 60.0
MOST_RATIO = 1.3
MOST_IDLE_CORES = 0.15
IDLE = (
    idle.Idle("idle rooms, single store", most_cores=MOST_IDLE_CORES),
    idle.Idle("idle rooms, cluster", most_cores=MOST_IDLE_CORES, on_cluster=True),
)


@dataclass
class Audience:
    """The viewers of one server, who can comment and vote; it listens to their sockets."""

    server: Grandstand
    pool: SocketPool
    acks_ms: dict[str, list[float]] = field(default_factory=lambda: {"comment": [], "vote": []})
    refused: Counter[str] = field(default_factory=Counter)
    _seats: list[Seat] = field(default_factory=list)
    _sent_s: dict[str, float] = field(default_factory=dict)
    _said: Counter[str] = field(default_factory=Counter)
    _poll: str = ""

    def come_in(self, viewers: int) -> None:
        """Let so many in. Raises SystemExit if they aren't let in."""
        tokens = Tokens(self.server.secret)
        self._seats = [
            self.pool.take(
                number, tokens.issue(f"v{number}", f"Viewer {number}", "viewer", ["*"], 3600)
            )
            for number in range(viewers)
        ]
        until_s = self.pool.clock() + SEATED_S
        while self.pool.counts.seated < viewers:
            if self.pool.clock() > until_s:
                raise SystemExit(f"not all came in: {self.pool.counts}")
            self.look()

    def open_poll(self) -> None:
        """Open another poll: a vote may be changed 32 times."""
        body = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 3600}
        path = f"/v1/rooms/{ROOM}/polls"
        self._poll = self.server.call("POST", path, {**body, "change": True})["id"]

    def look(self) -> None:
        """Take in what has come."""
        time.sleep(LOOK_S)
        while self.pool.turn():
            pass

    def say(self, kind: str) -> None:
        """Let the next viewer comment or vote."""
        self._said[kind] += 1
        number = self._said[kind]
        own_id = f"{kind}{number}"
        message: dict[str, Any] = {"type": kind, "id": own_id}
        if kind == "comment":
            message["text"] = f"take {number % TEXTS} of what a show"
        else:
            message |= {"poll": self._poll, "choices": [number % 2]}
        self._sent_s[own_id] = self.pool.clock()
        self.pool.say(self._seats[7 * number % len(self._seats)], Dialect.say(message))

    def saw(self, frame: dict[str, Any]) -> None:
        """Nothing is made of it."""

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """Nor of these."""

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """An answer came."""
        own_id = message.get("id", "")
        sent_s = self._sent_s.pop(own_id, None)
        if sent_s is None:
            return
        if message["type"] == "ack":
            self.acks_ms[own_id.rstrip("0123456789")].append((now_s - sent_s) * 1000)
        else:
            self.refused[message["code"]] += 1

    def lost(self) -> Counter[str]:
        """What ended though nobody here ended it, and what isn't answered."""
        counts = self.pool.counts
        ended = Counter({str(code): times for code, times in counts.closes.items()})
        return ended + counts.faults + Counter({"no answer": len(self._sent_s)})


def audience(server: Grandstand, viewers: int) -> Audience:
    """The viewers of a server, once they are in."""
    pool = SocketPool(Dialect("127.0.0.1", ROOM), server.address)
    made = Audience(server, pool)
    pool.listener = made
    made.come_in(viewers)
    return made


def run(shown: Audience, other: Audience, seconds: float) -> None:
    """Run the show for so long; ``other`` reads what it is sent."""
    paces = {"comment": 1 / COMMENTS_PER_S, "vote": 1 / VOTES_PER_S}
    due_s = dict.fromkeys(paces, time.monotonic())
    until_s = time.monotonic() + seconds
    while (now_s := time.monotonic()) < until_s:
        for kind, every_s in paces.items():
            while due_s[kind] <= now_s:
                due_s[kind] += every_s
                shown.say(kind)
        shown.look()
        while other.pool.turn():
            pass


def measure(shown: Audience, other: Audience, seconds: float) -> dict[str, float]:
    """One show: what server and store use, in cores, and how long acks took, in ms."""
    shown.open_poll()
    run(shown, other, WARM_S)
    for acks_ms in shown.acks_ms.values():
        acks_ms.clear()
    server, *store = shown.server.pids()
    began_s, before = time.perf_counter(), (cpu_ns([server]), cpu_ns(store))
    run(shown, other, seconds)
    used = cpu_ns([server]) - before[0], cpu_ns(store) - before[1]
    took_ns = 1e9 * (time.perf_counter() - began_s)
    found = {"server": used[0] / took_ns, "store": used[1] / took_ns}
    run_out_s = time.monotonic() + WARM_S  # what is still on its way is answered
    while time.monotonic() < run_out_s:
        shown.look()
    for kind, acks_ms in shown.acks_ms.items():
        parts = statistics.quantiles(acks_ms, n=100)
        found |= {f"{kind}_p50_ms": parts[49], f"{kind}_p99_ms": parts[98]}
    return {name: round(value, 4) for name, value in found.items()}


def shows(pairs: int, viewers: int, seconds: float) -> dict[str, Any]:
    """All pairs, and what was refused or lost."""
    server_core, client_core = cores()
    with ExitStack() as stack:
        servers = {
            "single": stack.enter_context(grandstand([server_core])),
            "cluster": stack.enter_context(grandstand_on_cluster([server_core])),
        }
        os.sched_setaffinity(0, [client_core])
        audiences = {name: audience(server, viewers) for name, server in servers.items()}
        found: list[dict[str, dict[str, float]]] = []
        for number in range(pairs):
            names = list(audiences) if number % 2 == 0 else list(reversed(audiences))
            pair = {}
            for name, other in zip(names, reversed(names), strict=True):
                pair[name] = measure(audiences[name], audiences[other], seconds)
            found.append({name: pair[name] for name in audiences})
            print(json.dumps(found[-1]), flush=True)
        wrong = {
            name: dict(each.refused + each.lost())
            for name, each in audiences.items()
            if each.refused + each.lost()
        }
        for each in audiences.values():
            each.pool.close()
    return {"viewers": viewers, "seconds": seconds, "pairs": found, "wrong": wrong}


def ratios(pairs: Sequence[dict[str, dict[str, float]]], what: str) -> list[float]:
    """A cluster's figure by the single store's, of each pair."""
    return [pair["cluster"][what] / pair["single"][what] for pair in pairs]


def table(told: dict[str, Any]) -> str:
    """Medians over the pairs, and what idle rooms cost."""
    pairs = told["pairs"]
    heading = f"median of {len(pairs)} pairs"
    lines = [f"{heading:24}{'single':>9}{'cluster':>9}{'ratio':>8}"]
    for what in pairs[0]["single"]:
        single, cluster = (
            statistics.median(pair[name][what] for pair in pairs) for name in ("single", "cluster")
        )
        ratio = statistics.median(ratios(pairs, what))
        verdict = ""
        if what == "server":
            verdict = f"  {'OVER' if ratio > MOST_RATIO else 'at most'} {MOST_RATIO:g}"
        lines.append(f"{what:24}{single:9.3f}{cluster:9.3f}{ratio:8.2f}{verdict}")
    each = " ".join(f"{ratio:.2f}" for ratio in ratios(pairs, "server"))
    lines.append(f"each pair's ratio of the server: {each}")
    lines += [f"{name}: {wrong}" for name, wrong in told["wrong"].items()]
    return "\n".join([*lines, "", idle.table(told["idle"])] if told["idle"] else lines)


def is_good(told: dict[str, Any]) -> bool:
    """Whether every bound is kept, and nothing was refused or lost."""
    kept = statistics.median(ratios(told["pairs"], "server")) <= MOST_RATIO
    return kept and not told["wrong"] and not any(map(idle.faults, told["idle"].values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 1 if it isn't good."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.cluster_cost")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each show")
    parser.add_argument("--without-idle", action="store_true", help="the show alone")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    everywhere = os.sched_getaffinity(0)
    told: dict[str, Any] = {"machine": machine(), "load_at_the_start": round(os.getloadavg()[0], 1)}
    told |= shows(given.pairs, given.viewers, given.seconds)
    os.sched_setaffinity(0, everywhere)
    chosen = () if given.without_idle else IDLE
    told["idle"] = {each.name: idle.measure(each) for each in chosen}
    told["table"] = table(told).splitlines()
    given.out.write_text(json.dumps(told, indent=1) + "\n")
    print("\n".join(told["table"]))
    return 0 if is_good(told) else 1


if __name__ == "__main__":
    sys.exit(main())
