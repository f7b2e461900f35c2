"""Reads the Indian Premier League: matches, and every ball as the server's reader counts it."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grandstand.forecasts.cricket import BALLS, WICKETS, CricketDelivery, Scorecard, Season

FADING = 0.5 ** (1 / 40)
"""What a match counts less for the usual first innings with each that follows: half after 40."""

GROUND_FADING = 0.97
DOUBT = 10
"""So many matches at a ground, with nothing more or less than usual, are taken as seen."""

FIRST_PAR = 160.0
SINCE_2024 = 190.0
"""The usual first innings from 2024 on, which the set doesn't have: the least of the season's means
that its own notes give (190 to 196; the rules let a team bat deeper since 2023)."""


@dataclass(frozen=True, slots=True)
class Match:
    """A match in order of play; ``won`` is whether the side that batted first won.

    ``is_plain`` is false where rain changed it, or where it has no winner or a tie.
    """

    date: str
    place: str
    won: bool
    is_plain: bool
    balls: tuple[CricketDelivery, ...]
    target_runs: str
    target_overs: str

    @property
    def year(self) -> int:
        """Return the year of the match."""
        return int(self.date[:4])

    def moments(self) -> Iterator[dict[str, float]]:
        """Yield the stats before the first ball and after each."""
        card = Scorecard(self.target_runs, self.target_overs)
        yield card.stats()
        for ball in self.balls:
            card.add(ball)
            yield card.stats()

    def first_innings(self) -> int | None:
        """Return the runs of a first innings that nobody cut short."""
        card = Scorecard()
        runs = balls = wickets = 0
        for ball in self.balls:
            if ball.innings == "1":
                card.add(ball)
                runs += int(ball.runs_bat or 0) + int(ball.runs_extra or 0)
        found = card.stats()
        balls, wickets = int(found["balls"]), int(found["wickets"])
        is_over = found["innings"] == 2 or balls >= BALLS or wickets >= WICKETS
        return runs if is_over and self.is_plain else None


def read(data: Path) -> list[Match]:
    """Return all matches by date, of the folder of the data sets."""
    folder = data / "cricket_ipl"
    balls: dict[str, list[CricketDelivery]] = defaultdict(list)
    with gzip.open(folder / "deliveries.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            columns = ("innings", "runs_bat", "runs_extra", "extras", "wicket")
            balls[row["match"]].append(CricketDelivery(*(row[each] for each in columns)))
    with (folder / "matches.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["date"], row["match"]))
    return [
        Match(
            row["date"],
            row["city"] or row["venue"],
            row["winner"] == row["bats_first"],
            row["result"] == "win" and not row["method"],
            tuple(balls[row["match"]]),
            row["target_runs"],
            row["target_overs"],
        )
        for row in rows
    ]


def seasons(matches: list[Match]) -> dict[str, Season]:
    """Return what was known at each season's start, and for 2024, by year."""
    found: dict[str, Season] = {}
    par = FIRST_PAR
    sums: dict[str, tuple[float, float]] = {}

    def grounds() -> dict[str, float]:
        return {place: round(more / (count + DOUBT), 2) for place, (more, count) in sums.items()}

    for match in matches:
        if str(match.year) not in found:
            found[str(match.year)] = Season(round(par, 2), grounds())
        runs = match.first_innings()
        if runs is not None:
            more, count = sums.get(match.place, (0.0, 0.0))
            sums[match.place] = (GROUND_FADING * more + runs - par, GROUND_FADING * count + 1)
            par += (1 - FADING) * (runs - par)
    return {**found, "2024": Season(SINCE_2024, grounds())}
