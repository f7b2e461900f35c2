"""Ratings by results, day by day."""

from __future__ import annotations

import pytest
from grandstand.forecasts.team_ratings import AVERAGE, Rating, RatingHistory, Result, rated


def result(date: str, home: str, away: str, score: str, neutral: bool = False) -> Result:
    home_goals, away_goals = (int(each) for each in score.split("-"))
    return Result(date, home, away, home_goals, away_goals, "Friendly", neutral)


def test_a_win_lifts_the_winner_and_lowers_the_loser() -> None:
    home, away = rated(AVERAGE, AVERAGE, result("2024-06-01", "A", "B", "3-0"))
    assert min(home.attack, home.defence, home.strength) > 0 > max(away.attack, away.defence)
    assert (home.played, away.played) == (1, 1)
    assert home.strength == pytest.approx(-away.strength)


def test_the_same_win_says_less_at_home_than_on_neutral_ground() -> None:
    home, _ = rated(AVERAGE, AVERAGE, result("2024-06-01", "A", "B", "2-0"))
    neutral, _ = rated(AVERAGE, AVERAGE, result("2024-06-01", "A", "B", "2-0", neutral=True))
    assert neutral.attack > home.attack
    assert neutral.advantage == 0 < home.advantage


def test_a_day_knows_the_days_before_it_alone() -> None:
    history = RatingHistory([result("2024-06-02", "A", "B", "1-0")])
    assert history.before("2024-06-02", "A") is None
    first = history.before("2024-06-03", "A")
    assert first is not None
    later = RatingHistory(
        [result("2024-06-05", "A", "B", "9-0"), result("2024-06-02", "A", "B", "1-0")]
    )
    assert later.before("2024-06-05", "A") == first
    assert later.before("", "A") != first


def test_a_snapshot_counts_from_its_day_on_unless_results_know_more() -> None:
    snapshot = {"2023-12-31": {"A": Rating(attack=2, played=5)}}
    alone = RatingHistory(snapshots=snapshot)
    assert alone.before("2023-12-31", "A") is None
    assert alone.before("2024-01-01", "A") == Rating(attack=2, played=5)
    carried_on = RatingHistory([result("2024-01-02", "A", "B", "0-0")], snapshot)
    after = carried_on.before("", "A")
    assert after is not None
    assert (after.played, after.attack > 1) == (6, True)
    known = [result(f"2023-06-0{day}", "A", "B", "0-0") for day in range(1, 7)]
    assert RatingHistory(known, snapshot).before("2024-01-01", "A") == (
        RatingHistory(known).before("", "A")
    )


def test_two_matches_of_a_day_make_one_rating() -> None:
    history = RatingHistory(
        [result("2024-06-02", "A", "B", "1-0"), result("2024-06-02", "C", "A", "1-0")]
    )
    rating = history.before("2024-06-03", "A")
    assert rating is not None
    assert rating.played == 2
    assert set(history.snapshot("2024-06-03")) == {"A", "B", "C"}
