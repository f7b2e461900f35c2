"""Matches that go well, are corrected, go back, end, and are taken over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from grandstand import resources
from grandstand.domain.entities import Measured, Plain
from grandstand.forecasts.line import POINTS_MAX
from grandstand.forecasts.match import EVENTS_MAX, Match, Values, certain
from grandstand.inference.forecast_manifest import ForecastManifest
from grandstand.wire.forecasts import Forecast

CRICKET, FOOTBALL = (
    msgspec.json.decode((folder / "manifest.json").read_bytes(), type=ForecastManifest)
    for folder in resources.forecast_models()
)


def ask(values: Values) -> list[float]:
    """A model in a line: home's chance by the score, and by how little is left."""
    minute, home, away = (float(values.get(n) or 0) for n in ("minute", "home_score", "away_score"))
    share = 0.3 + 0.2 * (home - away) + minute / 1000
    return [share, 0.3, 0.7 - share]


class Game:
    """A match whose every update is forecast, as a room's job does."""

    def __init__(self, match: Match | None = None) -> None:
        self.match = match or Match("match:final")
        self.versions: list[Forecast] = []

    def say(self, at: int, **values: Plain) -> Forecast | None:
        self.update({label: Measured(at, value) for label, value in values.items()})
        return self.forecast()

    def update(self, values: Mapping[str, Measured]) -> None:
        self.match.update("Final", values)

    def forecast(self) -> Forecast | None:
        if not self.match.has_changed:
            return None
        asked = self.match.questions()
        answers = [ask(each) for each in asked.values()]
        if self.match.outcome:
            answers = [certain(FOOTBALL, self.match.outcome)]
        made = self.match.answer(FOOTBALL, asked, answers)
        if made is not None:
            self.versions.append(made)
        return made

    @property
    def line(self) -> list[tuple[int, float]]:
        """When, and how probable it was that home wins."""
        assert self.match.forecast is not None
        return [(int(at), home) for at, home, *_ in self.match.forecast.line]

    def events(self) -> list[tuple[Any, ...]]:
        assert self.match.forecast is not None
        return [(e.at, e.what, e.label, e.value, e.void) for e in self.match.forecast.events]


@pytest.fixture
def game() -> Game:
    made = Game()
    made.say(0, model="football", home="Ostia", away="Lund", minute=0, home_score=0, away_score=0)
    return made


def test_a_goal_moves_the_line_and_is_the_reason(game: Game) -> None:
    first = game.match.forecast
    assert first is not None
    assert (first.because, first.events, first.line) == (None, (), ((0, 0.3, 0.3, 0.4),))
    assert first.names == {"home": "Ostia", "away": "Lund"}
    assert game.say(600, minute=10) is not None
    goal = game.say(720, minute=12, home_score=1, away_score=0)
    assert goal is not None
    assert goal.because is not None
    assert (goal.model, goal.labels) == ("football", ("home", "draw", "away"))
    assert goal.probabilities == (0.512, 0.3, 0.188) == goal.line[-1][1:]
    assert (goal.because.at, goal.because.what, goal.because.label) == (720, "goal", "home")
    assert game.line == [(0, 0.3), (600, 0.31), (720, 0.512)]
    later = game.say(780, minute=13)
    assert later is not None
    assert later.because == goal.because


def test_what_changes_nothing_is_no_news(game: Game) -> None:
    assert game.say(10, minute=0, home_score=0) is None
    assert game.say(20, attendance=70_000) is None
    assert game.say(30, minute=0.1) is None  # nobody sees a ten-thousandth
    assert len(game.versions) == 1


def test_a_goal_that_is_taken_back_later_is_marked(game: Game) -> None:
    game.say(600, minute=10, home_score=1)
    game.say(720, minute=12, home_score=0)
    assert game.line == [(0, 0.3), (600, 0.51), (720, 0.312)]
    assert game.events() == [
        (600, "goal", "home", 1, True),
        (720, "correction", "home", 0, False),
    ]
    game.say(780, minute=13, home_score=1)
    assert game.events()[-1] == (780, "goal", "home", 1, False)


def test_a_mistake_that_is_corrected_for_its_moment_moves_the_past(game: Game) -> None:
    game.update({"home_score": Measured(600, 1)})
    game.forecast()
    for at, minute in ((660, 11), (720, 12)):
        game.say(at, minute=minute)
    assert game.line[1:] == [(600, 0.5), (660, 0.511), (720, 0.512)]
    game.say(600, home_score=0, away_score=1)
    assert game.line[1:] == [(600, 0.1), (660, 0.111), (720, 0.112)]
    assert [each[1:] for each in game.events()] == [
        ("goal", "home", 1, True),
        ("correction", "home", 0, False),
        ("goal", "away", 1, False),
    ]
    assert game.versions[-1].line[-1][0] == 720, "a version never goes back"


def taken_over(game: Game) -> Game:
    """Return what another process makes of a match that it finds."""
    other = Game(Match("match:final", game.match.forecast))
    other.match.know("Final", {**game.match._values})
    return other


