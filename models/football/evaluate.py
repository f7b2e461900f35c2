"""Figures of the shipped football model: ``python -m models.football.evaluate --data DIR``.

Writes ``results.json`` and ``reliability.svg``. The ONNX file itself is asked.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from grandstand.forecasts.team_ratings import RatingHistory
from grandstand.inference.forecaster import Forecaster

from models.football import reference, weights
from models.football.sets import Match, Moments, moments, read
from models.football.train import TRAINED_TO
from models.forecasts.diagram import drawn
from models.forecasts.measures import bootstrap, figures, log_losses, reliability

HERE = Path(__file__).parent
YEARS = {"2022, tuned on": (2022, 2022), "2023 and 2024, test": (2023, 2024)}
MINUTES = [0, 15, 30, 45, 60, 75, 85]
EVERY = list(range(91))
QUARTER = 15
TOGETHER = 2048


def asked(model: Forecaster, stats: weights.Floats) -> weights.Floats:
    """Return the model's probabilities, (n, 3)."""
    found: list[list[float]] = []
    for first in range(0, len(stats), TOGETHER):
        rows = [
            {
                **dict(zip(weights.STATS, row, strict=True)),
                "tournament": "Friendly" if row[11] else weights.FINALS[0] if row[12] else "",
            }
            for row in stats[first : first + TOGETHER].tolist()
        ]
        found += [list(each.values()) for each in model.forecast(rows)]
    return np.array(found)


def cost_us(model: Forecaster) -> float:
    """Return the median time of one forecast, in microseconds."""
    match = {"minute": 30.0, "home_score": 1.0, "home_attack": 0.8, "away_attack": -0.4}
    times = []
    for _ in range(5000):
        began = time.perf_counter()
        model.forecast([match])
        times.append(time.perf_counter() - began)
    return round(float(np.median(times)) * 1e6, 1)


def period(
    matches: list[Match], before: weights.Floats, model: Forecaster, first: int, last: int
) -> tuple[dict[str, Any], list[tuple[int, float, float]]]:
    """Return the figures of some years, and their reliability at ``MINUTES``."""
    inside = [number for number, each in enumerate(matches) if first <= each.year <= last]
    some = [matches[number] for number in inside if matches[number].goals]
    numbers = np.array([number for number in inside if matches[number].goals])

    def at(minutes: list[int]) -> tuple[Moments, weights.Floats, Any]:
        rows = moments(some, minutes)
        found = asked(model, weights.stats_at(before[numbers], rows))
        return rows, found, np.array([each.outcome for each in some])[rows.match]

    rows, found, outcomes = at(MINUTES)
    whole = Moments(numbers[rows.match], rows.minute, rows.home, rows.away)
    leads = reference.lead_in_elo(matches)
    losses = log_losses(found, outcomes)
    against = {}
    for name, left in (
        ("textbook", np.maximum(1 - np.arange(91) / 90, weights.AT_90)),
        ("goals' own times", weights.fitted(matches, before, TRAINED_TO).left),
    ):
        plain = reference.forecast(matches, leads, left, whole, TRAINED_TO)
        gained = (log_losses(plain, outcomes) - losses).reshape(len(some), len(MINUTES))
        against[name] = {**figures(plain, outcomes), "gained": bootstrap(gained.mean(axis=1))}
    everyone = np.array(inside)
    begun = np.zeros_like(everyone)
    start = Moments(everyone, begun, begun, begun)
    ended = np.array([matches[number].outcome for number in inside])
    opening = asked(model, before[everyone])
    plain = reference.forecast(matches, leads, np.ones(1), start, TRAINED_TO)
    gained = log_losses(plain, ended) - log_losses(opening, ended)
    every, finely, ends = at(EVERY)
    said = {
        "matches": len(some),
        "at_minutes": figures(found, outcomes),
        "references": against,
        "before_all_matches": {
            **figures(opening, ended),
            "reference": figures(plain, ended)["log_loss"],
            "gained": bootstrap(gained),
        },
        "every_minute": figures(finely, ends),
        "by_quarter": {
            f"{start} to {start + QUARTER - 1}": figures(finely[here], ends[here])
            for start in range(0, 90, QUARTER)
            for here in [every.minute // QUARTER == start // QUARTER]
        },
    }
    return said, reliability(found, outcomes)


def main() -> None:
    """Evaluate from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    given = arguments.parse_args()
    matches = read(given.data)
    history = RatingHistory(each.result for each in matches)
    before = weights.stats_of(matches, history)
    model = Forecaster(HERE / "manifest.json")
    results: dict[str, Any] = {"version": model.manifest.version, "cost_us": cost_us(model)}
    series = {}
    for name, years in YEARS.items():
        results[name], series[name] = period(matches, before, model, *years)
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "reliability.svg").write_text(drawn("football, at seven minutes", series))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
