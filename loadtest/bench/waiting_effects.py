"""What 20 effects that wait cost a room: its server's CPU with them and without, in pairs.

    .venv/bin/python -m loadtest.bench.waiting_effects [--pairs 7] [--viewers 1000]

Two servers of this tree are up together on one core, each with its own store and viewers. One has
20 effects: each waits for any poll's opening, a poll is set for in an hour, so each has a firing
that waits; and each looks at every poll and every cue. In turn both have the same ten seconds of a
show (comments, a cue a second), the first of a pair being the second of the next. Prints each
pair's ratio and their median; no worse means a median of at most 1.05. ``chrt -r 1`` before it
keeps other work of the machine out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

from loadtest.bench.commands import Say
from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand
from loadtest.peers.peer import due
from loadtest.process import cpu_ns, softirq_pids

EFFECTS = 20
SECONDS = 10
COMMENTS_PER_S = 10
MOST = 1.05


class Room:
    """One server's, with its viewers."""

    def __init__(self, server: Grandstand, seats: Crowd, core: int) -> None:
        self.cpu_ms: list[float] = []
        self._server = server
        self._seats = seats
        self._pids = [*server.pids(), *softirq_pids([core])]
        self._said = 0

    def put_effects(self) -> None:
        """Let them wait for a poll in an hour."""
        base = f"/v1/rooms/{ROOM}"
        then = [{"kind": "http", "method": "POST", "url": "https://studio.example/{question}"}]
        for number in range(EFFECTS):
            body = {"on": {"event": "poll.opened"}, "then": then}
            self._server.call("PUT", f"{base}/effects/e{number}", body)
        opens_at = round(time.time() * 1000) + 3_600_000
        poll = {"kind": "single", "question": "?", "options": ["a", "b"]}
        window = {"opens_at": opens_at, "closes_at": opens_at + 60_000}
        self._server.call("POST", f"{base}/polls", {**poll, **window})
        while len(self._server.call("GET", f"{base}/firings")["firings"]) < EFFECTS:
            time.sleep(0.1)

    def show(self) -> None:
        """Ten seconds of it."""
        began = cpu_ns(self._pids)
        for turn, _ in enumerate(due(SECONDS * COMMENTS_PER_S, 1000 / COMMENTS_PER_S)):
            self._said += 1
            self._seats.ask(Say(f"comment number {self._said} of the evening"))
            if turn % COMMENTS_PER_S == 0:
                cue = {"name": "light", "data": {"number": self._said}}
                self._server.call("POST", f"/v1/rooms/{ROOM}/cues", cue)
        self.cpu_ms.append((cpu_ns(self._pids) - began) / 1e6)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 1 if effects that wait cost too much."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.waiting_effects")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=1000)
    given = parser.parse_args(arguments)
    server_core, client_core = cores()
    with ExitStack() as stack:
        rooms = []
        for _ in range(2):
            server = stack.enter_context(grandstand([server_core]))
            seats = stack.enter_context(crowd(server.address, client_core, secret=server.secret))
            seats.open(given.viewers)
            rooms.append(Room(server, seats, server_core))
        without, with_effects = rooms
        with_effects.put_effects()
        for number in range(given.pairs + 1):
            for room in rooms if number % 2 == 0 else reversed(rooms):
                room.show()
    pairs = [*zip(without.cpu_ms, with_effects.cpu_ms, strict=True)][1:]  # the first is to warm up
    ratios = [mine / its for its, mine in pairs]
    print(f"{given.viewers} viewers, {EFFECTS} effects, {given.pairs} pairs of {SECONDS} s")
    for name, row in zip(("without", "with"), zip(*pairs, strict=True), strict=True):
        each = " ".join(f"{ms:.0f}" for ms in row)
        print(f"{name:7} ms of CPU: {statistics.median(row):.0f} ({each})")
    each = " ".join(f"{ratio:.3f}" for ratio in ratios)
    print(f"with / without: {statistics.median(ratios):.3f} ({each})")
    return int(statistics.median(ratios) > MOST)


if __name__ == "__main__":
    sys.exit(main())
