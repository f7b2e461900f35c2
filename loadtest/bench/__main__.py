"""``make bench``: all parts, one after the other, in about half an hour.

    .venv/bin/python -m loadtest.bench [--data DIR] [--only PART,PART] [--out FILE]

The server has one core to itself, its viewers another; the machine should do nothing else. With
``--data`` (a folder with ``chat_traces``) comments are those of recorded chats. Prints one table
and writes it with the machine, the commit and all raw figures to ``loadtest/results/bench.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from loadtest.bench import (
    deflate,
    entry,
    fanout,
    goals,
    health,
    patience,
    show,
    stalled,
    storm,
    wire,
)
from loadtest.bench.crowd import CrowdError
from loadtest.bench.entrant import (
    COMMENT_BYTES,
    COMMENT_VIEWERS,
    EVERYTHING,
    SIZES,
    Entrant,
    Frames,
)
from loadtest.bench.grandstand import ALONE, ROOM, cores, grandstand
from loadtest.peers.lineup import LINEUP
from loadtest.peers.peer import PeerError

RESULT = Path(__file__).parents[1] / "results" / "bench.json"
_WITH_COMMENTS = {**EVERYTHING, COMMENT_VIEWERS: (*SIZES, COMMENT_BYTES)}
FRAMES: dict[str, Frames] = {
    "floor": EVERYTHING,
    "nchan": _WITH_COMMENTS,
    "socketio": _WITH_COMMENTS,
}
"""What the judged ones get; others get frames of 512 bytes for 5,000 viewers."""

TICK_MS = 50
"""So often ours publishes at most; the others are told how often."""

ASIDE = ("websockets", "uvicorn_starlette")
"""Not measured here; ``loadtest.peers`` has them."""


def entrants(server_core: int) -> list[Entrant]:
    """Those that are installed; says how to install the others."""
    ours = Entrant(
        "grandstand",
        partial(grandstand, [server_core], {"tick": TICK_MS}, rooms=(ROOM, ALONE)),
        "grandstand",
        alone=ALONE,
        is_ours=True,
        besides=health.answers_ms,
    )
    found = [ours]
    for peer in LINEUP:
        if peer.name in ASIDE:
            continue
        if not peer.available():
            print(f"without {peer.name}: {peer.how_to_install}", flush=True)
            continue
        found.append(
            Entrant(
                peer.name,
                partial(peer.started, [server_core]),
                peer.dialect,
                peer.path,
                room=peer.path if peer.dialect == "nats" else ROOM,
                frames=FRAMES.get(peer.name, {5000: (512,)}),
            )
        )
    return found


def beside(
    measure: Callable[[Entrant, int, int], dict[str, Any]],
    servers: Iterable[Entrant],
    cores: tuple[int, int],
) -> dict[str, Any]:
    """What was measured of each; a peer that fails is told and left out. Raises for ours."""
    found = {}
    for each in servers:
        try:
            found[each.name] = measure(each, *cores)
        except (PeerError, CrowdError) as fault:
            if each.is_ours:
                raise
            print(f"without {each.name}, which failed: {fault}", flush=True)
    return found


def machine() -> dict[str, Any]:
    """What it was measured on."""
    git = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    model = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    return {
        "commit": done.stdout.strip(),
        "processor": model[0].partition(":")[2].strip() if model else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average_before": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def main() -> int:
    """Runs it; 0 whatever was reached: the table says it."""
    options = argparse.ArgumentParser(
        prog="loadtest.bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--data", default="", help="folder with chat_traces")
    options.add_argument("--only", default="", help="some of the parts, such as fanout,storm")
    options.add_argument("--out", type=Path, default=RESULT)
    given = options.parse_args()
    server_core, client_core = cores()
    trace = f"{given.data}/chat_traces" if given.data else None
    if trace is not None and not Path(trace).is_dir():
        options.error(f"--data: there is no {trace}")
    pair = (server_core, client_core)
    all_ = entrants(server_core)
    let_in = [each for each in all_ if each.name in ("grandstand", "nchan")]
    parts: dict[str, Callable[[], Any]] = {
        "fanout": lambda: fanout.measure(all_, *pair),
        "entry": lambda: beside(entry.measure, let_in, pair),
        "show": lambda: show.measure(*pair, trace),
        "patience": lambda: patience.measure(*pair, trace),
        "storm": lambda: storm.measure(*pair),
        "stalled": lambda: stalled.measure(*pair),
        "deflate": lambda: deflate.measure(*pair),
    }
    if trace is not None:
        parts["wire"] = lambda: wire.measure(trace)
    else:
        print("without recorded chats: --data DIR measures bytes a comment", flush=True)
    only = set(given.only.split(",")) - {""}
    if unknown := only - set(parts):
        options.error(f"--only: no part {', '.join(sorted(unknown))}; {', '.join(parts)}")
    found: dict[str, Any] = {"machine": machine(), "seconds": {}}
    for name, part in parts.items():
        if only and name not in only:
            continue
        began_s = time.monotonic()
        found[name] = part()
        found["seconds"][name] = round(time.monotonic() - began_s, 1)
        print(f"{name}: {found['seconds'][name]:.0f} s", flush=True)
    printed = goals.table(found)
    found["table"] = printed.splitlines()
    given.out.write_text(json.dumps(found, indent=1) + "\n")
    print(f"\n{printed}\n\n{given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
