"""The model of goals: how its weights are found, and the graph that they become.

Both sides score what is left of the match by Poisson's law. The logarithm of a side's rate before
the match is linear in the ratings, its attack and the other's defence, and in who is at home. What
is left of it at a minute is the share of goals that fall later, corrected by a few terms that are
linear, too. Home, draw and away are sums over both sides' further goals. Weights are the most
likely ones for the goals themselves: they say more than the outcomes.

A goal moves the score and nothing else, so it never lowers its side's chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from grandstand.forecasts.team_ratings import AVERAGE, RatingHistory
from numpy.typing import NDArray

from models.football.sets import FROM, Match, Moments, moments
from models.forecasts.graph import Graph

Floats = NDArray[np.float64]

FINALS = (
    *("FIFA World Cup", "UEFA Euro", "Copa América", "African Cup of Nations", "AFC Asian Cup"),
    *("Gold Cup", "Confederations Cup", "Oceania Nations Cup"),
)
"""Competitions with rounds that extra time decides."""

STATS = (
    *("minute", "home_score", "away_score", "home_attack", "home_defence"),
    *("away_attack", "away_defence", "home_advantage", "home_strength", "away_strength"),
    *("neutral", "friendly", "finals"),
)
"""The columns of the model's input."""

STEPS = list(range(0, 90, 5))
LAST = 120
IN_EXTRA_TIME = 0.3
"""What extra time brings, as a share of the 90 minutes' goals; by its length, less caution."""

AT_90 = 0.02
"""What is still to come at 90, as a share: a clock at 90 doesn't say that the match is over."""

SPREAD = 0.95
"""How far apart both sides' rates are taken to be, as a share of what the years to 2021 say: tuned
on all matches of 2022 before they began. Log loss with 0.9, 0.95 and 1 was 0.9075, 0.9067 and
0.9068."""

LOG_RATES = -3.0, 1.6
"""Bounds of the logarithm of a side's rate: at most five goals. The least upper one that helped:
with 2.3, 2 and 1.6 the log loss before all matches of 2014 to 2021 was 0.8688, 0.8685 and 0.8682.
Ratings this far apart are mostly of teams that nobody knows well."""

MOST_GOALS = 32
RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Weights:
    """``base`` (9,) as the columns of ``_base_columns``, ``later`` (5,) as those of
    ``_later_columns``; ``left`` (LAST + 1,) is the share of goals after each minute."""

    base: Floats
    later: Floats
    left: Floats


def stats_of(matches: list[Match], history: RatingHistory) -> Floats:
    """Return the stats of matches before they begin, (n, STATS)."""
    rows = []
    for match in matches:
        result = match.result
        home = history.before(result.date, result.home) or AVERAGE
        away = history.before(result.date, result.away) or AVERAGE
        rows.append(
            [
                *(0, 0, 0, home.attack, home.defence, away.attack, away.defence),
                *(home.advantage, home.strength, away.strength),
                *(result.neutral, result.tournament == "Friendly", result.tournament in FINALS),
            ]
        )
    return np.array(rows, float)


def stats_at(before: Floats, rows: Moments) -> Floats:
    """Return the stats at moments, given those of their matches before they begin."""
    stats = before[rows.match]
    stats[:, 0], stats[:, 1], stats[:, 2] = rows.minute, rows.home, rows.away
    return stats


def fitted(matches: list[Match], before: Floats, until: int) -> Weights:
    """Return the weights by the matches from ``FROM`` to the year ``until``."""
    years = np.array([match.year for match in matches])
    learnt = (years >= FROM) & (years <= until)
    goals = np.array([(each.result.home_goals, each.result.away_goals) for each in matches], float)
    base = likeliest(_base_columns(before[learnt]), goals[learnt], 0.0)
    known = [each for each, yes in zip(matches, learnt, strict=True) if yes and each.goals]
    left = _shares_left(known)
    chosen = [number for number, yes in enumerate(learnt) if yes and matches[number].goals]
    rows = moments(known, STEPS)
    stats = stats_at(before[chosen], rows)
    rates = np.clip(_base_columns(stats) @ base, *LOG_RATES)
    further = goals[chosen][rows.match] - np.stack([rows.home, rows.away], axis=1)
    offset = rates + np.log(left[rows.minute])[:, None]
    return Weights(base, likeliest(_later_columns(stats), further, offset), left)


def _shares_left(matches: list[Match]) -> Floats:
    minutes = np.array([at for each in matches for side in each.goals or () for at in side])
    minutes = minutes[minutes <= 90]
    normal = [max(AT_90, float((minutes > at).mean())) for at in range(91)]
    extra = [IN_EXTRA_TIME * max(0.5, LAST - at) / 30 for at in range(91, LAST + 1)]
    return np.array([*normal, *extra])


def _base_columns(stats: Floats) -> Floats:
    """Return both sides' columns before the match, (n, 2, 9)."""
    home_attack, home_defence, away_attack, away_defence, advantage = stats.T[3:8]
    stronger = stats[:, 8] - stats[:, 9]
    at_home, friendly = 1 - stats[:, 10], stats[:, 11]
    one, none = np.ones(len(stats)), np.zeros(len(stats))
    own = advantage * at_home
    home = [one, at_home, none, home_attack, away_defence, friendly, own, none, stronger]
    away = [one, none, at_home, away_attack, home_defence, friendly, none, own, -stronger]
    return np.stack([np.stack(home, axis=1), np.stack(away, axis=1)], axis=1)


