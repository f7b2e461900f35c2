"""One room's ceiling: how many comments a second one sequencer and one slot take in.

    .venv/bin/python -m loadtest.bench.ceiling [--trace CHAT] [--seconds 4]

First by edges: 1, 2 and 4 servers hold the viewers, and another one, which has but one of them,
sequences the room. Viewers are real WebSockets with tokens, and say more and more until something
gives way: the machine, on two cores. What each part uses of CPU for a comment is what counts: a
part that has a core of its own can take a million us a second.

Then without them (``feeding``): comments that are judged already go straight into the store. It has
a core to itself, so that the slot and the sequencer meet their ceiling. Beyond it the share that
the sequencer names must hold the accepted comments at what can be taken, while commits keep their
tick.

The texts are made up, or those of a recorded chat; the scorer judges the viewers' ones. Prints a
table and writes ``loadtest/results/ceiling.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from pathlib import Path
from random import Random
from typing import Any

from grandstand.client.pending import GIVEN_UP_S
from grandstand.tokens import Tokens

from loadtest.bench.__main__ import machine
from loadtest.bench.feeding import feeding
from loadtest.bench.grandstand import ROOM, START_S, UNLIMITED, Grandstand, cores, grandstand
from loadtest.intake import recorded
from loadtest.peers.child import child, free_port, until_listening
from loadtest.process import cpu_ns
from loadtest.seats.dialects import Grandstand as Dialect
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import SocketPool
from loadtest.users.texts import texts

RESULT = Path(__file__).parents[1] / "results" / "ceiling.json"
EDGES = (1, 2, 4)
SEATS = 800
RATES = (1000, 2000, 4000, 6000, 8000, 12_000)
FED = (5000, 10_000, 15_000, 20_000, 30_000, 45_000)
"""Comments a second that are offered, one after the other."""

SETTINGS = {"comment_interval": 2, "comment_burst": 10_000, "max_latency": 60_000}
TEXTS = 5000
WARM_S = 1.0
SEATED_S = 60.0
GIVEN_WAY = 0.95
"""A part has given way where fewer of those that were to be said are acknowledged."""


@contextmanager
def edge(server: Grandstand, store: str, cores: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Another server on the same store: its port and its process."""
    port = free_port()
    besides = {
        **UNLIMITED,
        "GRANDSTAND_JWT_SECRET": server.secret,
        "GRANDSTAND_REDIS_URL": store,
    }
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [
            *("env", *(f"{name}={value}" for name, value in besides.items())),
            *(sys.executable, "-m", "grandstand", "serve", "--port", str(port)),
        ]
        with child(command, cores, log, stop_s=20.0) as process:
            until_listening(process, port, log, START_S)
            yield port, process.pid


def store_of(server: Grandstand) -> str:
    """The address of its embedded store."""
    _, pid = server.pids()
    return f"unix://{Path(f'/proc/{pid}/cwd').readlink()}/valkey.sock"


@dataclass
class Audience:
    """Viewers of one edge; listens to their sockets."""

    port: int
    tokens: Tokens
    first: int
    spoken: int = 0
    seats: list[Seat] = field(default_factory=list)
    sent_s: dict[str, float] = field(default_factory=dict)
    acks_ms: list[float] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    ticks_ms: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        address = ("127.0.0.1", self.port)
        self.pool = SocketPool(Dialect(f"127.0.0.1:{self.port}", ROOM), address, listener=self)

    def take(self, seats: int) -> None:
        """Let so many in."""
        self.seats = [
            self.pool.take(number, self.tokens.issue(f"v{number}", "V", "viewer", ["*"], 3600))
            for number in range(self.first, self.first + seats)
        ]
        until_s = time.monotonic() + SEATED_S
        while self.pool.counts.seated < seats:
            if time.monotonic() > until_s:
                raise SystemExit(f"not all came in: {self.pool.counts}")
            self.pool.turn(0.01)

    def forget(self) -> None:
        """Begin to measure."""
        self.acks_ms, self.ticks_ms = [], []
        self.codes.clear()

    def say(self, number: int, text: str) -> None:
        """Let the next of them comment."""
        self.spoken += 1
        message = {"type": "comment", "id": str(number), "text": text}
        self.sent_s[message["id"]] = time.monotonic()
        self.pool.say(self.seats[self.spoken % len(self.seats)], Dialect.say(message))

    def saw(self, frame: dict[str, Any]) -> None:
        """A frame, once."""
        if "offset" in frame:
            self.ticks_ms.append(frame["now"])

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """Nothing is made of it."""

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """An ack or an error."""
        sent_s = self.sent_s.pop(message.get("id", ""), None)
        if sent_s is None:
            return
        if message["type"] == "ack":
            self.acks_ms.append((time.monotonic() - sent_s) * 1000)
        else:
            is_too_many = message.get("retry_after", 0) >= GIVEN_UP_S
            self.codes[f"{message['code']} for good" if is_too_many else message["code"]] += 1


