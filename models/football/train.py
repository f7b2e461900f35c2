"""Train and export the football model: ``python -m models.football.train --data DIR``.

Rates every team through all results, finds the weights by the matches up to ``TRAINED_TO``, and
writes ``model.onnx``, ``ratings.json`` and the manifest. Takes half a minute on one core.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import msgspec
from grandstand.forecasts.football import RATINGS
from grandstand.forecasts.team_ratings import Rating, RatingHistory
from grandstand.inference.forecast_manifest import ForecastEvent, ForecastInput, ForecastManifest
from grandstand.inference.manifest import DataSet, write

from models.football import weights
from models.football.sets import Match, read

HERE = Path(__file__).parent
VERSION = "2026.12-2"
TRAINED_TO = 2021
SNAPSHOTS = ("2021-12-31", "2022-12-31", "2023-12-31", "2024-12-31")
SHOWN_IF_PLAYED_FROM = "2010-01-01"
"""Ratings of teams that are gone aren't shipped."""

BOUNDS = {
    "minute": (0.0, float(weights.LAST)),
    **dict.fromkeys(("home_score", "away_score"), (0.0, 40.0)),
    **dict.fromkeys(("home_attack", "home_defence", "away_attack", "away_defence"), (-4.0, 4.0)),
    "home_advantage": (-1.0, 1.0),
    **dict.fromkeys(("home_strength", "away_strength"), (-3.0, 3.0)),
    "neutral": (0.0, 1.0),
}


def inputs() -> list[ForecastInput]:
    """Return the inputs in the order of ``weights.STATS``."""
    of_tournament = {
        "friendly": {"Friendly": 1.0},
        "finals": dict.fromkeys(weights.FINALS, 1.0),
    }
    return [
        ForecastInput("tournament", values=of_tournament[name])
        if name in of_tournament
        else ForecastInput(name, least=BOUNDS[name][0], most=BOUNDS[name][1])
        for name in weights.STATS
    ]


def snapshots(matches: list[Match], history: RatingHistory) -> dict[str, dict[str, Rating]]:
    """Return what teams that still play were rated after each day of ``SNAPSHOTS``."""
    playing = {
        team
        for match in matches
        if match.result.date >= SHOWN_IF_PLAYED_FROM
        for team in (match.result.home, match.result.away)
    }
    return {
        date: {
            team: Rating(
                round(rating.attack, 3),
                round(rating.defence, 3),
                round(rating.advantage, 3),
                round(rating.strength, 3),
                rating.played,
            )
            for team, rating in history.snapshot(f"{date}~").items()  # the day after
            if team in playing
        }
        for date in SNAPSHOTS
    }


def train(data: Path, out: Path) -> None:
    """Write the model's folder."""
    matches = read(data)
    history = RatingHistory(each.result for each in matches)
    found = weights.fitted(matches, weights.stats_of(matches, history), TRAINED_TO)
    print("before the match", found.base.round(3), "\nlater", found.later.round(3))
    ratings = msgspec.json.encode(snapshots(matches, history)) + b"\n"
    (out / RATINGS).write_bytes(ratings)
    model = out / "model.onnx"
    model.write_bytes(weights.graph(found))
    write(
        model,
        ForecastManifest,
        version=VERSION,
        card="MODEL_CARD.md",
        reads="football",
        inputs=inputs(),
        labels=["home", "draw", "away"],
        events=[
            ForecastEvent("home_score", "goal", "home"),
            ForecastEvent("away_score", "goal", "away"),
        ],
        data={RATINGS: hashlib.sha256(ratings).hexdigest()},
        trained_on=[DataSet(set="international_football", licence="CC0 1.0")],
    )


def main() -> None:
    """Train from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    arguments.add_argument("--out", type=Path, default=HERE)
    given = arguments.parse_args()
    train(given.data, given.out)


if __name__ == "__main__":
    main()
