"""The sets: who follows what, a part of it held out, and the Winter Games' schedule.

``reco_twitch_follows`` has no times, so every channel counts as live. Its users are numbers, its
channels too. ``reco_movielens`` is there to see whether what was chosen on the other holds for
things of another kind; nothing was chosen on it. What is held out is drawn at random, a fifth of
each user who follows five or more.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

HELD_OUT = 0.2
FEWEST_FOLLOWS = 5
LIKED = 4.0
LIKED_BY = 5
TEST_SEED = 2026
VALIDATION_SEED = 7
"""Everything was chosen on a part that was held out, with this seed, of what is left for training
when the test is held out."""

Follows = list[list[str]]
"""What each user follows."""


@dataclass(frozen=True)
class Event:
    """An event of the schedule; times in s. ``contest`` is what its rounds have in common."""

    id: str
    sport: str
    contest: str
    begin_s: int
    end_s: int
    is_final: bool


def twitch(folder: Path) -> Follows:
    """Return what each user follows, the channels in the order of their numbers."""
    found: dict[int, list[int]] = defaultdict(list)
    with (folder / "follows.csv").open() as opened:
        for row in csv.DictReader(opened):
            found[int(row["user"])].append(int(row["channel"]))
    return [[str(channel) for channel in sorted(found[user])] for user in sorted(found)]


def films(folder: Path) -> Follows:
    """Return which films of MovieLens each user rated with 4 or more, of films with five such."""
    found: dict[int, list[int]] = defaultdict(list)
    with (folder / "ratings.csv").open() as opened:
        for row in csv.DictReader(opened):
            if float(row["rating"]) >= LIKED:
                found[int(row["user"])].append(int(row["item"]))
    counted = Counter(film for each in found.values() for film in each)
    return [
        [str(film) for film in sorted(found[user]) if counted[film] >= LIKED_BY]
        for user in sorted(found)
    ]


def split(follows: Follows, seed: int) -> tuple[Follows, Follows]:
    """Return what is left of each user's follows, and what is held out."""
    chance = np.random.default_rng(seed)
    left, held = [], []
    for each in follows:
        count = len(each)
        out: set[int] = set()
        if count >= FEWEST_FOLLOWS:
            out = set(chance.choice(count, max(1, round(HELD_OUT * count)), replace=False).tolist())
        left.append([thing for place, thing in enumerate(each) if place not in out])
        held.append([each[place] for place in sorted(out)])
    return left, held


def schedule(folder: Path) -> list[Event]:
    """Return the events that aren't training, in the order of their begin."""
    with (folder / "schedule_unique.csv").open() as opened:
        rows = [row for row in csv.DictReader(opened) if row["is_training"] == "FALSE"]
    events = [
        Event(
            row["event_code"],
            row["discipline_code"],
            row["event_code"][:22].rstrip("-"),
            _seconds(row["start_datetime_utc"]),
            _seconds(row["end_datetime_utc"]),
            row["is_medal_event"] == "TRUE",
        )
        for row in rows
    ]
    return sorted(events, key=lambda each: (each.begin_s, each.id))


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