@dataclass
class Parts:
    """The processes that take part."""

    leader: int
    store: int
    edges: list[int]

    def used_us(self) -> dict[str, float]:
        """CPU so far, of the edges together."""
        return {
            "edge": cpu_ns(self.edges) / 1000,
            "leader": cpu_ns([self.leader]) / 1000,
            "store": cpu_ns([self.store]) / 1000,
            "client": time.process_time() * 1e6,
        }


def by_edges(edges: int, said: Sequence[str], seconds: float) -> list[dict[str, Any]]:
    """Say more and more at so many edges, until something gives way."""
    all_cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        server = stack.enter_context(grandstand(all_cores, SETTINGS))
        store, tokens = store_of(server), Tokens(server.secret)
        watcher = Audience(server.address[1], tokens, edges * SEATS)
        watcher.take(1)  # a room without viewers rests, and another server may sequence it then
        others = [stack.enter_context(edge(server, store, all_cores)) for _ in range(edges)]
        crowds = [Audience(port, tokens, place * SEATS) for place, (port, _) in enumerate(others)]
        for each in crowds:
            each.take(SEATS // edges)
        leader, store_pid = server.pids()
        parts = Parts(leader, store_pid, [pid for _, pid in others])
        numbers, found = count(), []
        for rate in RATES:
            _talk(crowds, numbers, said, rate, WARM_S)
            found.append({"edges": edges, **_measured(crowds, numbers, said, rate, seconds, parts)})
            print(json.dumps(found[-1]), flush=True)
            if found[-1]["acked_per_s"] < GIVEN_WAY * rate:
                break
        if server.metric("grandstand_leases_held") < 1:
            raise SystemExit("an edge sequenced the room")
        for each in (*crowds, watcher):
            each.pool.close()
        return found


def _talk(
    crowds: Sequence[Audience], numbers: Iterator[int], said: Sequence[str], rate: float, s: float
) -> int:
    """Comment at that rate for so long, in turn at each edge; how many there were."""
    began_s = time.monotonic()
    spoken = 0
    while (passed_s := time.monotonic() - began_s) < s:
        due = int(passed_s * rate) - spoken
        for number in islice(numbers, min(due, 200)):
            crowds[number % len(crowds)].say(number, said[number % len(said)])
            spoken += 1
        for each in crowds:
            each.pool.turn(0.0 if due > 200 else 0.001)
    return spoken


def _measured(
    crowds: Sequence[Audience],
    numbers: Iterator[int],
    said: Sequence[str],
    rate: float,
    seconds: float,
    parts: Parts,
) -> dict[str, Any]:
    for each in crowds:
        each.forget()
    before, began_s = parts.used_us(), time.monotonic()
    spoken = _talk(crowds, numbers, said, rate, seconds)
    took_s = time.monotonic() - began_s
    used = {name: us - before[name] for name, us in parts.used_us().items()}
    acks_ms = sorted(ack for each in crowds for ack in each.acks_ms)
    codes = sum((each.codes for each in crowds), Counter[str]())
    answered = max(1, len(acks_ms) + codes.total())
    return {
        "rate": rate,
        "said_per_s": round(spoken / took_s),
        "acked_per_s": round(len(acks_ms) / took_s),
        "refused": codes,
        "ack_p50_ms": round(acks_ms[len(acks_ms) // 2], 1) if acks_ms else None,
        "ack_p99_ms": round(acks_ms[len(acks_ms) * 99 // 100], 1) if acks_ms else None,
        "longest_tick_ms": max(
            (later - before for before, later in pairwise(crowds[0].ticks_ms)), default=0
        ),
        "us_per_comment": {name: round(us / answered, 1) for name, us in used.items()},
        "cores": {name: round(us / 1e6 / took_s, 2) for name, us in used.items()},
        "machine_busy": round(sum(used.values()) / 1e6 / took_s / len(os.sched_getaffinity(0)), 2),
        "lost": crowds[0].pool.counts.closes + crowds[0].pool.counts.faults,
    }


async def fed(server: Grandstand, said: Sequence[str], seconds: float) -> list[dict[str, Any]]:
    """Feed more and more, whatever gives way."""
    leader, store = server.pids()
    found = []
    async with feeding(store_of(server), ROOM, said) as feeder:
        for rate in FED:
            await feeder.feed(rate, WARM_S)
            parts = Parts(leader, store, [])
            before, began_s = parts.used_us(), time.monotonic()
            came = await feeder.feed(rate, seconds)
            took_s = time.monotonic() - began_s
            used = {name: us - before[name] for name, us in parts.used_us().items()}
            found.append(
                {
                    "rate": rate,
                    "said_per_s": round(came.offered / took_s),
                    "accepted_per_s": round(came.accepted / took_s),
                    "refused_per_s": round(came.refused / took_s),
                    "past_the_backlog": came.overloaded,
                    "share": round(statistics.mean(came.shares or [1.0]), 3),
                    "longest_tick_ms": came.longest_tick_ms,
                    "tick_ms": round(statistics.mean(_gaps(came.ticks_ms) or [0]), 1),
                    "leader_us": round(used["leader"] / max(1, came.accepted), 1),
                    "store_us": round(used["store"] / max(1, came.accepted), 1),
                    "cores": {
                        name: round(us / 1e6 / took_s, 2)
                        for name, us in used.items()
                        if name != "edge"
                    },
                }
            )
            print(json.dumps(found[-1]), flush=True)
    return found


def _gaps(ticks_ms: Sequence[int]) -> list[int]:
    return [later - before for before, later in pairwise(ticks_ms)]


def table(found: dict[str, Any]) -> str:
    """Both parts: what was said, what was taken, and at what cost."""
    lines = [
        "edges   said/s  acked/s  refused  edge us  leader us  store us  ack p99  longest ms  busy"
    ]
    for row in found["by_edges"]:
        us = row["us_per_comment"]
        lines.append(
            f"{row['edges']:5}{row['said_per_s']:9}{row['acked_per_s']:9}"
            f"{sum(row['refused'].values()):9}{us['edge']:9}"
            f"{us['leader']:11}{us['store']:10}{row['ack_p99_ms'] or 0:9}"
            f"{row['longest_tick_ms']:14}{row['machine_busy']:6}"
        )
    lines.append("")
    lines.append(
        "fed: said/s  taken/s  refused/s  share  leader us  store us  leader  store  longest tick"
    )
    for row in found["fed"]:
        cores = row["cores"]
        lines.append(
            f"{row['said_per_s']:11}{row['accepted_per_s']:9}{row['refused_per_s']:11}"
            f"{row['share']:7}{row['leader_us']:11}{row['store_us']:10}{cores['leader']:8}"
            f"{cores['store']:7}{row['longest_tick_ms']:14}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench.ceiling",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--trace", default="", help="a recorded chat, as Locust's --trace takes it")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each rate")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    said = list(islice(texts(given.trace, Random(1)), TEXTS)) if given.trace else recorded(None)
    found: dict[str, Any] = {"machine": machine(), "trace": bool(given.trace)}
    found["by_edges"] = [row for edges in EDGES for row in by_edges(edges, said, given.seconds)]
    server_core, store_core = cores()
    os.sched_setaffinity(0, {server_core})
    with grandstand([server_core], SETTINGS) as server:
        _, store = server.pids()
        os.sched_setaffinity(store, {store_core})
        found["fed"] = asyncio.run(fed(server, said, given.seconds))
    found["table"] = table(found).splitlines()
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