def _later_columns(stats: Floats) -> Floats:
    """Return both sides' columns of the correction at a minute, (n, 2, 5)."""
    late = stats[:, 0] / 90
    at_home, finals = 1 - stats[:, 10], stats[:, 12]
    one, none = np.ones(len(stats)), np.zeros(len(stats))
    sides = [[one, late, home, home * late, finals] for home in (at_home, none)]
    return np.stack([np.stack(side, axis=1) for side in sides], axis=1)


def likeliest(columns: Floats, goals: Floats, offset: Floats | float) -> Floats:
    """Return Poisson regression's weights for goals (n, 2), by Newton's steps."""
    width = columns.shape[2]
    by_row, counts = columns.reshape(-1, width), goals.ravel()
    known = np.broadcast_to(offset, goals.shape).ravel()
    weights = np.zeros(width)
    for _ in range(50):
        expected = np.exp(np.clip(by_row @ weights + known, -9, 3))
        slope = by_row.T @ (counts - expected) - RIDGE * weights
        bend = (by_row * expected[:, None]).T @ by_row + RIDGE * np.eye(width)
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def graph(weights: Weights) -> bytes:
    """Return the model in ONNX; about 50 operators on small arrays."""
    build = Graph(len(STATS), 3)
    minute, home, away, advantage, neutral, finals = (
        build.column("stats", STATS.index(name))
        for name in ("minute", "home_score", "away_score", "home_advantage", "neutral", "finals")
    )
    rates = _base(build, weights.base, advantage, neutral)
    lead = build.op("Sub", home, away)
    row = build.op("Cast", build.op("Floor", minute), to=7)
    log_left = build.op("Gather", build.constant(np.log(weights.left)), row)
    late = build.op("Mul", minute, 1 / 90)
    log_rates = _later(build, weights.later, rates, log_left, late, neutral, finals)
    return build.bytes(_outcomes(build, log_rates, lead))


def _base(build: Graph, weights: Floats, advantage: str, neutral: str) -> str:
    """Add both sides' log rates before the match, (n, 2)."""
    one, at_home, away_there, attack, defence, friendly, own, against, strength = weights.tolist()
    linear = np.zeros((len(STATS), 2))
    for name, column, value in (
        *(("home_attack", 0, attack), ("away_defence", 0, defence), ("friendly", 0, friendly)),
        *(("home_strength", 0, strength), ("away_strength", 0, -strength)),
        *(("home_strength", 1, -strength), ("away_strength", 1, strength)),
        *(("away_attack", 1, attack), ("home_defence", 1, defence), ("friendly", 1, friendly)),
    ):
        linear[STATS.index(name), column] = value
    plain = build.op("Add", build.op("MatMul", "stats", build.constant(linear)), one)
    there = build.op("Mul", advantage, build.constant([[own, against]]))
    there = build.op("Add", there, build.constant([[at_home, away_there]]))
    there = build.op("Mul", there, build.op("Sub", 1.0, neutral))
    rates = build.op("Clip", build.op("Add", plain, there), *LOG_RATES)
    own, other = (1 + SPREAD) / 2, (1 - SPREAD) / 2
    return build.op("MatMul", rates, build.constant([[own, other], [other, own]]))


def _later(build: Graph, weights: Floats, rates: str, log_left: str, *given: str) -> str:
    """Add both sides' log rates of what is left, (n, 2)."""
    late, neutral, finals = given
    one, by_late, home, home_late, final = weights.tolist()
    total = build.op("Add", rates, log_left)
    total = build.op("Add", total, build.op("Add", build.op("Mul", late, by_late), one))
    there = build.op("Add", build.op("Mul", late, home_late), home)
    there = build.op("Mul", there, build.op("Sub", 1.0, neutral))
    total = build.op("Add", total, build.op("Mul", there, build.constant([[1.0, 0.0]])))
    return build.op("Clip", build.op("Add", total, build.op("Mul", finals, final)), -9.0, 2.7)


def _outcomes(build: Graph, log_rates: str, lead: str) -> str:
    """Add home, draw and away, (n, 3), of both sides' log rates and home's lead."""
    goals = np.arange(MOST_GOALS)
    factorials = [math.lgamma(each + 1) for each in goals]
    axis = build.constant([2], np.int64)
    high = build.op("Unsqueeze", log_rates, axis)
    terms = build.op("Mul", high, build.constant(goals))
    terms = build.op("Sub", terms, build.op("Exp", high))
    chances = build.op("Exp", build.op("Sub", terms, build.constant(factorials)))
    sides: list[Any] = [
        build.op("Gather", chances, build.constant(number, np.int64), axis=1) for number in (0, 1)
    ]
    first = build.op("Unsqueeze", sides[0], axis)
    second = build.op("Unsqueeze", sides[1], build.constant([1], np.int64))
    joint = build.op("Mul", first, second)
    ends = build.constant(goals[:, None] - goals[None, :])
    ends = build.op("Sign", build.op("Add", ends, build.op("Unsqueeze", lead, axis)))
    both = build.constant([1, 2], np.int64)
    sums = [
        build.op("ReduceSum", build.op("Mul", joint, kept), both, keepdims=0)
        for kept in (
            build.op("Relu", ends),
            build.op("Sub", 1.0, build.op("Abs", ends)),
            build.op("Relu", build.op("Neg", ends)),
        )
    ]
    columns = [build.op("Unsqueeze", each, build.constant([1], np.int64)) for each in sums]
    found = build.op("Concat", *columns, axis=1)
    total = build.op("ReduceSum", found, build.constant([1], np.int64), keepdims=1)
    return build.op("Div", found, total)
