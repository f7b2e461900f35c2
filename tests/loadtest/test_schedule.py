"""What is counted of a schedule that runs as live rooms."""

from __future__ import annotations

from pathlib import Path

from loadtest.schedule import Games, count, room_of
from models.recommendations.sets import Event
from tests.server import ServerProcess


def test_a_room_is_named_after_its_event() -> None:
    event = Event("CURXTEAM2-------------PREL000101--", "CUR", "CURXTEAM2", 0, 1, False)
    assert room_of(event) == "curxteam2-prel000101"


def test_an_answer_counts_where_there_is_an_event_that_few_know(tmp_path: Path) -> None:
    games = Games(ServerProcess(tmp_path), {"final": 9000, "big": 8000, "small": 10, "other": 20})
    count(games, ["final", "small"], "final")
    count(games, ["final", "big"], "final")
    games.live = {"final": 100, "big": 90}
    count(games, ["final"], "final")
    assert (games.answers, games.with_lesser_known, games.of_these_told) == (3, 2, 1)
