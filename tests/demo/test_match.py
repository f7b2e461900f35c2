"""The demonstration's football is a feed that rooms take, with goals, one taken back, and ends."""

from __future__ import annotations

import contextlib
from itertools import islice, pairwise
from random import Random
from typing import Any

import msgspec
from grandstand import resources
from grandstand.api.stat_updates import StatsBody
from grandstand.demo import match
from grandstand.forecasts.readers import reader_of
from grandstand.inference.forecaster import Forecaster

FOOTBALL = next(each for each in resources.forecast_models() if each.name == "football")
MINUTES = 20 * (match.MINUTES + match.PAUSE + match.AFTER + 2)
"""Twenty matches."""


def feed() -> list[dict[str, Any]]:
    """What followers are told."""
    minutes = islice(match.matches(Random(1)), MINUTES)
    bodies = [body for minute in minutes for body in minute]
    for body in bodies:
        msgspec.convert(body, StatsBody)
    return [body for body in bodies if "audience" in body]


def test_every_match_can_be_forecast_from_its_first_minute_to_its_outcome() -> None:
    reader = reader_of(Forecaster(FOOTBALL / "manifest.json"))
    matches: dict[str, dict[str, Any]] = {}
    for body in feed():
        values = body["values"]
        if values is None:
            assert "outcome" in matches[body["entity"]]
        else:
            known = matches.setdefault(body["entity"], {})
            known |= values
            assert known["home"] != known["away"]
            assert reader.stats_of(known)["minute"] == known["minute"]
    assert len(matches) >= 20
    assert {each.get("outcome") for each in matches.values()} >= {"home", "draw", "away"}


def test_goals_fall_and_some_are_taken_back() -> None:
    scores = [body["values"] for body in feed() if body["values"] and "minute" in body["values"]]
    steps = [
        later[side] - before[side]
        for before, later in pairwise(scores)
        for side in ("home_score", "away_score")
        if later["minute"] > before["minute"]
    ]
    assert 30 <= steps.count(1) <= 120
    assert steps.count(-1) >= 2
    assert min(min(each["home_score"], each["away_score"]) for each in scores) == 0


async def test_what_is_told_has_the_moment_at_which_it_is() -> None:
    told: list[dict[str, Any]] = []

    class Enough(Exception):
        pass

    async def give(bodies: Any) -> None:
        told.extend(bodies)
        raise Enough

    with contextlib.suppress(Enough):
        await match.play(lambda: 7, give, Random(1))
    assert [each["at"] for each in told] == [7, 7]
