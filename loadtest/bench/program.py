"""What a subscriber of the programme feed costs, against a viewer.

    .venv/bin/python -m loadtest.bench.program [--pairs 7] [--readers 1000] [--out FILE]

Two servers are up together on one core. One has viewers, the other as many subscribers, and both
get the same cues of 512 bytes. They are measured in turn, the first of a pair being the second of
the next. Two ratios are printed: of what a frame costs for each reader, less what it costs to
publish one; and of all that the servers take, gauges and commits included. A subscriber may cost at
most twice what a viewer does. The result is written to ``loadtest/results/program.json``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from loadtest.bench import costs
from loadtest.bench.__main__ import TICK_MS, machine
from loadtest.bench.entrant import Entrant
from loadtest.bench.fanout import ServerUnderTest
from loadtest.bench.grandstand import ALONE, ROOM, cores, grandstand

RESULT = Path(__file__).parents[1] / "results" / "program.json"
SIZE = 512
MOST = 2.0


def entrant(name: str, dialect: str, core: int, readers: int) -> Entrant:
    """A server whose readers speak ``dialect``."""
    return Entrant(
        name,
        partial(grandstand, [core], {"tick": TICK_MS}, rooms=(ROOM, ALONE)),
        dialect,
        frames={readers: (SIZE,)},
        alone=ALONE,
        is_ours=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; 1 if a subscriber costs more than it may."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.bench.program",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--readers", type=int, default=1000, choices=(1000, 5000, 15000))
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    server_core, client_core = cores()
    readers: int = given.readers
    found: dict[str, Any] = {"machine": machine(), "readers": readers, "frame_bytes": SIZE}
    with ExitStack() as stack:
        servers = []
        for name, dialect in (("viewers", "grandstand"), ("subscribers", "program")):
            server = ServerUnderTest(
                entrant(name, dialect, server_core, readers), server_core, client_core
            )
            stack.callback(server.close)
            server.open()
            server.fill(readers)
            servers.append(server)
        for number in range(given.pairs):
            for server in servers if number % 2 == 0 else reversed(servers):
                server.round(readers, SIZE)
        viewers, subscribers = (server.found for server in servers)
    found["viewers"], found["subscribers"] = viewers, subscribers
    each = [costs.by_round(one, readers, SIZE) for one in (viewers, subscribers)]
    whole = [
        [run["cpu_us"] / 1000 for run in costs.runs(one, readers, SIZE)]
        for one in (viewers, subscribers)
    ]
    ratios = {"frame": _ratios(*each), "whole": _ratios(*whole)}
    found["us_per_frame"] = dict(zip(("viewers", "subscribers"), each, strict=True))
    found["whole_ms"] = dict(zip(("viewers", "subscribers"), whole, strict=True))
    found["ratios"] = {**ratios, "median": {n: statistics.median(r) for n, r in ratios.items()}}
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{readers} readers each, frames of {SIZE} bytes, {given.pairs} pairs")
    for name, us, ms in zip(("viewers", "subscribers"), each, whole, strict=True):
        print(
            f"{name:11} {statistics.median(us):6.2f} us per reader and frame, "
            f"{statistics.median(ms):6.1f} ms a window in all"
        )
    for name, row in ratios.items():
        print(f"{name:11} subscribers / viewers: {statistics.median(row):.3f} ({_text(row)})")
    return int(max(map(statistics.median, ratios.values())) > MOST)


def _ratios(viewers: Sequence[float], subscribers: Sequence[float]) -> list[float]:
    return [mine / its for its, mine in zip(viewers, subscribers, strict=True)]


def _text(ratios: Sequence[float]) -> str:
    return " ".join(f"{ratio:.2f}" for ratio in ratios)


if __name__ == "__main__":
    sys.exit(main())
