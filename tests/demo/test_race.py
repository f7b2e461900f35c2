"""The race as a feed tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from random import Random

from grandstand.demo import race
from grandstand.demo.meet import ATHLETES, LEADING, Body
from grandstand.demo.race import PAUSE, RUN, STEPS, races
from grandstand.tasks import cancel_all

from tests.waiting import until


def test_everybody_runs_and_the_board_has_those_in_front() -> None:
    cleared, *steps = islice(races(Random(1)), 1 + STEPS + PAUSE)
    assert {each["entity"] for each in cleared} == {f"athlete:{each}" for each in ATHLETES}
    assert all(each["values"] is None for each in cleared)
    before = dict.fromkeys((each["entity"] for each in cleared), 0)
    for *bodies, board in steps[:STEPS]:
        now = {each["entity"]: each["values"][f"{RUN}, race 1"] for each in bodies}
        assert all(now[each]["value"] >= before[each] for each in before)
        ranks = sorted(value["rank"] for value in now.values())
        assert ranks == list(range(1, len(ATHLETES) + 1))
        assert [value["rank"] for value in board["values"].values()] == list(range(1, LEADING + 1))
        before = {each: value["value"] for each, value in now.items()}
    assert steps[STEPS:] == [[]] * PAUSE


def test_its_values_are_of_its_schema() -> None:
    (values,) = (schema.values for schema in race.SCHEMAS.values())
    step = next(islice(races(Random(2)), 1, None))
    for body in step[:-1]:
        ((label, value),) = body["values"].items()
        assert label.partition(",")[0] == values[0].name
        assert value["unit"] == values[0].unit


async def test_it_is_told_step_by_step_at_the_moment_of_each() -> None:
    told: list[Sequence[Body]] = []

    async def give(bodies: Sequence[Body]) -> None:
        told.append(bodies)

    task = asyncio.create_task(race.run(lambda: 7000, give, Random(3)))
    await until(lambda: told)
    await cancel_all([task])
    assert all(body["at"] == 7000 for body in told[0])
