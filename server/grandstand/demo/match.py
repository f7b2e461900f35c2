"""The demonstration's football: match after match of teams that don't exist, told as a feed would
tell it. Each minute says the score, from which the room's forecast comes, and a card for everyone.

A minute takes two seconds, so a visitor of a few minutes sees goals, one that is taken back now and
then, and an end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import count
from random import Random
from typing import Any

TEAMS = ("Northport", "Elmstead", "Yinxi 银溪", "Highmoor", "Dengshan 灯山", "Westhaven")
MINUTE_EVERY_S = 2.0
MINUTES = 90
HALF = 45
PAUSE = 6
AFTER = 10
"""Minutes of the pause, and of the time after the end, in which the feed says nothing new."""

GOALS_A_MINUTE = (0.019, 0.015)
"""Of home and away: three a match, a little more than in life."""

TAKEN_BACK = 0.15
"""Share of goals that the referee takes back, two minutes later."""

REVIEW = 2

Body = dict[str, Any]
"""An update as ``POST …/stats`` takes it, but for its ``at``."""

Give = Callable[[Sequence[Body]], Awaitable[None]]
"""Puts updates into the room, as ``POST …/stats`` takes them."""


async def play(now_ms: Callable[[], int], give: Give, random: Random) -> None:
    """Tell of one match after the other until cancelled; ``now_ms`` is programme time."""
    for minute in matches(random):
        now = now_ms()
        if minute:
            await give([{**body, "at": now} for body in minute])
        await asyncio.sleep(MINUTE_EVERY_S)


def matches(random: Random) -> Iterator[list[Body]]:
    """Yield what each minute brings, of one match after the other, for ever."""
    gone: list[Body] = []
    for number in count(1):
        home, away = random.sample(TEAMS, 2)
        entity = f"match:{number}"
        for minute in _minutes(entity, home, away, random):
            yield [*gone, *minute]
            gone = []
        name = f"{home} – {away}"
        gone = [{"entity": entity, "name": name, "audience": "followers", "values": None}]


def _minutes(entity: str, home: str, away: str, random: Random) -> Iterator[list[Body]]:
    goals, reviewed = [0, 0], dict[int, int]()
    told = {"model": "football", "home": home, "away": away, "tournament": "Friendly"}
    for minute in range(MINUTES + 1):
        for side, chance in enumerate(GOALS_A_MINUTE):
            if minute and random.random() < chance:
                goals[side] += 1
                if random.random() < TAKEN_BACK and minute + REVIEW <= MINUTES:
                    reviewed[minute + REVIEW] = side
        if minute in reviewed:
            goals[reviewed.pop(minute)] -= 1
        score = {"minute": minute, "home_score": goals[0], "away_score": goals[1]}
        yield [_feed(entity, home, away, {**told, **score}), _card(entity, home, away, goals)]
        told = {}
        if minute == HALF:
            yield from ([] for _ in range(PAUSE))
    outcome = "draw" if goals[0] == goals[1] else "home" if goals[0] > goals[1] else "away"
    yield [_feed(entity, home, away, {"outcome": outcome})]
    yield from ([] for _ in range(AFTER))


def _feed(entity: str, home: str, away: str, values: Body) -> Body:
    """Return what a forecast is made of, for those who follow the match."""
    name = f"{home} – {away}"
    return {"entity": entity, "name": name, "audience": "followers", "values": values}


def _card(entity: str, home: str, away: str, goals: Sequence[int]) -> Body:
    """Return the score, for everyone."""
    values = {home: goals[0], away: goals[1]}
    return {"entity": entity, "name": "Friendly · 友谊赛", "values": values, "duration": 60}
