from __future__ import annotations

from itertools import islice
from random import Random
from typing import Any

import msgspec
from grandstand.api.stat_updates import StatsBody
from grandstand.demo.meet import ATHLETES, ROUNDS, attempts
from grandstand.demo.scoreboard import LEADING, Scoreboard, entries
from grandstand.overlays.card_rules.update import Figure

T = 1_700_000_000_000


def values_of(bodies: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {body["entity"]: value for body in bodies for value in body["values"].values()}


def test_all_athletes_can_be_followed_before_the_first_attempt_by_names_in_their_script() -> None:
    bodies = entries(T)
    for body in bodies:
        assert msgspec.convert(body, StatsBody).audience == "followers"
    assert [body["entity"] for body in bodies] == [f"athlete:{name}" for name in ATHLETES]
    assert "Chen 陈" in {body["name"] for body in bodies}


def test_a_mark_is_news_to_those_too_who_follow_whom_it_has_passed() -> None:
    board = Scoreboard()
    assert board.board(T) == []
    for athlete, mark in (("Ada", 7.9), ("Bo", 7.8)):
        board.take(f"athlete:{athlete}", "Long jump, final 1", Figure(mark, best=8.0), T)
    news = values_of(board.take("athlete:Bo", "Long jump, final 1", Figure(8.1, best=8.0), T))
    assert {name: (value["value"], value["rank"]) for name, value in news.items()} == {
        "athlete:Bo": (8.1, 1),
        "athlete:Ada": (7.9, 2),
    }
    assert board.take("athlete:Bo", "Long jump, final 1", Figure(8.1, best=8.0), T) == []


def test_a_whole_meet_is_taken_by_the_server_and_no_athlete_gets_too_many_values() -> None:
    board, labels = Scoreboard(), set[str]()
    for attempt in islice(attempts(Random(1)), 12 * ROUNDS * len(ATHLETES)):
        bodies = [
            body for entity, label, mark in attempt for body in board.take(entity, label, mark, T)
        ]
        for body in [*bodies, *board.board(T)]:
            msgspec.convert(body, StatsBody)
        labels |= {label for body in bodies for label in body["values"]}
        for shown in board.board(T):
            marks = [value["value"] for value in shown["values"].values()]
            assert marks == sorted(marks, reverse=True)
            assert len(marks) <= LEADING
    assert len(labels) == 8