def test_a_late_goal_counts_from_its_moment(game: Game) -> None:
    game.say(600, minute=10)
    game.say(720, minute=12)
    assert game.say(660, home_score=1) is not None
    assert game.line == [(0, 0.3), (600, 0.31), (660, 0.51), (720, 0.512)]


def test_who_took_over_takes_points_out_and_invents_none(game: Game) -> None:
    for at, minute in ((600, 10), (720, 12), (4800, 80)):
        game.say(at, minute=minute)
    other = taken_over(game)
    other.say(4900, minute=81)
    assert other.say(660, home_score=1) is not None
    assert other.line == [(0, 0.3), (600, 0.31), (4900, 0.581)]
    assert other.events() == [(660, "goal", "home", 1, False)]


def test_a_value_is_not_told_before_its_moment(game: Game) -> None:
    assert game.say(1900, attendance=70_000) is None
    goal = game.say(100, home_score=1)
    assert goal is not None
    assert goal.values["attendance"] == 70_000
    assert game.line == [(0, 0.3), (100, 0.5), (1900, 0.5)]


@pytest.mark.parametrize("label", ["home", "tournament", "model", "minute"])
def test_who_takes_over_asks_again_where_a_text_or_what_was_a_number_differs(
    game: Game, label: str
) -> None:
    game.say(50, tournament="Friendly")
    game.say(60, minute=10)
    values = {**game.match._values, label: Measured(70, None if label == "minute" else "Cup")}
    assert not taken_over(game).match.has_changed
    other = Match("match:final", game.match.forecast)
    other.know("Final", values)
    assert other.has_changed
    assert [*other.questions()] == [70]


def test_a_clock_that_goes_back_is_settled_by_at(game: Game) -> None:
    game.say(2880, minute=48)
    game.say(3800, minute=46)
    game.say(3700, minute=50)  # late: something newer is known
    assert game.line[1:] == [(2880, 0.348), (3800, 0.346)]
    assert game.events() == []


def test_the_end_is_exactly_the_outcome_and_may_be_wrong_too(game: Game) -> None:
    game.say(5400, minute=90, home_score=1)
    end = game.say(5500, outcome="home")
    assert end is not None
    assert end.because is not None
    assert end.probabilities == (1.0, 0.0, 0.0) == end.line[-1][1:]
    assert (end.because.what, end.because.label) == ("end", "home")
    assert game.say(5600, minute=91) is None
    again = game.say(5700, outcome=None)
    assert again is not None
    assert again.because is not None
    assert again.because.what == "correction"
    assert again.probabilities[0] == pytest.approx(0.591)
    assert game.events()[-2:] == [
        (5500, "end", "home", None, True),
        (5700, "correction", "", None, False),
    ]


def test_wickets_begin_anew_with_an_innings() -> None:
    match = Match("match:1")
    found = None
    for at, innings, wickets in ((1, 1, 0), (2, 1, 7), (3, 2, 0), (4, 2, 1)):
        values = {"innings": innings, "wickets": wickets, "runs": at}
        match.update("Final", {label: Measured(at, value) for label, value in values.items()})
        asked = match.questions()
        found = match.answer(CRICKET, asked, [[0.1 * at, 1 - 0.1 * at]]) or found
    assert found is not None
    assert [(each.at, each.what, each.value) for each in found.events] == [
        (2, "wicket", 7),
        (3, "innings", 2),
        (4, "wicket", 1),
    ]


def test_who_takes_over_asks_only_about_what_is_new(game: Game) -> None:
    game.say(600, minute=10, home_score=1)
    values = {**game.match._values}
    stored = msgspec.msgpack.encode(game.match.forecast)
    other = Match("match:final", msgspec.msgpack.decode(stored, type=Forecast))
    other.know("Final", values)
    assert not other.has_changed
    other.know("Final", {**values, "home_score": Measured(660, 2)})
    taken = Game(other)
    taken.forecast()
    assert taken.line == [(0, 0.3), (600, 0.51), (660, 0.71)]
    for outcome, home in (("away", 0.0), (None, 0.71)):
        values = {**other._values, "outcome": Measured(700, outcome)}
        other = Match("match:final", other.forecast)
        other.know("Final", values)
        taken = Game(other)
        taken.forecast()
        assert taken.line[-1] == (700, home)
    goals = [each[1:4] for each in taken.events() if each[1] == "goal"]
    assert goals == [("goal", "home", 1), ("goal", "home", 2)]


def test_a_long_match_stays_within_its_bounds(game: Game) -> None:
    for n in range(1, 200):
        game.say(n * 60, minute=n % 90, home_score=n % 3, away_score=n)
    assert game.match.forecast is not None
    assert len(game.match.forecast.line) <= POINTS_MAX
    assert len(game.match.forecast.events) == EVENTS_MAX
    moments = {at for at, _ in game.line}
    assert {each.at for each in game.match.forecast.events} <= moments
    assert len(game.match._asked) <= POINTS_MAX


def test_a_model_with_other_outcomes_begins_a_new_line(game: Game) -> None:
    game.say(600, minute=10)
    game.update({"minute": Measured(660, 11)})
    asked = game.match.questions()
    made = game.match.answer(CRICKET, asked, [[0.5, 0.5]])
    assert made is not None
    assert made.line == ((660, 0.5, 0.5),)
