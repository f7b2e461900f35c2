"""A million votes recounted: how long, in what memory, what viewers notice, what a receipt takes.

    .venv/bin/python -m loadtest.bench.recount [--voters N] [--viewers N] [--quiz] [--out FILE]

A server with its embedded store, as its operator runs it, on all cores; viewers on one of them.
The votes are cast by the store's own script. Then comments go on at a steady pace, as before, while
the poll is closed and recounted; ``final`` and ``audit`` are when ``GET …/polls/{poll}`` first has
them. The recount's memory is the most that its process ever had. Each receipt is one of another
voter, over one connection, after a first one that isn't counted. With ``--quiz`` the store ranks
the voters besides, and the leaderboard is asked for once it is revealed.

Prints what was found and adds it to ``loadtest/results/recount.json``; ends with 1 if a bound isn't
kept.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grandstand.domain.identity import user_id
from grandstand.domain.polls.votes import Ballot
from grandstand.store.store import open_store
from grandstand.tokens import Tokens

from loadtest.bench.__main__ import machine
from loadtest.bench.commands import Say
from loadtest.bench.crowd import Crowd, crowd
from loadtest.bench.grandstand import ROOM, Grandstand, cores, grandstand
from loadtest.process import cpu_ns, memory

RESULT = Path(__file__).parents[1] / "results" / "recount.json"
S_PER_MILLION = 10.0
RECEIPT_MS = 5.0
RECEIPTS = 1000
COMMENTS_PER_S = 10
BEFORE_S = 10.0
BATCH = 5000
LOOK_S = 0.02
PATIENCE_S = 120.0


async def cast(server: Grandstand, poll: str, voters: int) -> float:
    """Cast so many votes; return s that it took."""
    _, pid = server.pids()
    store = await open_store(f"unix://{Path(f'/proc/{pid}/cwd').readlink()}/valkey.sock")
    try:
        record = await store.rooms.poll(ROOM, poll)
        salt = (await store.timeline.load(ROOM)).head.salt
        assert record is not None
        began_s = time.monotonic()
        for first in range(0, voters, BATCH):
            numbers = range(first, min(voters, first + BATCH))
            ballots = [
                Ballot(user_id(f"v{n}", salt), "1", (n % 4,), True, 1, n % 10_000, f"Viewer {n}")
                for n in numbers
            ]
            assert set(await store.votes.cast(ROOM, record, ballots)) == {"counted"}
        return time.monotonic() - began_s
    finally:
        await store.close()


def worker_of(pid: int) -> int | None:
    """The process by which the server recounts, if it is there."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            if b"recount.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        except OSError:
            pass
    return None


def peak_mb(pid: int) -> float:
    """The most memory that a process had, MB; 0 once it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def used_s(pid: int) -> float:
    """The CPU that a process has used, s; 0 once it has ended."""
    try:
        return cpu_ns([pid]) / 1e9
    except OSError:
        return 0.0


class Talk:
    """Comments at a steady pace, and how late they came to a viewer's screen."""

    def __init__(self, seats: Crowd) -> None:
        self._seats = seats
        self._said = 0
        self._next_s = time.monotonic()

    def on(self) -> None:
        """Say what is due."""
        while self._next_s <= time.monotonic():
            self._said += 1
            self._next_s += 1 / COMMENTS_PER_S
            self._seats.ask(Say(f"comment number {self._said} of the evening"))

    def took_ms(self) -> dict[str, Any]:
        """The latencies since the last time."""
        found: dict[str, Any] = self._seats.counts()["latencies_ms"]
        return found


