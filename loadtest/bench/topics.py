"""What followed topics cost, in all and for each viewer.

    .venv/bin/python -m loadtest.bench.topics [--pairs 7] [--viewers 5000] [--alone] [--out FILE]

Two servers are up together on one core, each with its own viewers and the same frames, five a
second. On one of them each viewer follows ten topics, and ten times a second a feed changes a card
that a hundred of them follow. They are measured in turn, the first of a pair being the second of
the next: all CPU of server and store. Followers may cost at most 1.1 times. At last the entity of
each card is asked for, which may take 100 ms at the 99th percentile.

Before that, in this process: a million follows of 10,000 topics, and 100,000 entities, with what
they take and how fast they are found. ``--alone`` does no more. The result is written to
``loadtest/results/topics.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from grandstand.domain.entities import EntityUpdate, Measured, row_of, updated
from grandstand.edge.topics import Topics
from grandstand.replica.entities import EntityTable
from grandstand.replica.publication import Form
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens
from grandstand.wire.messages import Overlay
from prometheus_client import CollectorRegistry

from loadtest.bench.__main__ import machine
from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand
from loadtest.process import cpu_ns
from loadtest.seats.dialects import FOLLOWED, topic

RESULT = Path(__file__).parents[1] / "results" / "topics.json"
MOST, MOST_MS = 1.1, 100.0
TURN_S, TICK_S, CARDS_S = 10.0, 0.2, 10
FOLLOWERS = 100
FRAME = b"x" * 512
FOLLOWS, TOPICS, ENTITIES = 1_000_000, 10_000, 100_000


class Outlet:
    """In a socket's place: counts what is written."""

    __slots__ = ("writes",)
    form, paused, patience, peer, kernel = Form.MSGPACK, False, 0, "192.0.2.1", None

    def __init__(self) -> None:
        self.writes = 0

    def write(self, frame: bytes) -> None:
        """Count it."""
        self.writes += 1

    def doubt(self) -> None:
        """Nobody is there."""


def rss_bytes() -> int:
    """This process' memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def took_us(work: Callable[[], Any], times: int) -> float:
    """The mean time of a piece of work."""
    began_s = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began_s) / times * 1e6


def cards(name: str) -> list[Overlay]:
    """The card that a feed makes of a topic."""
    values = {"speed": {"value": 37.5, "unit": "km/h", "rank": 2, "at": 1}}
    data = {"entity": name, "kind": "athlete", "name": "Zoë Müller", "values": values}
    return [Overlay(f"stats-{name}", "stats", 1, data, name)]


async def follows() -> dict[str, Any]:
    """A million follows."""
    names = [topic(number) for number in range(TOPICS)]
    outlets = [Outlet() for _ in range(FOLLOWS // FOLLOWED)]
    topics = Topics(
        Metrics(CollectorRegistry()),
        cards,
        lambda _: True,
        lambda: 1,
        lambda outlet, data: False,
        lambda name, lang: (),
        lambda outlet: None,
    )
    before, began_s = rss_bytes(), time.perf_counter()
    for number, outlet in enumerate(outlets):
        first = number * FOLLOWED % TOPICS
        # Each viewer's message brings strings of its own.
        topics.follow(outlet, [f"{name} "[:-1] for name in names[first : first + FOLLOWED]])
    follow_us = (time.perf_counter() - began_s) / len(outlets) * 1e6
    found = {
        "bytes_per_follow": (rss_bytes() - before) / FOLLOWS,
        "follow_ten_us": follow_us,
        "change_that_nobody_follows_us": took_us(lambda: topics.changed(["athlete:x"]), 10_000),
        "change_for_100_us": took_us(lambda: topics.changed([names[7]]), 1000),
        "present_cards_of_ten_us": took_us(lambda: topics.tell(outlets[3]), 1000),
    }
    assert sum(outlet.writes for outlet in outlets) == 1000 * FOLLOWS // TOPICS + 1000
    return found


def entities() -> dict[str, Any]:
    """100,000 entities of five values."""
    table = EntityTable()
    before = rss_bytes()
    for first in range(0, ENTITIES, 500):
        rows = {}
        for number in range(first, first + 500):
            values = {
                name: Measured(1_790_000_000_000, number / 7, "km/h", 3)
                for name in ("speed", "pace", "distance", "heart", "power")
            }
            name = f"Sportlerin {number:05} Müller"
            update = EntityUpdate(topic(number), name, 1_790_000_000_000, values)
            rows[topic(number)] = row_of(updated(None, update)[0])
        table.read(rows)
    taken = rss_bytes() - before
    table.search("nobody", "", 51)  # joins the names
    return {
        "bytes_per_entity": taken / ENTITIES,
        "row_bytes": len(rows[topic(ENTITIES - 1)]),
        "search_without_a_result_us": took_us(lambda: table.search("nobody", "", 51), 100),
        "search_of_a_page_us": took_us(lambda: table.search("mull", "", 51), 100),
        "get_us": took_us(lambda: table.get(topic(77_777)), 1000),
    }


def turn(server: Grandstand, topics: int, rounds: int, asks: bool = False) -> dict[str, Any]:
    """What the server takes for frames, and for cards of ``topics`` if there are any; ``asks``:
    each card's entity is asked for."""
    asked_ms = []
    steps = range(int(TURN_S * CARDS_S) if topics else 0)
    names = [topic((rounds * 997 + step * 31) % topics) for step in steps]
    feed = threading.Thread(target=give, args=(server, names), name="feed")
    began, began_s = cpu_ns(server.pids()), time.monotonic()
    if names:
        feed.start()
    for step in range(int(TURN_S / TICK_S)):
        server.publish(FRAME)
        if asks and step > 1:  # of two ticks ago: else it may not be there yet
            asked_s = time.monotonic()
            server.call("GET", f"/v1/rooms/{ROOM}/entities/{names[max(0, 2 * step - 4)]}")
            asked_ms.append((time.monotonic() - asked_s) * 1000)
        time.sleep(max(0.0, began_s + (step + 1) * TICK_S - time.monotonic()))
    if names:
        feed.join()
    taken_ms = (cpu_ns(server.pids()) - began) / 1e6
    return {"cpu_ms": taken_ms, "took_s": time.monotonic() - began_s, "asked_ms": asked_ms}


