"""A real schedule as live rooms: is who follows an athlete told of the final in time?

    .venv/bin/python -m loadtest.schedule FOLDER [--days 3] [--out FILE]

``FOLDER`` has ``schedule_unique.csv`` of the Winter Games. A real server runs them at ``FASTER``
times the pace, without the nights: each event is a room from its begin to its end, with the ten
athletes of its contest as entities; athletes and audiences are made up from a seed
(``models.recommendations.availability``), since the schedule has none. A viewer who sits in another
room follows one athlete of each final's contest, and asks what else is on every ``ASKED_S``.

What is counted is the time from making the final's room until the viewer is told of it, and whether
the same answer has an event that few know, where there is one. The result is written to
``loadtest/results/schedule.json``. Ends with 1 if a final is told after ``LATE_S`` or not at all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from grandstand.recommendations.board import LiveRoom
from grandstand.store.store import Store, open_store
from grandstand.tasks import cancel_all

from loadtest.bench.__main__ import machine
from models.recommendations.availability import ATHLETES, FINAL_DRAWS, athlete, lesser_known
from models.recommendations.sets import Event, schedule
from tests.server import ServerProcess
from tests.valkey import valkey
from tests.viewer import viewing

RESULT = Path(__file__).parent / "results" / "schedule.json"
FASTER = 1200
NIGHT_S = 3600
"""Longer times without any event are left out."""

ASKED_S = 0.25
LATE_S = 10.0
LIMIT = 5
PRESENT_S = 2.0
HOME = "home"
DAY_S = 86_400


@dataclass(slots=True)
class Games:
    """The rooms that are live now, with their made-up viewers, and what was found."""

    server: ServerProcess
    live: dict[str, int] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    answers: int = 0
    with_lesser_known: int = 0
    of_these_told: int = 0


def room_of(event: Event) -> str:
    """Return the id of an event's room."""
    return re.sub(r"[^a-z0-9]+", "-", event.id.lower()).strip("-")


def begin(games: Games, event: Event, viewers: int) -> None:
    """Make an event's room, and tell of its athletes."""
    server, room = games.server, room_of(event)
    server.make_room(room, title=f"{event.sport} {event.id}")
    lines = [
        json.dumps(
            {
                "entity": athlete(event.contest, number),
                "name": f"{event.sport} athlete {number}",
                "audience": "followers",
                "values": {"start": number},
            }
        )
        for number in range(ATHLETES)
    ]
    for line in lines:
        answer = server.call(
            "POST", f"/v1/rooms/{room}/stats", json.loads(line), server.producer_token
        )
        if answer.status != 200:
            raise OSError(f"{room}: {answer.body!r}")
    games.live[room] = viewers


def end(games: Games, event: Event) -> None:
    """Delete an event's room."""
    room = room_of(event)
    games.live.pop(room, None)
    path = f"/v1/rooms/{room}?confirm={room}"
    games.server.call("DELETE", path, token=games.server.producer_token)


async def follow(games: Games, final: Event, began_s: float) -> None:
    """Ask as one who follows an athlete of the final, until told of it or it is over."""
    server, room = games.server, room_of(final)
    token = server.token(f"fan of {final.id}", rooms=(HOME,))
    hello = {"follow": [athlete(final.contest, 1)]}
    async with viewing(server.url, HOME, token) as fan:
        await fan.ask({"type": "follow", "id": "f", "topics": hello["follow"]})
        path = f"/v1/recommendations?limit={LIMIT}&room={HOME}"
        while began_s + LATE_S > time.monotonic():
            answer = await server.ask("GET", path, token=token)
            rooms = [each["room"] for each in answer.json["rooms"]]
            if room in rooms:
                games.delays[final.id] = time.monotonic() - began_s
                count(games, rooms, room)
                return
            await asyncio.sleep(ASKED_S)


def count(games: Games, rooms: Sequence[str], final: str) -> None:
    """Count whether an answer has an event that few know, where there is one."""
    live = [LiveRoom(room, viewers) for room, viewers in games.live.items()]
    few = lesser_known(live) - {final}
    games.answers += 1
    games.with_lesser_known += bool(few)
    games.of_these_told += bool(few & set(rooms))


async def be_present(games: Games, store: Store) -> None:
    """Tell the store of the rooms' viewers, as an edge would."""
    while True:
        await store.rooms.present("audience", games.live, store.now_ms())
        await asyncio.sleep(PRESENT_S)


async def run(games: Games, events: Sequence[Event]) -> None:
    """Let the events begin and end, at their pace but for the nights."""
    chance = random.Random(1)
    draws = {sport: chance.paretovariate(0.8) for sport in sorted({e.sport for e in events})}
    moments = [(each.begin_s, True, each) for each in events]
    moments += [(each.end_s, False, each) for each in events]
    moments.sort(key=lambda moment: (moment[0], moment[1], moment[2].id))
    fans: list[asyncio.Task[None]] = []
    at_s = moments[0][0]
    due_s = time.monotonic()
    for moment_s, group in groupby(moments, key=lambda moment: moment[0]):
        due_s += min(moment_s - at_s, NIGHT_S) / FASTER
        at_s = moment_s
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        for _, is_begin, event in group:
            if not is_begin:
                await asyncio.to_thread(end, games, event)
                continue
            viewers = round(1000 * draws[event.sport] * (FINAL_DRAWS if event.is_final else 1))
            began_s = time.monotonic()
            await asyncio.to_thread(begin, games, event, viewers)
            if event.is_final:
                fans.append(asyncio.create_task(follow(games, event, began_s)))
        due_s = max(due_s, time.monotonic())
    await asyncio.gather(*fans)


async def measured(events: Sequence[Event]) -> dict[str, Any]:
    """Return what came of the events on a real server."""
    with tempfile.TemporaryDirectory() as folder:
        async with valkey(Path(folder) / "valkey") as url:
            server = ServerProcess(Path(folder), redis_url=url)
            store = await open_store(url)
            games = Games(server)
            present = asyncio.create_task(be_present(games, store))
            try:
                await asyncio.to_thread(server.start)
                server.make_room(HOME)
                await run(games, events)
            finally:
                await cancel_all([present])
                await store.close()
                server.end()
    finals = [each for each in events if each.is_final]
    curling = [s for name, s in games.delays.items() if name.startswith("CUR")]
    delays = sorted(games.delays.values()) or [float("nan")]
    return {
        "events": len(events),
        "finals": len(finals),
        "finals_told": len(games.delays),
        "told_after_s_median": round(statistics.median(delays), 2),
        "told_after_s_most": round(delays[-1], 2),
        "curling_finals_told_after_s": [round(each, 2) for each in curling],
        "answers": games.answers,
        "answers_with_another_lesser_known_event_live": games.with_lesser_known,
        "of_these_one_is_told": games.of_these_told,
    }


def main() -> None:
    """Run the schedule, print and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with schedule_unique.csv")
    parser.add_argument("--days", type=int, default=100, help="only the last so many days")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    events = schedule(arguments.folder)
    first_s = max(each.end_s for each in events) - arguments.days * DAY_S
    events = [each for each in events if each.begin_s >= first_s]
    found = {**machine(), "faster": FASTER, **asyncio.run(measured(events))}
    print(json.dumps(found, indent=1))
    arguments.out.write_text(json.dumps(found, indent=1) + "\n")
    is_late = found["finals_told"] < found["finals"] or found["told_after_s_most"] > LATE_S
    sys.exit(int(is_late))


if __name__ == "__main__":
    main()
