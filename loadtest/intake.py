"""What one room takes in: comments and votes a second, from WebSocket to durable ack.

    .venv/bin/python -m loadtest.intake [--data DIR] [--seats 1000] [--seconds 8]

It starts a server of its own with an embedded store, and loads it from this process; nothing is
pinned to a core. Each seat keeps a few messages on their way, so the room is always full; the
connection's own limit (20 messages a second) is met by many seats. With ``--data`` the texts are
those of recorded chats, else made-up ones. Prints one table and writes it with all raw figures to
``loadtest/results/intake.json``. A seat that is lost sends no more, so rates are then those of
fewer seats than it says: lost ones are counted, and it ends with 1.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import platform
import random
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import jwt
import redis

from loadtest.calls import call
from loadtest.process import cpu_ns
from loadtest.seats.dialects import Grandstand
from loadtest.seats.seat import Seat
from loadtest.seats.socket_pool import SocketPool

ROOM = "intake"
RUNS = 3
WINDOW = 4
"""Messages that a seat has on their way at once."""

POLLS = 16
"""One after the other: a vote may change 32 times, and a seat votes some hundred times a run."""

LOOK_S = 0.01
"""So long a turn waits for something to come."""

RETRY_S = 0.01
"""After an error that doesn't say how long to wait."""

SEATED_S = 60.0


