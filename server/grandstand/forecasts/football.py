"""Internationals: a line of input, with names and a date, becomes the stats that the model takes.

Must not know the model. Ratings come from the model folder's ``ratings.json`` and from results.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import msgspec

from grandstand.forecasts.days import day
from grandstand.forecasts.team_ratings import AVERAGE, Rating, RatingHistory, Result

RATINGS = "ratings.json"
NAME_CHARS = 80

COLUMNS = ("date", "home_team", "away_team", "home_score", "away_score", "tournament", "neutral")
"""Of a file of results, which may have others."""

_Goals = Annotated[int, msgspec.Meta(ge=0, le=200)]


class FootballLine(msgspec.Struct, frozen=True):
    """A match at a minute. Without ``minute`` and ``score`` it has not begun.

    ``score`` counts all goals up to ``minute``; 45 and 90 include stoppage time, and more than 90
    means extra time. Without a date the latest ratings are used. Other fields are ignored.
    """

    home: str
    away: str
    date: str | None = None
    tournament: str | None = None
    neutral: bool | None = None
    minute: Annotated[float, msgspec.Meta(ge=0, le=150)] | None = None
    score: tuple[_Goals, _Goals] | None = None


class FootballReader:
    """Makes stats of lines."""

    def __init__(
        self, ratings: bytes, results: str | None = None, unrated: set[str] | None = None
    ) -> None:
        """Read the ratings of the model folder, and the text of a file of results.

        ``unrated`` gets the names of teams of which nothing was known before their match.

        Raises ValueError for a file of results with wrong columns or a wrong line.
        """
        snapshots = msgspec.json.decode(ratings, type=dict[str, dict[str, Rating]])
        self._history = RatingHistory(() if results is None else _results(results), snapshots)
        self._unrated = unrated
        self.unknown = _newcomer([*snapshots.values()][-1].values()) if snapshots else AVERAGE

    def stats(self, line: bytes) -> Mapping[str, float | str]:
        """Return the stats of a match.

        Raises:
            ValueError: the line is no match; the text says why.
        """
        return self._stats(msgspec.json.decode(line, type=FootballLine))

    def stats_of(self, values: Mapping[str, Any]) -> Mapping[str, float | str]:
        """Return the stats of a match as a room's feed tells it: the fields of a line, but for
        ``home_score`` and ``away_score`` in place of ``score``. Numbers may be written as text.

        Raises:
            ValueError: the values are no match; the text says why.
        """
        goals = [values.get(name) for name in ("home_score", "away_score")]
        score = {} if goals == [None, None] else {"score": goals}
        date = values.get("date")
        told = {**values, "date": None if date is None else str(date), **score}
        return self._stats(msgspec.convert(told, FootballLine, strict=False))

    def _stats(self, match: FootballLine) -> Mapping[str, float | str]:
        if match.home == match.away:
            raise ValueError("home and away are the same team")
        eve = day(match.date) if match.date else ""
        if (match.minute is None) != (match.score is None):
            raise ValueError("give both minute and score, or neither for a match to come")
        home, away = self._rating(eve, match.home), self._rating(eve, match.away)
        home_goals, away_goals = match.score or (0, 0)
        return {
            "minute": match.minute or 0.0,
            "home_score": home_goals,
            "away_score": away_goals,
            "home_attack": home.attack,
            "home_defence": home.defence,
            "away_attack": away.attack,
            "away_defence": away.defence,
            "home_advantage": home.advantage,
            "home_strength": home.strength,
            "away_strength": away.strength,
            "neutral": float(bool(match.neutral)),
            "tournament": match.tournament or "",
        }

    def _rating(self, eve: str, team: str) -> Rating:
        rating = self._history.before(eve, team)
        if rating is None:
            if self._unrated is not None:  # a server has no use for the names that feeds say
                self._unrated.add(team[:NAME_CHARS])
            return self.unknown
        return rating


def _results(text: str) -> Iterator[Result]:
    try:
        yield from _rows(text)
    except csv.Error as fault:
        raise ValueError(f"is no CSV: {fault}") from None


def _newcomer(ratings: Iterable[Rating]) -> Rating:
    """Return what a team is taken for of which nothing is known: weaker than three in four."""
    known = list(ratings)
    if not known:
        return AVERAGE
    fields = (sorted(values)[len(known) // 4] for values in zip(*known, strict=True))
    return Rating(*fields)._replace(advantage=0.0, played=0)


def _rows(text: str) -> Iterator[Result]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    if missing := [each for each in COLUMNS if each not in (rows.fieldnames or ())]:
        raise ValueError(f"has no column {missing[0]}: it wants {', '.join(COLUMNS)}")
    for row in rows:
        if None in row.values():
            raise ValueError(f"line {rows.line_num} is no result: it has too few columns")
        if row["home_score"] in ("", "NA"):  # a match to come
            continue
        try:
            yield Result(
                day(row["date"]),
                row["home_team"],
                row["away_team"],
                int(row["home_score"]),
                int(row["away_score"]),
                row["tournament"],
                row["neutral"].upper() == "TRUE",
            )
        except ValueError as fault:
            raise ValueError(f"line {rows.line_num} is no result: {fault}") from None
