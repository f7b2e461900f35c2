"""Balls of a match, and what the shipped model says after them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from grandstand import resources
from grandstand.forecasts.cricket import GROUNDS, CricketReader
from grandstand.inference.forecaster import Forecaster

Ball = dict[str, Any]

GIVEN = b'{"2022":{"par":170,"grounds":{"Mumbai":6}},"2023":{"par":180,"grounds":{}}}'
DOT: Ball = {"innings": 1}
OUT: Ball = {"innings": 1, "wicket": "bowled"}
OVER = [{"innings": 1, "runs_bat": runs} for runs in (1, 0, 4, 2, 0, 1)]


@pytest.fixture(scope="module")
def model() -> Forecaster:
    return Forecaster(resources.found("models/cricket", "manifest.json"))


def line(balls: Sequence[Ball], **said: object) -> bytes:
    return msgspec.json.encode({"deliveries": balls, **said})


def stats(balls: Sequence[Ball], **said: object) -> dict[str, float]:
    return dict(CricketReader(GIVEN).stats(line(balls, **said)))


def chase(*balls: Ball) -> list[Ball]:
    return [*OVER * 20, *({**ball, "innings": 2} for ball in balls)]


def test_balls_are_counted_as_the_laws_have_it() -> None:
    found = stats(
        [
            {"innings": "1", "runs_bat": "4", "runs_extra": "0", "extras": "", "wicket": ""},
            {"innings": 1, "runs_bat": 0, "runs_extra": 1, "extras": "wides"},
            {"innings": 1, "runs_extra": 2, "extras": "byes|noballs"},
            {"innings": 1, "runs_extra": 1, "extras": "legbyes", "wicket": "run out"},
            {"innings": 1, "wicket": "retired hurt"},
        ]
    )
    assert (found["runs"], found["balls"], found["wickets"]) == (8, 3, 1)
    assert (found["innings"], found["target"], found["total_balls"]) == (1, 0, 120)


def test_what_only_the_end_knows_is_never_read() -> None:
    said = {"result": "win", "winner": "A", "by_runs": 9, "method": "D/L", "target_overs": 9.2}
    assert stats(OVER, target_runs=90, **said) == stats(OVER)
    later = stats(chase(DOT), target_runs=90, **said)
    assert (later["target"], later["total_balls"]) == (90, 56)


def test_an_innings_that_is_over_is_a_chase_that_begins() -> None:
    over = stats(OVER * 20)
    assert [over[each] for each in ("innings", "runs", "balls", "wickets")] == [2, 0, 0, 0]
    assert (over["target"], stats([OUT] * 10)["target"]) == (161, 1)


def test_a_season_knows_the_ones_before_it() -> None:
    for said, par, ground in (
        ({"date": "2022-04-01", "city": "Mumbai"}, 170, 6),
        ({"date": "2023-04-01", "city": "Mumbai"}, 180, 0),
        ({"city": None, "venue": "Mumbai", "date": "2010-01-01"}, 170, 6),
        ({}, 180, 0),
    ):
        found = stats([], **said)
        assert (found["par"], found["ground"]) == (par, ground)


@pytest.mark.parametrize(
    ("balls", "said", "why"),
    [
        ([{"innings": 3}], {}, "delivery 1: its innings is neither 1 nor 2"),
        ([{"innings": 2}, {"innings": 1}], {}, "delivery 2: it is of the first innings"),
        ([{}], {}, "missing required field `innings`"),
        ([{"innings": 1, "runs_bat": "four"}], {}, "delivery 1: runs_bat is 'four'"),
        ([], {"target_runs": -1}, "target_runs is -1"),
        ([], {"date": "May"}, "isn't a day"),
        ([DOT] * 2001, {}, "length <= 2000"),
    ],
)
def test_a_line_that_is_no_match_says_why(
    balls: Sequence[Ball], said: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        stats(balls, **said)


def first(model: Forecaster, balls: Sequence[Ball], **said: object) -> float:
    reader = CricketReader(model.data[GROUNDS])
    (found,) = model.forecast([reader.stats(line(balls, date="2022-04-01", **said))])
    assert found["bats_second"] == pytest.approx(1 - found["bats_first"])
    return found["bats_first"]


def test_the_shipped_model_says_what_it_said(model: Forecaster) -> None:
    balls = [[], OVER * 10 + [OUT] * 2, OVER * 20, chase(*OVER * 15, *[OUT] * 3)]
    assert [first(model, each) for each in balls] == [
        pytest.approx(each, abs=1e-4) for each in SAID
    ]


SAID = [0.427, 0.5006, 0.4293, 0.2424]


def test_the_end_is_certain(model: Forecaster) -> None:
    six = {"runs_bat": 6}
    assert first(model, chase(*[six] * 27)) == 0
    assert first(model, chase(*[OUT] * 10)) == 1
    assert first(model, chase(*[DOT] * 120)) == 1
    assert first(model, chase(*[DOT] * 56), target_runs=90, target_overs=9.2) == 1
    assert first(model, chase(*OVER * 20)) == 0.5


def test_runs_help_and_wickets_hurt_who_bats(model: Forecaster) -> None:
    reader = CricketReader(model.data[GROUNDS])
    ground = reader.ground("2022-04-01", None)

    def said(innings: int, balls: int, runs: int, wickets: int) -> float:
        given = {"innings": innings, "balls": balls, "runs": runs, "wickets": wickets}
        (found,) = model.forecast([{**given, "target": 171, **ground}])
        return found["bats_first" if innings == 1 else "bats_second"]

    for innings in (1, 2):
        for balls in range(0, 120, 17):
            by_runs = [said(innings, balls, runs, 3) for runs in range(0, 200, 7)]
            by_wickets = [said(innings, balls, 60, wickets) for wickets in range(10)]
            assert all(one <= other for one, other in pairwise(by_runs))
            assert all(one >= other for one, other in pairwise(by_wickets))
