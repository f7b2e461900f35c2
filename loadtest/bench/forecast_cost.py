"""What forecasting the matches of a room costs its leader, the job and what it tells.

    .venv/bin/python -m loadtest.bench.forecast_cost [--matches 10] [--seconds 300] [--out FILE]

A feed says once a second of each match what minute it is, and now and then that a goal fell. The
same is sequenced in this process, over an embedded store, with the job beside the sequencer and
without it, in turns. What counts is the CPU time that the first takes more, so all is in it: asking
the model, the line, the overlay's way through the ingest stream and the fold, moving the cursor.
The show's clock is this program's. Medians of the ticks are compared, since other work on the
machine makes some of them slower. Then what a room without matches pays, which is too little to be
seen that way: the CPU time of the job alone, given commits with ten athletes each.

Prints the figures and writes them to ``loadtest/results/forecast_cost.json``; ends with 1 if a
forecast takes more than a millisecond, or a room without matches more than 50 us a commit.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
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
from grandstand.domain.envelope import Commit
from grandstand.domain.events import StatsGiven
from grandstand.domain.state import PrivateChanges
from grandstand.forecasts.models import ForecastModels
from grandstand.leader import match_forecasting
from grandstand.leader.commits import Batch, Commits, Cursor, follow
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
PAIRS = 6
GOAL = 0.03
UPDATE, COMMIT = "an update of a match", "a commit without a match"
MOST_US = {UPDATE: 1000, COMMIT: 50}
COMMITS = 20_000


def feed(matches: int, seconds: int) -> Iterator[list[EntityUpdate]]:
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
            updates.append(EntityUpdate(f"match:{n}", f"Match {n}", at, measured))
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
    if bool(told) != (job is not None):
        raise SystemExit(f"{told} forecasts were told: the job didn't do its work")
    return median(spent_s)


class Idle:
    """A room, a cursor and commits without a match: what the job asks of them, and nothing else."""

    is_behind, id = True, "idle"

    def __init__(self) -> None:
        self.kept_awake_by: set[str] = set()
        self._given = 0

    async def move(self, batch: Batch, found: Sequence[object] = ()) -> None:
        """Move nothing."""

    async def __anext__(self) -> Batch:
        await asyncio.sleep(0)
        self._given += 1
        if self._given > COMMITS:
            raise StopAsyncIteration
        rows = {f"athlete:{n}": b"" for n in range(10)}
        now = BEGIN_MS + self._given * 200
        commit = Commit("e", self._given, 0, now, [b"x" * 500], PrivateChanges(entities=rows))
        return Batch([commit], range(0), "e", self._given, now)


async def idle_us(models: ForecastModels) -> float:
    """Return the CPU time (us) that the job takes for a commit without a match."""
    idle: Any = Idle()
    work = match_forecasting._Work(idle, idle, models)
    begun_s = time.process_time()
    with contextlib.suppress(StopAsyncIteration):
        await follow(idle, work)
    return 1e6 * (time.process_time() - begun_s) / COMMITS


async def measured(matches: int, seconds: int) -> dict[str, Any]:
    """Return what the job costs."""
    spent: list[float] = []
    models = ForecastModels(
        resources.forecast_models(), Metrics(CollectorRegistry()).forecasts, 10_000
    )
    await models.load()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        embedded = EmbeddedStore(Path(folder))
        store = await open_store(await embedded.start())
        try:
            for pair in range(PAIRS):
                said = [*feed(matches, seconds)]
                tick_s = {}
                for has_job in (pair % 2 == 0, pair % 2 == 1):
                    job = Watched(models) if has_job else None
                    tick_s[has_job] = await sequenced(store, f"{pair}-{has_job}", said, job)
                spent.append(1e6 * (tick_s[True] - tick_s[False]) / matches)
        finally:
            await store.close()
            await embedded.stop()
    found = {
        "machine": machine(),
        "matches": matches,
        "seconds": seconds,
        "us_of_pairs": [round(each, 1) for each in spent],
        "us": {UPDATE: round(median(spent), 1), COMMIT: round(await idle_us(models), 1)},
        "bounds_us": MOST_US,
    }
    await models.close()
    return found


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
