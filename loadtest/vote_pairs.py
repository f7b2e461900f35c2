"""What a vote costs the server, to its durable ack, in this tree and in another one, in turn.

    .venv/bin/python -m loadtest.vote_pairs --before DIR [--pairs 5]

``DIR`` is a checkout of another commit; both run in this environment. The first of a pair is the
second of the next. Votes and seats are those of ``loadtest.intake``. Prints us of CPU for each run,
and their medians, and writes all to ``loadtest/results/vote_pairs.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from loadtest.calls import call
from loadtest.intake import ROOM, measure, ready, token
from loadtest.peers.child import free_port


def run(tree: Path, seats: int, seconds: float) -> dict[str, Any]:
    """One server of that tree, and one run of votes."""
    secret, port = secrets.token_hex(32), free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "grandstand", "serve", f"--port={port}", f"--data-dir={folder}"],
            cwd=folder,
            env={
                **os.environ,
                "GRANDSTAND_JWT_SECRET": secret,
                "PYTHONPATH": str(tree / "server"),
            },
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            ready(url)
            call(url, token(secret, "producer", "producer"), "PUT", f"/v1/rooms/{ROOM}", {})
            store_pid = int((Path(folder) / "valkey.pid").read_text())
            pids = [server.pid, store_pid]
            found = measure(port, secret, "vote", seats, seconds, [], pids)
        finally:
            server.terminate()
            server.wait(30)
    for name in ("server", "store"):
        found[f"{name}_us"] = round(1e6 * found[f"{name}_cpu"] / found["acked_per_s"], 1)
    return found


def main() -> int:
    """Measure what the command line asks for."""
    options = argparse.ArgumentParser(prog="python -m loadtest.vote_pairs")
    options.add_argument("--before", type=Path, required=True, help="the other tree")
    options.add_argument("--pairs", type=int, default=5)
    options.add_argument("--seats", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=8)
    given = options.parse_args()
    trees = {"before": given.before.resolve(), "after": Path(__file__).resolve().parents[1]}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in trees}
    for number in range(given.pairs):
        for name in trees if number % 2 == 0 else reversed(trees):
            runs[name].append(run(trees[name], given.seats, given.seconds))
            print(name, json.dumps(runs[name][-1]), flush=True)
    median = {
        name: {
            what: statistics.median(each[what] for each in found)
            for what in ("server_us", "store_us", "acked_per_s")
        }
        for name, found in runs.items()
    }
    print(json.dumps(median))
    told = {"load": os.getloadavg(), "median": median, "runs": runs}
    target = Path(__file__).parent / "results" / "vote_pairs.json"
    target.write_text(json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
