"""The model of a chase: how its weights are found, and the graph that they become.

A side makes ``level * share * (1 - exp(-pace * balls / share))`` further runs: ``share`` is what is
left of an innings with so many wickets in hand, ``level`` what the season, the ground and, in a
chase, the first innings make usual. The first innings is held against the usual one, the second
against what it needs; both are divided by how far scores spread with so many balls to come. The
logarithm of the odds is linear in that. So runs never lower a side's chance, and a wicket never
raises it. When a chase is over, the probability is 0 or 1; a tie is a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from grandstand.forecasts.cricket import BALLS, WICKETS
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.forecasts.graph import Graph

Floats = NDArray[np.float64]

STATS = ("innings", "runs", "balls", "wickets", "total_balls", "target", "par", "ground")
START = np.array(
    [
        *(2.5, 2.3, 2, 1.8, 1.6, 1.4, 1.2, 1, 0.8),
        *(-5.1, 0, -1, 0.92, -1.2, 0.2, 1.6, 0.016, 0.2, 0, 0, 0, 0, 0),
    ]
)
"""Where the search begins, and what doubt pulls back to; the order is that of ``Weights``."""

PULL = 0.01 / len(START)
EVERY = 6
"""One ball in so many is learnt from: the others say the same."""

HALF_YEARS = 8
LEAST_SHARE = 0.02
MOST = 12.0
STEPS = 150


@dataclass(frozen=True, slots=True)
class Weights:
    """``share`` (11,) by wickets in hand; spreads are variances in runs, leads are runs."""

    share: Floats
    pace: float
    ground: float
    seen: float
    ball_spread: float
    long_spread: float
    first_lead: float
    first_spread: float
    chase_lead_by_balls: float
    chase_lead: float
    least_spread: float
    first_slope: float
    chase_slope: float
    first_odds: float
    chase_odds: float

    @classmethod
    def of(cls, given: Floats) -> Weights:
        """Return the weights that an unbounded vector stands for."""
        falls = 1 / (1 + np.exp(-given[:9]))
        share = np.r_[0, np.cumprod(np.r_[1, falls])[::-1]]
        pace, ground, seen, ball, long, lead, spread, by_balls, chase, least = given[9:19].tolist()
        first, second, first_odds, chase_odds = given[19:].tolist()
        return cls(
            share,
            pace=float(np.exp(pace)),
            ground=float(np.exp(ground)),
            seen=float(1 / (1 + np.exp(-seen))),
            ball_spread=float(np.exp(ball)),
            long_spread=float(1000 * np.exp(long)),
            first_lead=10 * lead,
            first_spread=float(100 * np.exp(spread)),
            chase_lead_by_balls=10 * by_balls,
            chase_lead=chase,
            least_spread=float(4 * np.exp(least)),
            first_slope=float(1.7 * np.exp(first)),
            chase_slope=float(1.7 * np.exp(second)),
            first_odds=first_odds,
            chase_odds=chase_odds,
        )


def log_odds(weights: Weights, stats: Floats) -> Floats:
    """Return the log odds of the side that bats first, (n,), of stats (n, STATS) in play."""
    innings, runs, balls, wickets, total, target, par, ground = stats.T
    left = np.maximum(total - balls, 0)
    share = weights.share[np.clip(WICKETS - wickets, 0, WICKETS).astype(int)]
    usual = par + weights.ground * ground
    is_first = innings == 1
    full = ~is_first & (total == BALLS)
    level = usual + weights.seen * np.where(full, target - 1 - usual, 0)
    level /= 1 - np.exp(-weights.pace * BALLS)
    gone = np.exp(-weights.pace * left / np.maximum(share, LEAST_SHARE))
    further = level * share * (1 - gone)
    part = left / BALLS
    spread = weights.ball_spread * left + weights.long_spread * part**2 + weights.least_spread
    ahead = runs + further - usual - weights.first_lead
    first = weights.first_slope * ahead / np.sqrt(spread + weights.first_spread)
    short = target - runs - further - weights.chase_lead_by_balls * part - weights.chase_lead
    chase = weights.chase_slope * short / np.sqrt(spread) + weights.chase_odds * part
    return np.asarray(np.where(is_first, first + weights.first_odds, chase))


def fitted(stats: Floats, won: Floats, years: Floats) -> Weights:
    """Return the likeliest weights, of every ball of the matches to learn from; recent years count
    more."""
    _, runs, balls, wickets, total, target, _, _ = stats.T
    is_over = (stats[:, 0] == 2) & ((runs >= target) | (balls >= total) | (wickets >= WICKETS))
    chosen = np.flatnonzero(~is_over)[::EVERY]
    given, truth = stats[chosen], won[chosen]
    counts = np.exp2((years[chosen] - years.max()) / HALF_YEARS)
    counts /= counts.sum()

    def loss(vector: Floats) -> float:
        odds = log_odds(Weights.of(vector), given)
        pulled = PULL * ((vector - START) ** 2).sum()
        return float((counts * (np.logaddexp(0, odds) - truth * odds)).sum() + pulled)

    found = minimize(loss, START, method="L-BFGS-B", options={"maxiter": STEPS, "maxfun": 10_000})
    return Weights.of(found.x)


def graph(weights: Weights) -> bytes:
    """Return the model in ONNX; about 70 operators on small arrays."""
    build = Graph(len(STATS), 2)
    innings, runs, balls, wickets, total, target, par, ground = (
        build.column("stats", number) for number in range(len(STATS))
    )
    left = build.op("Relu", build.op("Sub", total, balls))
    part = build.op("Mul", left, 1 / BALLS)
    in_hand = build.op("Cast", build.op("Clip", build.op("Sub", 10.0, wickets), 0.0, 10.0), to=7)
    share = build.op("Gather", build.constant(weights.share), in_hand)
    usual = build.op("Add", par, build.op("Mul", ground, weights.ground))
    chasing = build.op("Sub", innings, 1.0)
    full = build.op("Mul", chasing, _is(build, "Equal", total, float(BALLS)))
    seen = build.op("Mul", build.op("Sub", build.op("Sub", target, 1.0), usual), weights.seen)
    level = build.op("Add", usual, build.op("Mul", full, seen))
    level = build.op("Mul", level, 1 / (1 - np.exp(-weights.pace * BALLS)))
    gone = build.op(
        "Div", build.op("Mul", left, -weights.pace), build.op("Max", share, LEAST_SHARE)
    )
    kept = build.op("Sub", 1.0, build.op("Exp", gone))
    further = build.op("Mul", level, build.op("Mul", share, kept))
    spread = build.op("Mul", left, weights.ball_spread)
    far = build.op("Mul", build.op("Mul", part, part), weights.long_spread)
    spread = build.op("Add", build.op("Add", spread, far), weights.least_spread)
    ahead = build.op("Sub", build.op("Add", runs, further), usual)
    ahead = build.op("Mul", build.op("Sub", ahead, weights.first_lead), weights.first_slope)
    wide = build.op("Sqrt", build.op("Add", spread, weights.first_spread))
    first = build.op("Add", build.op("Div", ahead, wide), weights.first_odds)
    need = build.op("Sub", target, runs)
    short = build.op("Sub", build.op("Sub", need, further), weights.chase_lead)
    short = build.op("Sub", short, build.op("Mul", part, weights.chase_lead_by_balls))
    chase = build.op("Div", build.op("Mul", short, weights.chase_slope), build.op("Sqrt", spread))
    chase = build.op("Add", chase, build.op("Mul", part, weights.chase_odds))
    odds = build.op("Where", build.op("Greater", innings, 1.5), chase, first)
    live = build.op("Sigmoid", build.op("Clip", odds, -MOST, MOST))
    said = _ended(build, live, chasing, need, left, in_hand)
    return build.bytes(build.op("Concat", said, build.op("Sub", 1.0, said), axis=1))


def _is(build: Graph, operator: str, one: str, other: float) -> str:
    """Add 1 where two numbers compare so, else 0."""
    return build.op("Cast", build.op(operator, one, other), to=1)


def _ended(build: Graph, live: str, chasing: str, need: str, left: str, in_hand: str) -> str:
    """Add what is said when the chase is over: nothing is left to be probable."""
    out = _is(build, "Equal", build.op("Cast", in_hand, to=1), 0.0)
    stuck = build.op("Max", _is(build, "LessOrEqual", left, 0.0), out)
    stuck = build.op("Mul", stuck, chasing)
    lost = build.op("Clip", build.op("Mul", need, 0.5), 0.0, 1.0)
    lost = build.op("Where", build.op("Greater", need, 1.5), build.constant([[1.0]]), lost)
    said = build.op("Where", build.op("Greater", stuck, 0.5), lost, live)
    won = build.op("Mul", chasing, _is(build, "LessOrEqual", need, 0.0))
    zero: Any = build.constant([[0.0]])
    return build.op("Where", build.op("Greater", won, 0.5), zero, said)
