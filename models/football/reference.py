"""What the model is held against: Elo ratings and Poisson's law, with nothing learnt in between.

Elo as eloratings.net has it: steps of 20 for friendlies to 60 for a World Cup, more for a large
win, 100 points for playing at home. Each side's rate is linear, as a logarithm, in the difference
of Elo. What is left of it at a minute is the share of the time that is left, as the textbook has
it, or the share of the goals that fall later (``left``).
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from models.football.sets import FROM, Match, Moments
from models.football.weights import FINALS, MOST_GOALS, Floats, likeliest

HOME_POINTS = 100


def lead_in_elo(matches: list[Match]) -> Floats:
    """Return how far home is ahead in Elo before each match, in 400 points, (n,)."""
    ratings: dict[str, float] = defaultdict(float)
    leads = []
    for match in matches:
        result = match.result
        points = ratings[result.home] - ratings[result.away]
        points += 0 if result.neutral else HOME_POINTS
        goals = result.home_goals - result.away_goals
        size = abs(goals)
        step = _step(result.tournament) * (1 if size < 2 else 1.5 if size == 2 else (11 + size) / 8)
        moved = step * (0.5 + np.sign(goals) / 2 - 1 / (1 + 10 ** (-points / 400)))
        ratings[result.home] += moved
        ratings[result.away] -= moved
        leads.append(points / 400)
    return np.array(leads)


def _step(tournament: str) -> int:
    if tournament == "FIFA World Cup":
        return 60
    if tournament in FINALS:
        return 50
    if "qualification" in tournament or "Nations League" in tournament:
        return 40
    return 20 if tournament == "Friendly" else 30


def forecast(
    matches: list[Match], leads: Floats, left: Floats, rows: Moments, until: int
) -> Floats:
    """Return the reference's probabilities at moments, (n, 3); trained to the year ``until``.

    ``left`` has for each minute the share of a side's goals that is still to come.
    """
    learnt = np.array([FROM <= each.year <= until for each in matches])
    columns = np.stack([np.ones_like(leads), leads], axis=1)
    columns = np.stack([columns, columns * [1, -1]], axis=1)
    goals = np.array([(each.result.home_goals, each.result.away_goals) for each in matches], float)
    rates = np.exp(columns @ likeliest(columns[learnt], goals[learnt], 0.0))
    expected = np.minimum(rates[rows.match] * left[rows.minute][:, None], 15)
    counts = np.arange(MOST_GOALS)
    factorials = np.array([math.lgamma(each + 1) for each in counts])
    chances = np.exp(counts * np.log(expected)[..., None] - expected[..., None] - factorials)
    joint = chances[:, 0, :, None] * chances[:, 1, None, :]
    ends = counts[:, None] - counts[None, :] + (rows.home - rows.away)[:, None, None]
    found = np.stack([(joint * (np.sign(ends) == sign)).sum(axis=(1, 2)) for sign in (1, 0, -1)], 1)
    return np.asarray(found / found.sum(axis=1, keepdims=True))
