"""A storm of votes: 5,000 viewers vote within a second, while comments go on.

    .venv/bin/python -m loadtest.bench.votes [--viewers 5000] [--runs 5]

Viewers are real WebSockets, each with a token of its own; server and store are pinned to one core,
the viewers to another. Every run is a poll of its own. Prints a line for each run, writes
``loadtest/results/votes.json``, and ends with 1 if an ack took longer than 2 s, a frame came later
than one tick, a vote was refused or not counted, or there were more than 5 tallies a second.

A frame is late by what lies between its ``now``, when it was committed, and a viewer who reads it;
a tick is late by how much later than one tick it follows the one before (somebody comments in
each). What a vote costs is what server and store use in the second of the storm and the one after
it, less what they use in two calm ones.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from grandstand.tokens import Tokens

from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand
from loadtest.process import cpu_ns
from loadtest.seats.dialects import Grandstand as Dialect
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import SocketPool

VIEWERS = 5000
RUNS = 5
TICK_MS = 200
SAMPLED = 10
"""One viewer in so many says when it read each frame."""

COMMENT_EVERY_S = 0.05
VOTES_WITHIN_S = 1.0
CALM_S, STORM_S, REST_S = 2.0, 2.0, 1.0
SEATED_S = 60.0
MOST_ACK_MS, MOST_TALLIES_PER_S = 2000.0, 5.0
WORDS = ("what", "a", "show", "tonight", "lights", "are", "great", "song", "again", "wow", "band")
OPTIONS = ("a", "b", "c", "d")


@dataclass
class Audience:
    """All viewers; it listens to their sockets."""

    pool: SocketPool
    seats: list[Seat]
    acks_ms: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    late_ms: list[float] = field(default_factory=list)
    ticks_ms: list[int] = field(default_factory=list)
    tallies: int = 0
    _sent_s: dict[str, float] = field(default_factory=dict)
    _committed_ms: dict[str, int] = field(default_factory=dict)
    _said: int = 0
    _next_comment_s: float = 0.0
    _epoch_s: float = field(default_factory=lambda: time.time() - time.monotonic())

    def forget(self) -> None:
        """Begin to measure."""
        self.acks_ms, self.late_ms, self.ticks_ms, self.tallies = [], [], [], 0
        self.refused.clear()

    def go_on(self, seconds: float, votes: Sequence[tuple[float, Seat, bytes, str]] = ()) -> None:
        """Read and comment for so long; cast votes at their moments, s from now."""
        pool = self.pool
        began_s = pool.clock()
        due = iter(votes)
        vote = next(due, None)
        while (now_s := pool.clock()) < began_s + seconds or vote is not None:
            while vote is not None and vote[0] <= now_s - began_s:
                self._sent_s[vote[3]] = now_s
                pool.say(vote[1], vote[2])
                vote = next(due, None)
            if now_s >= self._next_comment_s and self.seats:
                self._next_comment_s = now_s + COMMENT_EVERY_S
                self._comment()
            pool.turn(0.001)

    def _comment(self) -> None:
        self._said += 1
        text = f"{' '.join(random.sample(WORDS, 5))}, take {self._said}"
        message = {"type": "comment", "id": f"c{self._said}", "text": text}
        self.pool.say(self.seats[self._said % len(self.seats)], Dialect.say(message))

    def saw(self, frame: dict[str, Any]) -> None:
        """A frame, once."""
        self.tallies += "tallies" in frame
        if "comments" in frame:
            self.ticks_ms.append(frame["now"])
            self._committed_ms |= dict.fromkeys(
                (comment["id"] for comment in frame["comments"]), frame["now"]
            )

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """A sampled viewer has read a frame."""
        for each in ids:
            if each in self._committed_ms:
                self.late_ms.append((now_s + self._epoch_s) * 1000 - self._committed_ms[each])

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """An ack or an error."""
        sent_s = self._sent_s.pop(message.get("id", ""), None)
        if sent_s is None:
            return
        if message["type"] == "ack":
            self.acks_ms.append((now_s - sent_s) * 1000)
        else:
            self.refused[message["code"]] += 1


def audience(server: Grandstand, viewers: int) -> Audience:
    """Let them all in."""
    tokens = Tokens(server.secret)
    pool = SocketPool(Dialect("127.0.0.1", ROOM), server.address, sample_every=SAMPLED)
    made = Audience(pool, [])
    pool.listener = made
    seats = [
        pool.take(number, tokens.issue(f"v{number}", f"Viewer {number}", "viewer", ["*"], 3600))
        for number in range(viewers)
    ]
    until_s = pool.clock() + SEATED_S
    while pool.counts.seated < viewers:
        if pool.clock() > until_s:
            raise SystemExit(f"not all came in: {pool.counts}")
        made.go_on(0.01)
    made.seats = seats
    return made


def storm(server: Grandstand, crowd: Audience, run: int) -> dict[str, Any]:
    """One poll, and all vote in it within a second."""
    viewers = len(crowd.seats)
    crowd.go_on(REST_S)
    crowd.forget()
    calm_us = _cpu_us(server, crowd, CALM_S)
    calm_late_ms = max(crowd.late_ms)
    body = {"kind": "single", "question": f"{run}?", "options": OPTIONS, "duration": 3600}
    poll = server.call("POST", f"/v1/rooms/{ROOM}/polls", body)["id"]
    crowd.go_on(REST_S)
    moments = sorted(random.uniform(0, VOTES_WITHIN_S) for _ in range(viewers))
    seats = random.sample(crowd.seats, viewers)
    votes = []
    for number, (moment_s, seat) in enumerate(zip(moments, seats, strict=True)):
        own_id = f"v{run}-{number}"
        choice = [number % len(OPTIONS)]
        message = {"type": "vote", "id": own_id, "poll": poll, "choices": choice}
        votes.append((moment_s, seat, Dialect.say(message), own_id))
    crowd.forget()
    storm_us = _cpu_us(server, crowd, STORM_S, votes)
    tallies = crowd.tallies / STORM_S
    crowd.go_on(REST_S)
    counted = server.call("GET", f"/v1/rooms/{ROOM}/polls/{poll}")
    acks_ms = sorted(crowd.acks_ms)
    gaps_ms = [after - before for before, after in pairwise(crowd.ticks_ms)]
    late_ms = sorted(crowd.late_ms)
    return {
        "viewers": viewers,
        "acked": len(acks_ms),
        "counted": counted["voters"],
        "refused": crowd.refused,
        "ack_p50_ms": round(acks_ms[len(acks_ms) // 2], 1),
        "ack_max_ms": round(acks_ms[-1], 1),
        "frame_p50_ms": round(late_ms[len(late_ms) // 2], 1),
        "frame_max_ms": round(late_ms[-1], 1),
        "frame_max_ms_before": round(calm_late_ms, 1),
        "tick_late_max_ms": max(gaps_ms) - TICK_MS,
        "tallies_per_s": tallies,
        "server_us_per_vote": round((storm_us[0] - calm_us[0]) / viewers, 1),
        "store_us_per_vote": round((storm_us[1] - calm_us[1]) / viewers, 1),
        "lost": crowd.pool.counts.closes + crowd.pool.counts.faults,
    }


def _cpu_us(
    server: Grandstand,
    crowd: Audience,
    seconds: float,
    votes: Sequence[tuple[float, Seat, bytes, str]] = (),
) -> list[float]:
    """What server and store use in that time."""
    before = [cpu_ns([pid]) for pid in server.pids()]
    crowd.go_on(seconds, votes)
    return [(cpu_ns([pid]) - was) / 1000 for pid, was in zip(server.pids(), before, strict=True)]


def is_good(run: dict[str, Any]) -> bool:
    """Whether a run holds what is asked."""
    return (
        run["acked"] == run["counted"] == run["viewers"]
        and not run["lost"]
        and run["ack_max_ms"] <= MOST_ACK_MS
        and max(run["frame_max_ms"], run["tick_late_max_ms"]) <= TICK_MS
        and run["tallies_per_s"] <= MOST_TALLIES_PER_S
    )


def main(arguments: Sequence[str] | None = None, target: Path | None = None) -> int:
    """Measure what the command line asks for; 1 if a run misses what is asked."""
    options = argparse.ArgumentParser(prog="python -m loadtest.bench.votes")
    options.add_argument("--viewers", type=int, default=VIEWERS)
    options.add_argument("--runs", type=int, default=RUNS)
    given = options.parse_args(arguments)
    server_core, client_core = cores()
    os.sched_setaffinity(0, {client_core})
    settings = {"tick": TICK_MS, "budget": 1000, "max_latency": 60_000}
    with grandstand([server_core], settings) as server:
        crowd = audience(server, given.viewers)
        runs = []
        for number in range(given.runs):
            runs.append(storm(server, crowd, number))
            print(json.dumps(runs[-1]), flush=True)
        crowd.pool.close()
    middle = {
        name: statistics.median(run[name] for run in runs)
        for name in runs[0]
        if name.endswith(("_ms", "_per_s", "_per_vote"))
    }
    print(json.dumps({"median": middle}))
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    told = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "commit": commit,
        "tick_ms": TICK_MS,
        "median": middle,
        "runs": runs,
    }
    target = target or Path(__file__).parents[1] / "results" / "votes.json"
    target.write_text(json.dumps(told, indent=1) + "\n")
    return int(not all(map(is_good, runs)))


if __name__ == "__main__":
    sys.exit(main())
