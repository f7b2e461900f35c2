"""What forecasting the matches of a room costs its leader, the job and what it tells.

    .venv/bin/python -m loadtest.bench.forecast_cost [--matches 10] [--seconds 300] [--out FILE]

A feed says once a second of each match what minute it is, and now and then that a goal fell. The
same is sequenced in this process, over an embedded store, with the job beside the sequencer and
without it, in turns. What counts is the CPU time that the first takes more, so all is in it: asking
the model, the line, the overlay's way through the ingest stream and the fold, moving the cursor.
Then the same of a room whose feed tells of athletes: that is what a room without matches pays, but
for a move of the cursor twice a minute. The show's clock is this program's. Medians of the ticks
are compared, since other work on the machine makes some of them slower.

Prints the figures and writes them to ``loadtest/results/forecast_cost.json``; ends with 1 if a
forecast takes more than a millisecond, or a room without matches more than 200 us a commit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from unittest.mock import patch

from grandstand import resources
from grandstand.domain import events
from grandstand.domain.entities import EntityUpdate, Measured, Plain
from grandstand.domain.events import StatsGiven
from grandstand.forecasts.models import ForecastModels
from grandstand.leader.commits import Batch, Commits, Cursor
from grandstand.leader.match_forecasting import MatchForecasting
from grandstand.leader.room import LeaderRoom
from grandstand.leader.supervisor import RoomSupervisor
from grandstand.store.embedded import EmbeddedStore
from grandstand.store.ingest import CommentRate, Item
from grandstand.store.store import Store, open_store
from grandstand.telemetry import Metrics
from prometheus_client import CollectorRegistry

from loadtest.bench.__main__ import machine

RESULT = Path(__file__).parents[1] / "results" / "forecast_cost.json"
TICK_MS = 1000
BEGIN_MS = 1_000_000_000_000
PAIRS = 5
GOAL = 0.03
MOST_US = {"an update of a match": 1000, "a commit without a match": 200}


def feed(kind: str, matches: int, seconds: int) -> Iterator[list[EntityUpdate]]:
    """Yield what is said each second."""
    chance = Random(1)
    goals = [[0, 0] for _ in range(matches)]
    for second in range(seconds):
        at = BEGIN_MS + second * TICK_MS
        updates = []
        for n, score in enumerate(goals):
            score[chance.randrange(2)] += chance.random() < GOAL
            values: dict[str, Plain] = {"minute": second * 90 / seconds}
            values |= {"home_score": score[0], "away_score": score[1]}
            if second == 0:
                values |= {"model": "football", "home": "Spain", "away": "France"}
            measured = {label: Measured(at, value) for label, value in values.items()}
            updates.append(EntityUpdate(f"{kind}:{n}", f"Match {n}", at, measured))
        yield updates


class Watched:
    """The job, and the number of the last commit that it has done with."""

    name = MatchForecasting.name

    def __init__(self, models: ForecastModels) -> None:
        self._job = MatchForecasting(models)
        self._given = self._done = 0
        self._asked = asyncio.Event()

    async def run(self, room: LeaderRoom, commits: Commits, cursor: Cursor) -> None:
        """Do the job's work."""
        self._commits = commits
        await self._job.run(room, self, cursor)  # type: ignore[arg-type]

    async def __anext__(self) -> Batch:
        self._done = self._given
        self._asked.set()
        batch = await anext(self._commits)
        self._given = batch.seq
        return batch

    @property
    def has_begun(self) -> bool:
        """Return whether the job has asked for commits."""
        return self._asked.is_set()

    async def reach(self, seq: int) -> None:
        """Wait until it has done with a commit."""
        while self._done < seq:
            self._asked.clear()
            await self._asked.wait()


async def sequenced(
    store: Store, room: str, said: Sequence[Sequence[EntityUpdate]], job: Watched | None
) -> float:
    """Return the CPU time (s) of this process for a tick of a feed that it sequences."""
    await store.rooms.create(room, "made")
    work = RoomSupervisor(room, store, Metrics(CollectorRegistry()), [job] if job else [])
    real_ms, now_ms = store.now_ms, float(BEGIN_MS)
    spent_s: list[float] = []
    with patch.object(store, "now_ms", lambda: now_ms):
        await work._sequencer._load()
        while job is not None and not job.has_begun:
            await work._sequencer._tick()
            await asyncio.sleep(0)
        for n, updates in enumerate(said):
            event = StatsGiven(f"{room} {n}", [], list(updates))
            item = Item("", event.id, "x", events.encode(event))
            await store.ingest.append(room, [item], CommentRate(0, 1), real_ms())
            now_ms += TICK_MS
            begun_s = time.process_time()
            while await work._sequencer._tick():
                pass
            if job is not None:
                await job.reach(work._room.stands.seq)
            spent_s.append(time.process_time() - begun_s)
        told = len(work._room.overlays)
        await work.end()
    if bool(told) != (job is not None and said[0][0].entity.startswith("match:")):
        raise SystemExit(f"{told} forecasts were told: the job didn't do its work")
    return median(spent_s)


async def measured(matches: int, seconds: int) -> dict[str, Any]:
    """Return what the job costs."""
    spent: dict[str, list[float]] = {each: [] for each in MOST_US}
    models = ForecastModels(
        resources.forecast_models(), Metrics(CollectorRegistry()).forecasts, 10_000
    )
    await models.load()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        embedded = EmbeddedStore(Path(folder))
        store = await open_store(await embedded.start())
        try:
            for pair in range(PAIRS):
                for what, kind in zip(spent, ("match", "athlete"), strict=True):
                    said = [*feed(kind, matches, seconds)]
                    without_s = await sequenced(store, f"{kind}-{pair}-0", said, None)
                    with_s = await sequenced(store, f"{kind}-{pair}-1", said, Watched(models))
                    of = matches if kind == "match" else 1
                    spent[what].append(1e6 * (with_s - without_s) / of)
        finally:
            await store.close()
            await embedded.stop()
            await models.close()
    return {
        "machine": machine(),
        "matches": matches,
        "seconds": seconds,
        "us_of_pairs": {what: [round(each, 1) for each in all_] for what, all_ in spent.items()},
        "us": {what: round(median(all_), 1) for what, all_ in spent.items()},
        "bounds_us": MOST_US,
    }


def main(given: Sequence[str] | None = None) -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matches", type=int, default=10)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args(given)
    found = asyncio.run(measured(chosen.matches, chosen.seconds))
    print(json.dumps(found, indent=1))
    chosen.out.write_text(json.dumps(found, indent=1) + "\n")
    return int(any(found["us"][what] > most for what, most in MOST_US.items()))


if __name__ == "__main__":
    sys.exit(main())
