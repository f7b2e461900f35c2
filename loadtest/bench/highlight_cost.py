"""What finding the highlights of a room costs its leader, the job itself.

    .venv/bin/python -m loadtest.bench.highlight_cost [--rate 1000] [--seconds 120] [--out FILE]

The same made-up chat (``models.highlights.costs``: each comment another text, a burst of five times
the rate each minute) is sequenced twice in this process, over an embedded store: once with the job
beside the sequencer, once without it. What counts is the CPU time of this process that the first
takes more, so all is in it: rows that are handed over, finding, keeping, moving the cursor. The
show's clock is this program's, so the figures don't depend on what else the machine does, but for
its caches.

Prints the figures and writes them to ``loadtest/results/highlight_cost.json``; ends with 1 if the
job takes more than a tenth of a core at that rate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from grandstand.domain import events
from grandstand.domain.events import CommentEvent
from grandstand.leader.commits import Batch, Commits, Cursor
from grandstand.leader.highlighting import Highlighting
from grandstand.leader.room import LeaderRoom
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.moderation.word_rules import Rules
from grandstand.store.embedded import EmbeddedStore
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, open_store
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry

from loadtest.bench.__main__ import machine
from models.highlights.costs import PEOPLE, vocabulary

RESULT = Path(__file__).parents[1] / "results" / "highlight_cost.json"
TICK_MS = 200
BEGIN_MS = 1_000_000_000_000
MOST_OF_A_CORE = 0.1
APPENDED = 500
"""Comments of a micro-batch."""


def chat(rate: int, seconds: int) -> Iterator[list[CommentEvent]]:
    """Yield the comments of each tick."""
    chance = random.Random(1)
    words = vocabulary(chance, 5_000)
    for tick in range(seconds * 1000 // TICK_MS):
        is_burst = tick * TICK_MS // 1000 % 60 == 59
        at = BEGIN_MS + tick * TICK_MS
        yield [
            CommentEvent(
                f"person{chance.randrange(PEOPLE)}",
                f"Name {chance.randrange(PEOPLE)}",
                at - chance.randrange(3_000, 30_000),
                " ".join(chance.choices(words, k=chance.randint(1, 8))),
                chance.randrange(100) / 10,
                0.0,
                0.0,
                chance.getrandbits(48),
            )
            for _ in range(rate * TICK_MS // 1000 * (5 if is_burst else 1))
        ]


class Watched:
    """The job, and the number of the last commit that it has done with."""

    name = Highlighting.name

    def __init__(self, metrics: Metrics) -> None:
        self._job = Highlighting(metrics, Rules.load().is_bad_word)
        self._given = self.done = 0

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Do the job's work."""
        self._commits = commits
        await self._job.run(room, self, cursor)  # type: ignore[arg-type]

    async def __anext__(self) -> Batch:
        self.done = self._given
        batch = await anext(self._commits)
        self._given = batch.seq
        return batch


async def sequenced(store: Store, room: str, rate: int, seconds: int, has_job: bool) -> float:
    """Return the CPU time (s) of this process while it sequences the chat."""
    await store.rooms.create(room, "made")
    metrics = Metrics(CollectorRegistry())
    job = Watched(metrics)
    work = RoomSupervisor(room, store, metrics, [job] if has_job else [])
    real_ms, now_ms = store.now_ms, float(BEGIN_MS)
    spent_s = 0.0
    with patch.object(store, "now_ms", lambda: now_ms):
        await work._sequencer._load()
        for made in chat(rate, seconds):
            items = [
                Item(each.user, str(n), "c", events.encode(each)) for n, each in enumerate(made)
            ]
            for first in range(0, len(items), APPENDED):
                some = items[first : first + APPENDED]
                await store.ingest.append(room, some, CommentRate(0, 1), real_ms())
            now_ms += TICK_MS
            begun_s = time.process_time()
            while await work._sequencer._tick():
                pass
            while has_job and job.done < work._room.stands.seq:  # noqa: ASYNC110
                await asyncio.sleep(0)
            spent_s += time.process_time() - begun_s
        await work.end()
    heat = await store.highlights.heat(room, 0, 2**53)
    if has_job and len(heat) < seconds // 2:
        raise SystemExit("the job has kept no heat line: it didn't do its work")
    return spent_s


async def measured(rate: int, seconds: int) -> dict[str, Any]:
    """Return what the job costs."""
    comments = sum(map(len, chat(rate, seconds)))
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        embedded = EmbeddedStore(Path(folder))
        store = await open_store(await embedded.start())
        try:
            without_s = await sequenced(store, "without", rate, seconds, has_job=False)
            with_s = await sequenced(store, "with", rate, seconds, has_job=True)
        finally:
            await store.close()
            await embedded.stop()
    each_us = 1e6 * (with_s - without_s) / comments
    return {
        "machine": machine(),
        "rate": rate,
        "seconds": seconds,
        "comments": comments,
        "cpu_s": {"without the job": round(without_s, 2), "with the job": round(with_s, 2)},
        "us_a_comment": round(each_us, 1),
        "cores_at_rate": round(each_us * rate / 1e6, 4),
        "bound": MOST_OF_A_CORE,
    }


def main(given: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="comments a second")
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args(given)
    found = asyncio.run(measured(chosen.rate, chosen.seconds))
    print(json.dumps(found, indent=1))
    chosen.out.write_text(json.dumps(found, indent=1) + "\n")
    return int(found["cores_at_rate"] > MOST_OF_A_CORE)


if __name__ == "__main__":
    sys.exit(main())
