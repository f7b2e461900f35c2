"""What a viewer costs in this tree, against another tree of the same project.

    .venv/bin/python -m loadtest.bench.pairs --before DIR [--pairs 7] [--viewers 5000]

``DIR`` is a checkout with an environment of its own in ``.venv`` (``make setup`` makes it). Both
servers are up together on one core, each with its own viewers, and are measured in turn, the first
of a pair being the second of the next: so a slow minute is both's. Prints each pair's ratio and
their median; no worse means a median of at most 1.05.

Memory is what the last four fifths of the viewers add. What the start left free is filled first: of
one tree 5,000 viewers took 3,300 bytes each, and 1,800 after a start that had compiled it, by which
9 MB were free. So each server is also started once beforehand.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from loadtest.bench import costs
from loadtest.bench.__main__ import TICK_MS
from loadtest.bench.entrant import Entrant
from loadtest.bench.fanout import ServerUnderTest
from loadtest.bench.grandstand import ALONE, ROOM, cores, grandstand

SIZE = 512
MOST = 1.05


def entrant(name: str, core: int, python: str, viewers: int) -> Entrant:
    """The server of one tree, by the Python that it is installed for."""
    return Entrant(
        name,
        partial(grandstand, [core], {"tick": TICK_MS}, rooms=(ROOM, ALONE), python=python),
        "grandstand",
        frames={_first(viewers): (), viewers: (SIZE,)},
        alone=ALONE,
        is_ours=True,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 1 if this tree is worse."""
    parser = argparse.ArgumentParser(prog="python -m loadtest.bench.pairs")
    parser.add_argument("--before", type=Path, required=True, help="the other tree")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--viewers", type=int, default=5000, choices=(1000, 5000, 15000))
    given = parser.parse_args(arguments)
    server_core, client_core = cores()
    pythons = {
        "before": str(given.before.resolve() / ".venv" / "bin" / "python"),
        "after": sys.executable,
    }
    viewers: int = given.viewers
    few = []
    with ExitStack() as stack:
        for python in pythons.values():
            with grandstand([server_core], python=python):
                pass
        servers = []
        for name, python in pythons.items():
            server = ServerUnderTest(
                entrant(name, server_core, python, viewers), server_core, client_core
            )
            stack.callback(server.close)
            server.open()
            server.fill(_first(viewers))
            few.append(server.found["memory"]["rss"])
            server.fill(viewers)
            servers.append(server)
        for number in range(given.pairs):
            for server in servers if number % 2 == 0 else reversed(servers):
                server.round(viewers, SIZE)
        before, after = (server.found for server in servers)
    cpu = [costs.by_round(found, viewers, SIZE) for found in (before, after)]
    ratios = [mine / its for its, mine in zip(*cpu, strict=True)]
    memory = [
        (found["memory"]["rss"] - rss) / (viewers - _first(viewers))
        for found, rss in zip((before, after), few, strict=True)
    ]
    print(f"{viewers} viewers, frames of {SIZE} bytes, {given.pairs} pairs")
    for name, row in zip(pythons, cpu, strict=True):
        each = " ".join(f"{us:.2f}" for us in row)
        print(f"{name:7} us per viewer and frame: {statistics.median(row):.2f} ({each})")
    print(f"after / before: {statistics.median(ratios):.3f} ({_text(ratios)})")
    print(f"bytes per idle viewer: {memory[0]:.0f} before, {memory[1]:.0f} after")
    return int(max(statistics.median(ratios), memory[1] / memory[0]) > MOST)


def _first(viewers: int) -> int:
    return viewers // 5


def _text(ratios: Sequence[float]) -> str:
    return " ".join(f"{ratio:.2f}" for ratio in ratios)


if __name__ == "__main__":
    sys.exit(main())
