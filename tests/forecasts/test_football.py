"""Lines about internationals, and what the shipped model says of them."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from grandstand import resources
from grandstand.forecasts.football import RATINGS, FootballReader
from grandstand.forecasts.team_ratings import Rating
from grandstand.inference.forecaster import Forecaster

HEAD = "date,home_team,away_team,home_score,away_score,tournament,city,country,neutral\n"


@pytest.fixture(scope="module")
def model() -> Forecaster:
    return Forecaster(resources.found("models/football", "manifest.json"))


def line(**said: object) -> bytes:
    return msgspec.json.encode({"home": "Aland", "away": "Bland", **said})


def reader(results: str | None = None, **snapshot: Rating) -> FootballReader:
    return FootballReader(msgspec.json.encode({"2023-12-31": snapshot}), results)


def test_a_line_becomes_stats_by_the_ratings_of_the_eve() -> None:
    reads = reader(Aland=Rating(0.5, 0.25, 0.1, 0.75, 30))
    stats = reads.stats(line(date="2024-03-01", minute=60, score=[2, 1], neutral=True))
    assert (stats["home_attack"], stats["home_defence"], stats["home_strength"]) == (
        0.5,
        0.25,
        0.75,
    )
    assert (stats["minute"], stats["home_score"], stats["away_score"]) == (60, 2, 1)
    assert (stats["neutral"], stats["away_attack"]) == (1, reads.unknown.attack)
    assert reads.stats(line(date="2023-12-31"))["home_attack"] == reads.unknown.attack


def test_results_bring_the_ratings_up_to_the_day_before() -> None:
    rows = HEAD + "2024-03-02,Aland,Bland,3,0,Friendly,X,Y,FALSE\n"
    rows += "2099-01-01,Aland,Bland,NA,NA,Friendly,X,Y,FALSE\n"
    reads = reader(rows)
    early, late = (reads.stats(line(date=f"2024-03-0{day}"))["home_attack"] for day in (2, 3))
    assert isinstance(early, float)
    assert isinstance(late, float)
    assert (early, late > early) == (reads.unknown.attack, True)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"home": None}, "Expected `str`"),
        ({"minute": "x", "score": [0, 0]}, "Expected `float"),
        ({"minute": -1, "score": [0, 0]}, ">= 0"),
        ({"minute": 10, "score": [1]}, "length 2"),
        ({"minute": 10, "score": [1, -1]}, ">= 0"),
        ({"minute": 10}, "give both minute and score"),
        ({"away": "Aland", "home": "Aland"}, "the same team"),
        ({"date": "14/06/2024"}, "isn't a day like 2024-06-14"),
    ],
)
def test_a_line_that_is_no_match_says_why(said: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reader().stats(line(**said))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no column date"),
        ("date,home_team\n", "has no column away_team"),
        (HEAD + "2024-03-02,Aland,Bland,x,0,Friendly,X,Y,FALSE\n", "line 2 is no result"),
        (HEAD + "2024-03-02,Aland\n", "line 2 is no result"),
        (HEAD + "x" * 200_000, "is no CSV"),
    ],
)
def test_results_with_a_fault_are_named_by_line(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reader(text)


def test_the_shipped_model_says_what_it_said(model: Forecaster) -> None:
    reads = reader(Aland=Rating(0.9, 0.8, 0, 0.75, 200), Bland=Rating(0.1, 0, 0, 0.1, 200))
    given = [
        line(),
        line(minute=30, score=[0, 1], tournament="FIFA World Cup", neutral=True),
        line(minute=85, score=[2, 2]),
    ]
    said = [list(each.values()) for each in model.forecast([reads.stats(each) for each in given])]
    assert said == [pytest.approx(each, abs=1e-4) for each in SAID]


SAID = [[0.8554, 0.1038, 0.0408], [0.441, 0.2688, 0.2903], [0.2419, 0.7174, 0.0408]]


def test_a_goal_never_lowers_its_sides_chance_and_time_helps_who_leads(model: Forecaster) -> None:
    reads = reader(Aland=Rating(0.9, 0.8, 0, 0.75, 200), Bland=Rating(0.1, 0, 0, 0.1, 200))

    def home(minute: int, mine: int, theirs: int, cup: str) -> float:
        stats = reads.stats(line(minute=minute, score=[mine, theirs], tournament=cup))
        return model.forecast([stats])[0]["home"]

    for cup in ("Friendly", "FIFA World Cup"):
        for minute in (0, 44, 89, 90, 105, 120):
            for theirs in range(4):
                chances = [home(minute, mine, theirs, cup) for mine in range(7)]
                assert all(one <= other for one, other in pairwise(chances))

    reads = reader(Aland=Rating(0.9, 0.8, 0, 0.75, 200), Bland=Rating(0.9, 0.8, 0, 0.75, 200))
    equals = {"home": "Aland", "away": "Bland", "neutral": True}
    leads = [
        model.forecast([reads.stats(line(**equals, minute=minute, score=[1, 0]))])[0]["home"]
        for minute in range(0, 91, 5)
    ]
    assert all(one < other for one, other in pairwise(leads))


def test_ratings_that_ship_are_of_days_in_order(model: Forecaster) -> None:
    dates = list(msgspec.json.decode(model.data[RATINGS]))
    assert dates == sorted(dates)