class Load:
    """Seats that send as fast as they are answered; it listens to their pool."""

    def __init__(self, kind: str, texts: list[str], port: int) -> None:
        self.kind = kind
        self.texts = texts
        self.polls: list[str] = []
        self.votes_per_poll = 1
        self.acked = 0
        self.refused: Counter[str] = Counter()
        self.latencies_ms: list[float] = []
        self.pool = SocketPool(
            Grandstand(f"127.0.0.1:{port}", ROOM), ("127.0.0.1", port), listener=self
        )
        self._sent_s: dict[str, float] = {}
        self._next = 0
        self._to_write: dict[Seat, bytes] = {}
        self._later: list[tuple[float, str, Seat]] = []

    def send(self, seat: Seat) -> None:
        """One more message from ``seat``, written with the others of the turn."""
        self._next += 1
        own_id = f"{self.kind}{self._next}"
        message: dict[str, Any] = {"type": self.kind, "id": own_id}
        if self.kind == "comment":
            message["text"] = self.texts[self._next % len(self.texts)]
        else:
            message["poll"] = self.polls[self._next // self.votes_per_poll % len(self.polls)]
            message["choices"] = [self._next % 4]
        self._sent_s[own_id] = self.pool.clock()
        self._to_write[seat] = self._to_write.get(seat, b"") + Grandstand.say(message)

    def run(self, seconds: float) -> None:
        """Goes on for so long."""
        until_s = self.pool.clock() + seconds
        while (now_s := self.pool.clock()) < until_s:
            while self._later and self._later[0][0] <= now_s:
                self.send(heapq.heappop(self._later)[2])
            for seat, data in self._to_write.items():
                self.pool.say(seat, data)
            self._to_write.clear()
            self.pool.turn(LOOK_S)

    @property
    def lost(self) -> Counter[str]:
        """Connections that ended though nobody here ended them, by close code or by fault."""
        counts = self.pool.counts
        closes = Counter({str(code): times for code, times in counts.closes.items()})
        return closes + counts.faults

    def saw(self, frame: dict[str, Any]) -> None:
        """Nothing is made of it."""

    def shown(self, ids: tuple[str, ...], now_s: float) -> None:
        """Nor of these."""

    def told(self, seat: Seat, message: dict[str, Any], now_s: float) -> None:
        """An ack or an error came."""
        sent_s = self._sent_s.pop(message.get("id", ""), None)
        if sent_s is None:
            return
        if message["type"] == "ack":
            self.acked += 1
            self.latencies_ms.append((now_s - sent_s) * 1000)
            self.send(seat)
        else:
            self.refused[message["code"]] += 1
            due_s = now_s + message.get("retry_after", RETRY_S)
            heapq.heappush(self._later, (due_s, message["id"], seat))


def measure(
    port: int, secret: str, kind: str, seats: int, seconds: float, texts: list[str], pids: list[int]
) -> dict[str, Any]:
    """One run: rates and latencies at the client, CPU of the server and of the store.

    Raises SystemExit if the seats aren't let in.
    """
    load = Load(kind, texts, port)
    if kind == "vote":
        body = {
            "kind": "single",
            "question": "Which one?",
            "options": ["a", "b", "c", "d"],
            "duration": 3600,
            "change": True,
        }
        url, producer = f"http://127.0.0.1:{port}", token(secret, "producer", "producer")
        path = f"/v1/rooms/{ROOM}/polls"
        load.votes_per_poll = seats * 24
        load.polls = [call(url, producer, "POST", path, body)["id"] for _ in range(POLLS)]
    taken = [
        load.pool.take(n, token(secret, f"{kind}{n}-{secrets.token_hex(3)}")) for n in range(seats)
    ]
    until_s = load.pool.clock() + SEATED_S
    while load.pool.counts.seated < seats:
        if load.pool.clock() > until_s:
            raise SystemExit(f"not all came in: {load.pool.counts}")
        load.run(LOOK_S)
    lost_before = load.lost  # on their way in: they tried again
    for seat in taken:
        for _ in range(WINDOW):
            load.send(seat)
    load.run(1)  # to a steady state
    load.acked, load.latencies_ms = 0, []
    before, own, began_s = [cpu_ns([pid]) for pid in pids], time.process_time(), time.perf_counter()
    load.run(seconds)
    took_s = time.perf_counter() - began_s
    used = [(cpu_ns([pid]) - was) / 1e9 for pid, was in zip(pids, before, strict=True)]
    own_s = time.process_time() - own
    lost = load.lost - lost_before
    load.pool.close()
    latencies = sorted(load.latencies_ms)
    return {
        "kind": kind,
        "acked_per_s": round(load.acked / took_s),
        "ack_p50_ms": round(latencies[len(latencies) // 2], 1),
        "ack_p99_ms": round(latencies[len(latencies) * 99 // 100], 1),
        "server_cpu": round(used[0] / took_s, 2),
        "store_cpu": round(used[1] / took_s, 2),
        "client_cpu": round(own_s / took_s, 2),
        "refused": load.refused,
        "lost": lost,
    }


def token(secret: str, sub: str, role: str = "viewer") -> str:
    """A token for every room."""
    claims = {
        "sub": sub,
        "name": sub,
        "role": role,
        "rooms": ["*"],
        "exp": int(time.time()) + 3600,
    }
    return jwt.encode(claims, secret, algorithm="HS256")


def recorded(data: Path | None) -> list[str]:
    """Texts of recorded chats, or made-up ones."""
    if data is None:
        words = ["what", "a", "show", "tonight", "the", "lights", "are", "great", "song", "wow"]
        chance = random.Random(7)
        return [" ".join(chance.choices(words, k=chance.randint(1, 9))) for _ in range(5000)]
    lines = (
        line for trace in sorted(data.glob("chat_traces/*.ndjson")) for line in trace.open("rb")
    )
    return [text[:100] for text in (json.loads(line)["text"] for line in lines) if text.strip()]


def main() -> int:
    """Runs it all; 1 if seats were lost."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path)
    options.add_argument("--seats", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=8)
    given = options.parse_args()
    texts = recorded(given.data)
    secret = secrets.token_hex(32)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        port = 8900 + os.getpid() % 100
        server = subprocess.Popen(
            [sys.executable, "-m", "grandstand", "serve", f"--port={port}", f"--data-dir={folder}"],
            env={**os.environ, "GRANDSTAND_JWT_SECRET": secret},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            ready(url)
            producer = token(secret, "producer", "producer")
            settings = {"comment_interval": 0, "comment_burst": 10000}
            call(url, producer, "PUT", f"/v1/rooms/{ROOM}", settings)
            store_pid = int((Path(folder) / "valkey.pid").read_text())
            empty_bytes = store_bytes(folder)
            for kind in ("comment", "vote"):
                for _ in range(RUNS):
                    result = measure(
                        port, secret, kind, given.seats, given.seconds, texts,
                        [server.pid, store_pid],
                    )  # fmt: skip
                    print(json.dumps(result), flush=True)
                    results.append(result)
                if kind == "comment":
                    memory = memory_per_comment(url, producer, folder, empty_bytes)
                    print(json.dumps(memory), flush=True)
        finally:
            server.terminate()
            server.wait(30)
    report(results, memory, given.seats, given.data is not None)
    return int(bool(lost_seats(results)))


def ready(url: str) -> None:
    """Waits until the server answers."""
    for _ in range(1200):
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server didn't start")


def store_bytes(folder: str) -> int:
    """What the store's data take in memory."""
    with redis.Redis(unix_socket_path=f"{folder}/valkey.sock") as store:
        return int(store.info("memory")["used_memory_dataset"])


def memory_per_comment(url: str, producer: str, folder: str, empty_bytes: int) -> dict[str, Any]:
    """Bytes of the store per comment of the record, once all are sequenced.

    It includes what is forgotten after a while: ids of the last five to ten minutes, the timeline.
    """
    count, before = -1, -2
    while count != before:
        time.sleep(1)
        before, count = count, call(url, producer, "GET", f"/v1/rooms/{ROOM}")["comments"]
    return {
        "comments_in_record": count,
        "store_bytes_per_comment": round((store_bytes(folder) - empty_bytes) / count),
    }


def report(results: list[dict[str, Any]], memory: dict[str, Any], seats: int, real: bool) -> None:
    """Prints the medians and writes everything."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    print(table(results))
    for why, times in lost_seats(results).most_common():
        print(f"{times} seats lost: {why}")
    told = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "commit": commit,
        "seats": seats,
        "texts": "recorded chats" if real else "made up",
        "memory": memory,
        "runs": results,
    }
    target = Path(__file__).parent / "results" / "intake.json"
    target.write_text(json.dumps(told, indent=1) + "\n")


def lost_seats(results: list[dict[str, Any]]) -> Counter[str]:
    """Of all runs, by close code or fault."""
    return sum((Counter(run["lost"]) for run in results), Counter[str]())


def table(results: list[dict[str, Any]]) -> str:
    """A line for comments and one for votes: medians over the runs, and how many seats were lost
    in all of them."""
    names = ("acks/s", "p50 ms", "p99 ms", "server", "store", "client", "lost")
    lines = [" " * 10 + "".join(f"{name:>8}" for name in names)]
    for kind in ("comment", "vote"):
        runs = [result for result in results if result["kind"] == kind]
        middle = {
            name: statistics.median(run[name] for run in runs)
            for name in runs[0]
            if isinstance(runs[0][name], int | float)
        }
        lines.append(
            f"{kind + 's':10}{middle['acked_per_s']:8.0f}{middle['ack_p50_ms']:8.1f}"
            f"{middle['ack_p99_ms']:8.1f}{middle['server_cpu']:8.2f}{middle['store_cpu']:8.2f}"
            f"{middle['client_cpu']:8.2f}{lost_seats(runs).total():8}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
