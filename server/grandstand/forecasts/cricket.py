"""Cricket of twenty overs: a match with its balls so far becomes the stats that the model takes.

Must not know the model. What a ground and a season are worth comes from the model folder's
``grounds.json``. Of a match's row only what is known before it is read, and of the target only what
a chase that has begun knows: the row's result and winner are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec

from grandstand.forecasts.days import day

GROUNDS = "grounds.json"
BALLS = 120
WICKETS = 10
DELIVERIES_MAX = 2000

NOT_LEGAL = ("wides", "noballs")
"""Extras that don't use up a ball."""

NOT_OUT = ("retired hurt", "retired not out")

Value: TypeAlias = float | str | None
"""As rows of CSV have it: "" is missing, "4" a number."""


class CricketDelivery(msgspec.Struct, frozen=True):
    """A ball; other columns of the set are ignored."""

    innings: Value
    runs_bat: Value = None
    runs_extra: Value = None
    extras: str | None = None
    wicket: str | None = None


class CricketLine(msgspec.Struct, frozen=True):
    """A match and its balls so far, in order; other columns of the set are ignored."""

    date: str | None = None
    city: str | None = None
    venue: str | None = None
    target_runs: Value = None
    target_overs: Value = None
    deliveries: Annotated[Sequence[CricketDelivery], msgspec.Meta(max_length=DELIVERIES_MAX)] = ()


class Season(msgspec.Struct, frozen=True):
    """What is known at a season's start: the usual first innings, and how many runs more are made
    at a ground."""

    par: float
    grounds: Mapping[str, float]


class Scorecard:
    """Both innings as far as they are played."""

    def __init__(self, target_runs: Value = None, target_overs: Value = None) -> None:
        self._runs = [0, 0]
        self._balls = [0, 0]
        self._wickets = [0, 0]
        self._is_chase = False
        self._target = _number("target_runs", target_runs)
        self._total_balls = _balls(_number("target_overs", target_overs))

    def add(self, ball: CricketDelivery) -> None:
        """Count a ball. Raises ValueError for one of a wrong innings, or with no number of runs."""
        innings = _number("innings", ball.innings)
        if innings not in (1, 2):
            raise ValueError("its innings is neither 1 nor 2")
        if self._is_chase and innings == 1:
            raise ValueError("it is of the first innings, and comes after one of the second")
        self._is_chase = innings == 2
        at = int(innings) - 1
        runs = (_number("runs_bat", ball.runs_bat) or 0) + (
            _number("runs_extra", ball.runs_extra) or 0
        )
        self._runs[at] += int(runs)
        self._balls[at] += not any(each in (ball.extras or "") for each in NOT_LEGAL)
        self._wickets[at] += bool(ball.wicket) and ball.wicket not in NOT_OUT

    def stats(self) -> dict[str, float]:
        """Return the stats of the match so far.

        A first innings that is over is a chase that begins: the forecast is the same before and
        after the pause. A target that rain has changed counts from the first ball of the chase.
        """
        if not self._is_chase:
            return _first_innings(self._runs[0], self._balls[0], self._wickets[0])
        return {
            "innings": 2,
            "runs": self._runs[1],
            "balls": self._balls[1],
            "wickets": self._wickets[1],
            "total_balls": self._total_balls,
            "target": self._target or self._runs[0] + 1,
        }


class CricketReader:
    """Makes stats of lines."""

    def __init__(self, grounds: bytes) -> None:
        self._seasons = msgspec.json.decode(grounds, type=dict[str, Season])

    def stats(self, line: bytes) -> Mapping[str, float]:
        """Return the stats of a match.

        Raises:
            ValueError: the line is no match; the text says why.
        """
        match = msgspec.json.decode(line, type=CricketLine)
        card = Scorecard(match.target_runs, match.target_overs)
        for number, ball in enumerate(match.deliveries, 1):
            try:
                card.add(ball)
            except ValueError as fault:
                raise ValueError(f"delivery {number}: {fault}") from None
        return {**card.stats(), **self.ground(match.date, match.city or match.venue)}

    def stats_of(self, values: Mapping[str, Any]) -> Mapping[str, float]:
        """Return the stats of a match as a room's feed tells it: ``innings``, with the ``runs``,
        ``wickets`` and legal ``balls`` (or ``overs``, 9.2) of that innings, and in the second the
        ``target``, perhaps ``total_balls``; besides ``date``, ``city`` and ``venue``.

        Raises:
            ValueError: the values are no match; the text says why.
        """

        def number(name: str, otherwise: float = 0) -> float:
            found = _number(name, values.get(name))
            return otherwise if found is None else found

        balls = number("balls", _balls(number("overs")) if values.get("overs") else 0)
        so_far = number("runs"), balls, number("wickets")
        if number("innings", 1) == 1:
            stats = _first_innings(*so_far)
        else:
            if not number("target"):
                raise ValueError("a second innings has a target")
            names = ("innings", "runs", "balls", "wickets", "total_balls", "target")
            of_chase = (2, *so_far, number("total_balls", BALLS), number("target"))
            stats = dict(zip(names, of_chase, strict=True))
        date, place = values.get("date"), values.get("city") or values.get("venue")
        return {**stats, **self.ground(None if date is None else str(date), place)}

    def ground(self, date: str | None, place: str | None) -> dict[str, float]:
        """Return the usual first innings of a season, and what a ground adds to it.

        A ground that nobody knows adds nothing. Without a date the latest season counts.
        """
        year = day(date)[:4] if date else "9999"
        past = [each for each in self._seasons if each <= year] or [min(self._seasons)]
        season = self._seasons[max(past)]
        return {"par": season.par, "ground": season.grounds.get(place or "", 0.0)}


def _first_innings(runs: float, balls: float, wickets: float) -> dict[str, float]:
    is_over = wickets >= WICKETS or balls >= BALLS
    return {
        "innings": 1 + is_over,
        "runs": 0 if is_over else runs,
        "balls": 0 if is_over else balls,
        "wickets": 0 if is_over else wickets,
        "total_balls": BALLS,
        "target": runs + 1 if is_over else 0,
    }


def _number(name: str, value: Value) -> float | None:
    if value is None or value == "":
        return None
    try:
        found: Any = float(value)
    except ValueError:
        found = -1
    if not 0 <= found <= 1000:
        raise ValueError(f"{name} is {value!r}, which is no number from 0 to 1000")
    return float(found)


def _balls(overs: float | None) -> int:
    """Return the balls of so many overs: 9.2 are nine overs and two balls."""
    if not overs:
        return BALLS
    whole = int(overs)
    return min(BALLS, 6 * whole + round(10 * (overs - whole)))
