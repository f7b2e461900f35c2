"""The demonstration's race: the meet's athletes run through the night, as far as they come in a
while, told as a feed would tell it.

They are the same entities as in the gala's meet. So who follows one of them there is told when that
one runs here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import count
from random import Random

from grandstand.demo.meet import ATHLETES, LEADING, Body, name_of
from grandstand.domain.schemas import KindSchema, ValueSchema

STEP_S = 3.0
STEPS = 60
PAUSE = 5
"""A race is told in so many steps, three minutes, and the next one begins so many steps later."""

PACE_M = 165.0
SPREAD_M = 6.0
"""How far an athlete comes in a step, ten times as fast as in life, and how much that varies."""

BOARD_S = 12
RUN = "Night run"
SCHEMAS = {
    "athlete": KindSchema(
        [
            ValueSchema(
                RUN,
                unit="m",
                names={"zh": "夜跑"},
                better="higher",
                decimals=0,
                close=10,
                improves=True,
            )
        ]
    )
}

Give = Callable[[Sequence[Body]], Awaitable[None]]
"""Puts updates into the room, as ``POST …/stats`` takes them."""


async def run(now_ms: Callable[[], int], give: Give, random: Random) -> None:
    """Tell of one race after the other until cancelled; ``now_ms`` is programme time."""
    for step in races(random):
        now = now_ms()
        if step:
            await give([{**body, "at": now} for body in step])
        await asyncio.sleep(STEP_S)


def races(random: Random) -> Iterator[list[Body]]:
    """Yield what each step brings, of one race after the other, for ever."""
    for number in count(1):
        label = f"{RUN}, race {number}"
        forms = {athlete: random.gauss(PACE_M, SPREAD_M / 2) for athlete in ATHLETES}
        run = dict.fromkeys(ATHLETES, 0.0)
        yield [_body(athlete, None) for athlete in ATHLETES]
        for _ in range(STEPS):
            for athlete, form in forms.items():
                run[athlete] += max(0.0, random.gauss(form, SPREAD_M))
            order = sorted(run, key=lambda athlete: -run[athlete])
            places = {athlete: place for place, athlete in enumerate(order, 1)}
            bodies = [
                _body(each, {label: {"value": round(run[each]), "unit": "m", "rank": places[each]}})
                for each in ATHLETES
            ]
            yield [*bodies, _board(number, order, run)]
        yield from ([] for _ in range(PAUSE))


def _board(number: int, order: Sequence[str], run: Mapping[str, float]) -> Body:
    return {
        "entity": "race:1",
        "name": f"{RUN} · 夜跑 {number}",
        "duration": BOARD_S,
        "values": {
            name_of(f"athlete:{each}"): {"value": f"{run[each]:,.0f}", "unit": "m", "rank": rank}
            for rank, each in enumerate(order[:LEADING], 1)
        },
    }


def _body(athlete: str, values: Body | None) -> Body:
    entity = f"athlete:{athlete}"
    return {"entity": entity, "name": name_of(entity), "audience": "followers", "values": values}
