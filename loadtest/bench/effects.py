"""How soon an effect is carried out: from the commit that makes a poll final to the other end.

    .venv/bin/python -m loadtest.bench.effects [--polls 200] [--viewers 1000] [--out FILE]

A server with its embedded store on one core, as its operator runs it; viewers, the producer and the
webhook's receiver on another. One poll after the other is opened and closed while viewers talk, at
any moment of the tick.

The start is the commit's own time: the script that commits writes it into the timeline (``t``) by
the store's clock. The end is when the receiver has read the request's head. Both clocks are this
machine's. ``t`` is cut to whole ms, so a figure is up to 1 ms too long. What comes before ``t``
(the next tick, closing the shards) is the poll's end and not the effect's.

Prints the quantiles and writes them with all figures and the machine to
``loadtest/results/effects.json``; ends with 1 if the 99th percentile is over its bound.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
from grandstand.domain import envelope
from grandstand.domain.envelope import Commit
from grandstand.store import keys
from redis import Redis

from loadtest.bench.__main__ import machine
from loadtest.bench.commands import Say
from loadtest.bench.crowd import crowd
from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand

RESULT = Path(__file__).parents[1] / "results" / "effects.json"
WEBHOOK_MS = 150.0
"""What the 99th percentile may be."""

WITHIN_S = 30.0
COMMENTS = 3
"""Said before each poll's end."""

ALLOWED = {"GRANDSTAND_EFFECTS_ALLOW": "127.0.0.1"}
SECRET = "whsec_" + base64.b64encode(b"of a bench: 24 bytes and up").decode()


class Arrivals:
    """When something came from each poll, s of the machine's clock."""

    def __init__(self) -> None:
        self._came: dict[str, float] = {}
        self._any = threading.Condition()

    def came(self, poll: str, at_s: float) -> None:
        """Note the first."""
        with self._any:
            self._came.setdefault(poll, at_s)
            self._any.notify_all()

    def of(self, poll: str) -> float:
        """Wait for a poll's. Raises TimeoutError."""
        with self._any:
            if not self._any.wait_for(lambda: poll in self._came, WITHIN_S):
                raise TimeoutError(f"nothing came of poll {poll}")
            return self._came[poll]


@contextmanager
def webhooks(arrivals: Arrivals) -> Iterator[str]:
    """A receiver of webhooks; yields its URL."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at_s = time.time()
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()
            arrivals.came(msgspec.json.decode(body)["data"]["poll"], at_s)

        def log_message(self, *said: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def store_of(server: Grandstand) -> Redis:
    """The server's embedded store."""
    _, pid = server.pids()
    return Redis(unix_socket_path=str(Path(f"/proc/{pid}/cwd").readlink() / "valkey.sock"))


def final_ms(store: Redis, poll: str) -> int:
    """When the commit was made that told the poll's end. Raises LookupError."""
    rows: Any = store.xrevrange(keys.timeline(ROOM), count=100)
    for _, fields in rows:
        commit = envelope.decode(fields[b"e"])
        if isinstance(commit, Commit) and any(
            each.id == poll and each.final for each in commit.private.polls
        ):
            return int(fields[b"t"])
    raise LookupError(f"no commit makes {poll} final")


def measure(server_core: int, client_core: int, polls: int, viewers: int) -> list[float]:
    """How long each poll's webhook took, ms."""
    arrivals, took_ms = Arrivals(), list[float]()
    with (
        grandstand([server_core], environment=ALLOWED) as server,
        crowd(server.address, client_core, secret=server.secret) as seats,
        webhooks(arrivals) as url,
    ):
        seats.open(viewers)
        store, base = store_of(server), f"/v1/rooms/{ROOM}"
        webhook = {"kind": "webhook", "url": url, "secret": SECRET}
        body = {"on": {"event": "poll.closed"}, "then": [webhook]}
        server.call("PUT", f"{base}/effects/hook", body)
        question = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 600}
        for number in range(polls):
            poll = server.call("POST", f"{base}/polls", question)["id"]
            for turn in range(COMMENTS):
                seats.ask(Say(f"line {number} {turn} of the evening"))
            server.call("POST", f"{base}/polls/{poll}/close", {"grace": 0})
            came_ms = arrivals.of(poll) * 1000
            took_ms.append(came_ms - final_ms(store, poll))
        store.close()
    return took_ms


def told(took_ms: Sequence[float], most_ms: float) -> dict[str, Any]:
    """The quantiles, and whether the bound is kept."""
    parts = statistics.quantiles(took_ms, n=100)
    return {
        "polls": len(took_ms),
        "p50_ms": round(parts[49], 1),
        "p99_ms": round(parts[98], 1),
        "max_ms": round(max(took_ms), 1),
        "p99_may_be_ms": most_ms,
        "reached": parts[98] <= most_ms,
        "each_ms": [round(each, 1) for each in took_ms],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 1 if a bound isn't kept."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.effects")
    parser.add_argument("--polls", type=int, default=200)
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    server_core, client_core = cores()
    os.sched_setaffinity(0, [client_core])
    found: dict[str, Any] = {"machine": machine(), "viewers": given.viewers}
    took_ms = measure(server_core, client_core, given.polls, given.viewers)
    found["webhook"] = row = told(took_ms, WEBHOOK_MS)
    print(", ".join(f"{name} {value}" for name, value in row.items() if name != "each_ms"))
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    return 0 if row["reached"] else 1


if __name__ == "__main__":
    sys.exit(main())
