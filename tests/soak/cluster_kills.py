"""A crowd comments and votes in a room on a cluster while its primary is killed, again and again.

Each time a replica takes over, and the killed node comes back as a replica. Whatever was
acknowledged must be there once, and no viewer's connection may close. Says how long it took until a
replica took over, and until everything was answered. Ends with 1 and says what is wrong otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from grandstand.store import keys

from tests.server import ServerProcess
from tests.system.crowd import CHANGES, COMMENTS, POLLS, crowd
from tests.valkey_cluster import valkey_cluster
from tests.waiting import wait_until

ROOM = "soak"
SERVERS = 2


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: seconds until a replica took over, and until everything sent was answered."""

    replaced_s: float
    answered_s: float


async def endure(folder: Path, kills: int, viewers: int) -> list[Kill]:
    """Kill the room's primary so many times, each in the middle of a round of the crowd."""
    with ExitStack() as stack:
        cluster = stack.enter_context(valkey_cluster(folder / "cluster"))
        servers = [ServerProcess(folder / f"s{n}", redis_url=cluster.url) for n in range(SERVERS)]
        for server in servers:
            stack.callback(server.end)
            await asyncio.to_thread(server.start)
        servers[0].make_room(ROOM)
        done: list[Kill] = []
        killed_s = replaced_s = 0.0

        def kill() -> None:
            nonlocal killed_s, replaced_s
            head = keys.head(ROOM)
            primary = cluster.primary_of(head)
            killed_s = time.monotonic()
            primary.kill()
            wait_until(lambda: cluster.primary_of(head) is not primary)
            replaced_s = time.monotonic() - killed_s
            cluster.mend()

        async with crowd(servers, ROOM, viewers) as everybody:
            for _ in range(kills):
                await everybody.round(lambda: asyncio.to_thread(kill))
                done.append(Kill(replaced_s, time.monotonic() - killed_s))
                await everybody.finds_everything_once()
            assert [viewer.closes for viewer in everybody.viewers] == [[]] * viewers
        return done


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.cluster_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--viewers", type=int, default=250)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        done = asyncio.run(endure(Path(folder), given.kills, given.viewers))
    for name, seconds in (
        ("replaced after", [each.replaced_s for each in done]),
        ("everything answered after", [each.answered_s for each in done]),
    ):
        print(f"{name} {min(seconds):.1f} to {max(seconds):.1f} s, median {median(seconds):.1f}")
    comments = given.viewers * COMMENTS
    votes = given.viewers * (POLLS + CHANGES)
    print(f"{given.kills} kills, each amid {comments} comments and {votes} votes: none lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
