"""Ratings of national teams in attack and defence, brought up from day to day by results. Pure.

Theory of operation: a side is expected to score ``exp(level + attack - defence ± half the home
advantage)`` goals. After a match each of its ratings moves by a share of how much it did better
than that. What a side does in front says a little of what it does at the back, too. A goal beyond
three more than expected says nothing more. The first matches of a team move it most. Beside them a
team has an Elo rating (``strength``), which knows wins alone and forgets more slowly.

``RatingHistory`` keeps what every team was rated after each of its days, so that a forecast of any
day sees the days before it alone. It begins with snapshots of past days. Where results and a
snapshot both tell of a team, the one that knows more of its matches counts.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

LEVEL = 0.15
"""Logarithm of the goals of an average side on neutral ground."""

HOME = 0.39
"""What playing at home adds to the logarithm of the goals' ratio, shared by both sides."""

STEP = 0.23
DAMPING = 6.5
CAP = 3.0
CROSS = 0.33
NEWCOMER = 20
OWN_HOME_STEP = 0.04
STRENGTH_STEP = 0.0375
MARGIN_POWER = 0.8
STRENGTH_HOME = 0.25
"""All of these were chosen on the results of 2005 to 2018 (``models/football/MODEL_CARD.md``).
Other steps for friendlies and for finals changed nothing."""

MOST_LOG_GOALS = 2.5


class Rating(NamedTuple):
    """What a team's matches say of it; 0 is an average team. ``advantage`` is its own at home,
    beside ``HOME``; ``strength`` is Elo's, in 400 points; ``played`` counts its matches."""

    attack: float = 0.0
    defence: float = 0.0
    advantage: float = 0.0
    strength: float = 0.0
    played: int = 0


AVERAGE = Rating()


class Result(NamedTuple):
    """A match that has been played. ``date`` is in ISO form."""

    date: str
    home: str
    away: str
    home_goals: int
    away_goals: int
    tournament: str
    neutral: bool


Snapshot = Mapping[str, Rating]


def rated(home: Rating, away: Rating, result: Result) -> tuple[Rating, Rating]:
    """Return both teams' ratings after a match."""
    own = 0.0 if result.neutral else HOME + home.advantage
    home_better = _better(result.home_goals, LEVEL + home.attack - away.defence + own / 2)
    away_better = _better(result.away_goals, LEVEL + away.attack - home.defence - own / 2)
    learnt = 0.0 if result.neutral else OWN_HOME_STEP * (home_better - away_better)
    gained = _gained(home, away, result)
    return (
        _moved(home, home_better, away_better, learnt, gained),
        _moved(away, away_better, home_better, 0.0, -gained),
    )


def _gained(home: Rating, away: Rating, result: Result) -> float:
    """Return how much home's Elo rating grows; away's falls by as much."""
    ahead = home.strength - away.strength
    ahead += 0.0 if result.neutral else STRENGTH_HOME + home.advantage / 2
    goals = result.home_goals - result.away_goals
    won = 0.5 if goals == 0 else float(goals > 0)
    size: float = max(1, abs(goals)) ** MARGIN_POWER
    return STRENGTH_STEP * size * (won - 1 / (1 + 10**-ahead))


def _better(goals: int, log_expected: float) -> float:
    expected = math.exp(min(MOST_LOG_GOALS, log_expected))
    return (min(goals, CAP + expected) - expected) / (expected + DAMPING)


def _moved(
    rating: Rating, scored: float, conceded: float, at_home: float, strength: float
) -> Rating:
    step = STEP * (1 + NEWCOMER / (rating.played + 1))
    return Rating(
        rating.attack + step * (scored - CROSS * conceded),
        rating.defence + step * (CROSS * scored - conceded),
        rating.advantage + at_home,
        rating.strength + strength,
        rating.played + 1,
    )


class RatingHistory:
    """Ratings of every team after each of its days."""

    def __init__(
        self, results: Iterable[Result] = (), snapshots: Mapping[str, Snapshot] | None = None
    ) -> None:
        """Rate all teams. ``snapshots`` are by date: what teams were rated after that day."""
        self._dates: dict[str, list[str]] = {}
        self._ratings: dict[str, list[Rating]] = {}
        waiting = sorted((snapshots or {}).items())
        for result in sorted(results, key=lambda each: each.date):
            while waiting and waiting[0][0] < result.date:
                self._begin(*waiting.pop(0))
            before = self._latest(result.home), self._latest(result.away)
            after = rated(*before, result)
            for team, rating in zip((result.home, result.away), after, strict=True):
                self._set(result.date, team, rating)
        for snapshot in waiting:
            self._begin(*snapshot)

    def before(self, date: str, team: str) -> Rating | None:
        """Return a team's rating on the eve of a day, or None if nothing is known of it by then.

        An empty date means after all that is known.
        """
        dates: Sequence[str] = self._dates.get(team, ())
        place = bisect_left(dates, date) if date else len(dates)
        return self._ratings[team][place - 1] if place else None

    def snapshot(self, date: str) -> dict[str, Rating]:
        """Return what all teams were rated on the eve of a day."""
        found = {team: self.before(date, team) for team in sorted(self._dates)}
        return {team: rating for team, rating in found.items() if rating is not None}

    def _begin(self, date: str, snapshot: Snapshot) -> None:
        for team, rating in snapshot.items():
            if rating.played > self._latest(team).played:
                self._set(date, team, rating)

    def _latest(self, team: str) -> Rating:
        return self._ratings[team][-1] if team in self._ratings else AVERAGE

    def _set(self, date: str, team: str, rating: Rating) -> None:
        """A team that plays twice on a day has one rating after it."""
        dates = self._dates.setdefault(team, [])
        ratings = self._ratings.setdefault(team, [])
        if dates and dates[-1] == date:
            ratings[-1] = rating
        else:
            dates.append(date)
            ratings.append(rating)
