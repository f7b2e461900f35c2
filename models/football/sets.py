"""Reads the internationals: results, and the minutes of goals where they are known.

A match without goals has no rows among the goals, and neither has a match whose goals nobody wrote
down. So a match counts as known where its competition of that year has the goals of at least nine
in ten matches that had any.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grandstand.forecasts.team_ratings import Result
from numpy.typing import NDArray

KNOWN_FROM = 0.9
FROM = 1990
"""Matches before it only make ratings."""


@dataclass(frozen=True, slots=True)
class Match:
    """A result, and the minutes of both sides' goals; None where they are unknown."""

    result: Result
    goals: tuple[tuple[int, ...], tuple[int, ...]] | None

    @property
    def year(self) -> int:
        """Return the year of the match."""
        return int(self.result.date[:4])

    @property
    def outcome(self) -> int:
        """Return 0 for home, 1 for a draw, 2 for away."""
        lead = self.result.home_goals - self.result.away_goals
        return 0 if lead > 0 else 1 if lead == 0 else 2

    def score(self, minute: int) -> tuple[int, int]:
        """Return both sides' goals up to a minute, of a match whose goals are known."""
        home, away = self.goals or ((), ())
        return sum(at <= minute for at in home), sum(at <= minute for at in away)


def read(data: Path) -> list[Match]:
    """Return all matches by date, of the folder of the data sets."""
    folder = data / "international_football"
    minutes: dict[tuple[str, str, str], list[tuple[bool, str]]] = defaultdict(list)
    with (folder / "goalscorers.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            key = row["date"], row["home_team"], row["away_team"]
            minutes[key].append((row["team"] == row["home_team"], row["minute"]))
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        found = {
            (row["date"], row["home_team"], row["away_team"]): Result(
                row["date"],
                row["home_team"],
                row["away_team"],
                int(row["home_score"]),
                int(row["away_score"]),
                row["tournament"],
                row["neutral"] == "TRUE",
            )
            for row in csv.DictReader(file)
        }
    matches = [Match(result, _goals(result, minutes[key])) for key, result in found.items()]
    known: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for each in matches:
        if each.result.home_goals + each.result.away_goals:
            known[each.result.tournament, each.year].append(each.goals is not None)
    covered = {key for key, those in known.items() if np.mean(those) >= KNOWN_FROM}
    return sorted(
        (
            each if (each.result.tournament, each.year) in covered else Match(each.result, None)
            for each in matches
        ),
        key=lambda each: each.result.date,
    )


def _goals(
    result: Result, rows: list[tuple[bool, str]]
) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the minutes of both sides, if they are those of the result."""
    if not all(minute.isdigit() for _, minute in rows):
        return None
    sides = tuple(tuple(int(at) for home, at in rows if home == side) for side in (True, False))
    if (len(sides[0]), len(sides[1])) != (result.home_goals, result.away_goals):
        return None
    return sides[0], sides[1]


@dataclass(frozen=True, slots=True)
class Moments:
    """Matches at minutes: whose they are, and the score by then; all (n,)."""

    match: NDArray[np.int64]
    minute: NDArray[np.int64]
    home: NDArray[np.int64]
    away: NDArray[np.int64]


def moments(matches: list[Match], minutes: list[int]) -> Moments:
    """Return every match whose goals are known at every minute, match by match."""
    rows = [
        (number, minute, *each.score(minute))
        for number, each in enumerate(matches)
        if each.goals is not None
        for minute in minutes
    ]
    return Moments(*np.array(rows, np.int64).T)
