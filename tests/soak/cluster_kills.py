"""A crowd comments and votes in a room on a cluster while its primary is lost, again and again.

The primary is killed, or it is stopped until a replica has taken over and then goes on, not
knowing that it was replaced. Each time the lost node comes back as a replica. Whatever was
acknowledged must be there once, and no viewer's connection may close. Writes what it saw of each
loss to ``loadtest/results/cluster_kills.json``. Ends with 1 if something is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from statistics import median
from typing import Any

from grandstand.store import keys

from loadtest.bench.__main__ import machine
from tests.server import ServerProcess
from tests.system.crowd import CHANGES, COMMENTS, POLLS, crowd
from tests.valkey_cluster import ValkeyCluster, ValkeyNode, valkey_cluster
from tests.viewer import Viewer
from tests.waiting import wait_until

ROOM = "soak"
SERVERS = 2
LOG_CHARS = 20_000
AWAY_S = 5.0
"""A viewer who doesn't answer a ping within 10 s, or say hello within 5, is sent away, as the
contract says. Of a crowd that stood still for so long the server is not to blame."""
RESULT = Path(__file__).parents[2] / "loadtest" / "results" / "cluster_kills.json"


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss of a primary: s until a replica took over, and until everything sent was answered.

    Connections that were closed with it, by code and the reason that was told; and for how long at
    most the crowd's own loop stood still, which answers the server's pings.

    The rest is counted since the first loss: what was acknowledged and isn't there, or is there
    more than once; votes that are too many or too few in a tally; answers that weren't
    ``accepted``; epochs that a viewer saw.
    """

    how: str
    replaced_s: float
    answered_s: float
    comments: int
    lost: int
    repeated: int
    votes_off: int
    refused: int
    closes: dict[str, int]
    epochs: int
    crowd_stalled_s: float

    @property
    def is_well(self) -> bool:
        """Nothing is missing, and no connection was closed that the crowd took care of."""
        is_closed = self.closes and self.crowd_stalled_s < AWAY_S
        return not (self.lost or self.repeated or self.votes_off or self.refused or is_closed)


class Stalls:
    """For how long the loop stood still, at most."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def watch(self) -> None:
        """Look ten times a second until cancelled."""
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(0.1)
            self.longest_s = max(self.longest_s, time.monotonic() - before_s - 0.1)


class Primary:
    """The room's primary, which is lost and replaced."""

    def __init__(self, cluster: ValkeyCluster) -> None:
        self._cluster = cluster
        self.lost_s = self.replaced_s = 0.0

    def lose(self, how: str) -> None:
        """Returns when the cluster is whole again."""
        head = keys.head(ROOM)
        node: ValkeyNode = self._cluster.primary_of(head)
        self.lost_s = time.monotonic()
        if how == "killed":
            node.kill()
        else:
            node.pause()
        wait_until(lambda: self._cluster.primary_of(head) is not node)
        self.replaced_s = time.monotonic() - self.lost_s
        self._cluster.mend()


def closes(viewer: Viewer) -> Iterator[str]:
    """Why its connections were closed."""
    told = (f"{bye['code']} {bye['reason']}" for bye in viewer.of_type("bye"))
    for code, words in zip_longest(viewer.closes, told):
        yield words or str(code)


async def endure(folder: Path, hows: Sequence[str], viewers: int, logs: list[str]) -> list[Loss]:
    """Lose the room's primary as often as ``hows`` says, each in the middle of a round of the
    crowd; ends with the first loss that isn't well. ``logs`` are the servers' at the end."""
    with ExitStack() as stack:
        cluster = stack.enter_context(valkey_cluster(folder / "cluster"))
        servers = [ServerProcess(folder / f"s{n}", redis_url=cluster.url) for n in range(SERVERS)]
        for server in servers:
            stack.callback(server.end)
            await asyncio.to_thread(server.start)
        servers[0].make_room(ROOM)
        primary, seen = Primary(cluster), list[Loss]()
        stack.callback(lambda: logs.extend(server.log for server in servers))
        stalls = Stalls()
        async with crowd(servers, ROOM, viewers) as everybody:
            watching = asyncio.create_task(stalls.watch())
            for how in hows:
                await everybody.round(partial(asyncio.to_thread, primary.lose, how))
                answered_s = time.monotonic() - primary.lost_s
                await everybody.settles()
                found = await everybody.audit()
                seen.append(
                    Loss(
                        how=how,
                        replaced_s=round(primary.replaced_s, 2),
                        answered_s=round(answered_s, 2),
                        comments=len(everybody.comments),
                        lost=found.lost,
                        repeated=found.repeated,
                        votes_off=found.votes_off,
                        refused=len(everybody.wrong),
                        closes=dict(Counter(chain(*map(closes, everybody.viewers)))),
                        epochs=len({w["epoch"] for w in everybody.viewers[0].of_type("welcome")}),
                        crowd_stalled_s=round(stalls.longest_s, 2),
                    )
                )
                print(seen[-1], flush=True)
                if not seen[-1].is_well:
                    break
                stalls.longest_s = 0.0
                for viewer in everybody.viewers:
                    viewer.forget_what_passed()
            watching.cancel()
        return seen


def summary(seen: Sequence[Loss], viewers: int) -> dict[str, Any]:
    """What a run came to."""
    last = seen[-1]
    return {
        "viewers": viewers,
        "comments_a_loss": viewers * COMMENTS,
        "votes_a_loss": viewers * (POLLS + CHANGES),
        **{
            how: {
                "times": len(mine),
                **{
                    name: {"min": min(each), "median": round(median(each), 2), "max": max(each)}
                    for name, each in (
                        ("replaced_s", [loss.replaced_s for loss in mine]),
                        ("answered_s", [loss.answered_s for loss in mine]),
                    )
                },
            }
            for how in ("killed", "stopped")
            if (mine := [loss for loss in seen if loss.how == how])
        },
        "lost": last.lost,
        "repeated": last.repeated,
        "votes_off": last.votes_off,
        "refused": last.refused,
        "closes": sum((Counter(each.closes) for each in seen), Counter[str]()),
        "crowd_stalled_s": max(each.crowd_stalled_s for each in seen),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.cluster_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=0)
    parser.add_argument("--viewers", type=int, default=250)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args(arguments)
    hows = ["killed"] * given.kills + ["stopped"] * given.stops
    about, logs = machine(), list[str]()
    seen = list[Loss]()
    try:
        with tempfile.TemporaryDirectory() as folder:
            seen = asyncio.run(endure(Path(folder), hows, given.viewers, logs))
    finally:
        is_well = len(seen) == len(hows) and seen[-1].is_well
        for number, log in enumerate([] if is_well else logs):
            print(f"--- server {number}", log[-LOG_CHARS:], sep="\n", file=sys.stderr)
    found = {"machine": about, **summary(seen, given.viewers)}
    given.out.write_text(json.dumps({**found, "losses": [*map(asdict, seen)]}, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