def give(server: Grandstand, names: Sequence[str]) -> None:
    """Change each topic's card, as a feed that stays open. Raises OSError if one isn't taken."""

    def lines() -> Iterator[bytes]:
        for step, name in enumerate(names, 1):
            values = {"speed": {"value": step, "unit": "km/h"}}
            update = {"entity": name, "name": name, "audience": "followers", "values": values}
            yield json.dumps(update).encode() + b"\n"
            time.sleep(max(0.0, began_s + step / CARDS_S - time.monotonic()))

    began_s = time.monotonic()
    token = Tokens(server.secret).issue("feed", "feed", "producer", ["*"], 3600)
    connection = http.client.HTTPConnection(*server.address, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Transfer-Encoding": "chunked"}
    path = f"/v1/rooms/{ROOM}/stats?stream=true"
    connection.request("POST", path, lines(), headers, encode_chunked=True)
    report = json.loads(connection.getresponse().read().splitlines()[-1])
    connection.close()
    if report.get("taken") != len(names):
        raise OSError(f"the feed was told {report}")


def pairs(count: int, viewers: int) -> dict[str, Any]:
    """Servers with and without topics, in turn."""
    server_core, client_core = cores()
    topics = viewers * FOLLOWED // FOLLOWERS
    found: dict[str, list[dict[str, Any]]] = {"with": [], "without": []}
    with ExitStack() as stack:
        servers: dict[str, tuple[Grandstand, Crowd]] = {}
        for name, number in (("with", topics), ("without", 0)):
            server = stack.enter_context(grandstand([server_core]))
            seats = crowd(server.address, client_core, secret=server.secret, topics=number)
            servers[name] = server, stack.enter_context(seats)
            servers[name][1].open(viewers)
        for number in range(count):
            for name in ("with", "without") if number % 2 == 0 else ("without", "with"):
                server, seated = servers[name]
                frames = seated.still()
                told = turn(server, topics if name == "with" else 0, number)
                told["frames"] = seated.still() - frames
                found[name].append(told)
        found["asked"] = [turn(servers["with"][0], topics, count, asks=True)]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 if topics cost more than they may."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench.topics",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=5000)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    found: dict[str, Any] = {
        "machine": machine(),
        "follows": asyncio.run(follows()),
        "entities": entities(),
    }
    for part in ("follows", "entities"):
        for name, value in found[part].items():
            print(f"{name:32} {value:10.1f}")
    is_over = False
    if not given.alone:
        told = found["pairs"] = pairs(given.pairs, given.viewers)
        ratios = [
            mine["cpu_ms"] / its["cpu_ms"]
            for mine, its in zip(told["with"], told["without"], strict=True)
        ]
        asked_ms = sorted(told["asked"][0]["asked_ms"])
        found["ratio"] = statistics.median(ratios)
        found["p99_ms"] = asked_ms[len(asked_ms) * 99 // 100]
        is_over = found["ratio"] > MOST or found["p99_ms"] > MOST_MS
        print(f"with topics / without: {found['ratio']:.3f} (at most {MOST})")
        print(f"an entity asked for, p99: {found['p99_ms']:.1f} ms (at most {MOST_MS:.0f})")
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())