def measure(voters: int, viewers: int, is_quiz: bool) -> dict[str, Any]:
    """Everything, once."""
    server_core, client_core = cores()
    with (
        grandstand([server_core, client_core]) as server,
        crowd(server.address, client_core, secret=server.secret) as seats,
    ):
        seats.open(viewers)
        base, found = f"/v1/rooms/{ROOM}", dict[str, Any]()
        kind = {"kind": "quiz", "answer": 0} if is_quiz else {"kind": "single"}
        question = {**kind, "question": "?", "options": ["a", "b", "c", "d"], "audit": "receipts"}
        asked = {**question, "show_tally": "always", "duration": 3600}
        poll = server.call("POST", f"{base}/polls", asked)["id"]
        path = f"{base}/polls/{poll}"
        found["cast_s"] = asyncio.run(cast(server, poll, voters))
        serving, store = server.pids()
        talk = Talk(seats)
        until_s = time.monotonic() + BEFORE_S
        while time.monotonic() < until_s:
            talk.on()
            time.sleep(LOOK_S)
        found["comments_before_ms"] = talk.took_ms()
        before = {"server": cpu_ns([serving]), "store": cpu_ns([store])}
        store_mb = memory([store]).rss / 2**20
        server.call("POST", f"{path}/close", {"grace": 0})
        final_s, began_s, worker, peak, worker_s = None, time.monotonic(), None, 0.0, 0.0
        while True:
            talk.on()
            shown = server.call("GET", path)
            now_s = time.monotonic()
            if final_s is None and shown["final"]:
                final_s = now_s
            if "audit" in shown:
                break
            worker = worker or worker_of(serving)
            if worker:
                peak, worker_s = max(peak, peak_mb(worker)), max(worker_s, used_s(worker))
            if now_s > began_s + PATIENCE_S:
                raise TimeoutError("there is no audit")
            time.sleep(LOOK_S)
        assert final_s is not None
        assert sum(shown["tally"]) == voters
        found |= {
            "final_s": final_s - began_s,
            "audit_after_final_s": now_s - final_s,
            "recount": {"cpu_s": worker_s, "peak_mb": peak},
            "server_cpu_s": (cpu_ns([serving]) - before["server"]) / 1e9,
            "store_cpu_s": (cpu_ns([store]) - before["store"]) / 1e9,
            "store_mb": {"votes": store_mb, "with leaves": memory([store]).rss / 2**20},
            "comments_during_ms": talk.took_ms(),
        }
        server_mb = memory([serving]).rss / 2**20
        used = cpu_ns([serving])
        found["receipt_ms"] = receipts(server, path, voters)
        found["receipt_ms"]["server_cpu"] = (cpu_ns([serving]) - used) / 1e6 / RECEIPTS
        found["server_mb"] = {"before": server_mb, "after receipts": memory([serving]).rss / 2**20}
        if is_quiz:
            server.call("POST", f"{path}/reveal")
            began_s = time.perf_counter()
            leaders = server.call("GET", f"{path}/leaderboard?limit=100")["leaderboard"]
            found["leaderboard_ms"] = (time.perf_counter() - began_s) * 1000
            assert len(leaders) == min(100, -(-voters // 4))
        return found


def receipts(server: Grandstand, path: str, voters: int) -> dict[str, float]:
    """How long receipts take, each of another voter."""
    tokens = Tokens(server.secret)
    connection = http.client.HTTPConnection(*server.address, timeout=30)
    took_ms = []
    drawn = random.Random(1).sample(range(voters), min(voters, RECEIPTS + 1))
    for number in drawn:
        token = tokens.issue(f"v{number}", "v", "viewer", [ROOM], 600)
        began_s = time.perf_counter()
        connection.request("GET", f"{path}/receipt", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        took_ms.append((time.perf_counter() - began_s) * 1000)
        assert answer.status == 200, body
        assert json.loads(body)["choices"] == [number % 4]
    connection.close()
    first, *rest = took_ms
    parts = statistics.quantiles(rest, n=100)
    return {"first": first, "p50": parts[49], "p99": parts[98], "max": max(rest)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 1 if a bound isn't kept."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.recount")
    parser.add_argument("--voters", type=int, default=1_000_000)
    parser.add_argument("--viewers", type=int, default=1000)
    parser.add_argument("--quiz", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    found = _rounded(measure(given.voters, given.viewers, given.quiz))
    within_s = S_PER_MILLION * max(1.0, given.voters / 1e6)
    reached = {
        "audit_within_s": within_s,
        "audit": found["audit_after_final_s"] <= within_s,
        "receipt_within_ms": RECEIPT_MS,
        "receipt": found["receipt_ms"]["p99"] <= RECEIPT_MS,
    }
    about = {"machine": machine(), "load_at_the_start": round(load, 1)}
    about |= {"voters": given.voters, "viewers": given.viewers, "quiz": given.quiz}
    runs = json.loads(given.out.read_text())["runs"] if given.out.exists() else []
    runs.append({**about, **found, "reached": reached})
    given.out.write_text(json.dumps({"runs": runs}, indent=1) + "\n")
    for name, value in {**found, "reached": reached}.items():
        print(f"{name}: {value}")
    return 0 if reached["audit"] and reached["receipt"] else 1


def _rounded(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _rounded(value) for name, value in found.items()}
    return round(found, 2) if isinstance(found, float) else found


if __name__ == "__main__":
    sys.exit(main())
