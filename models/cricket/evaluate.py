"""Figures of the shipped cricket model: ``python -m models.cricket.evaluate --data DIR``.

Writes ``results.json`` and ``reliability.svg``. The ONNX file itself is asked, before the first
ball and after each.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from grandstand.inference.forecaster import Forecaster

from models.cricket import reference, weights
from models.cricket.sets import read, seasons
from models.cricket.train import TRAINED_TO, rows
from models.forecasts.diagram import drawn
from models.forecasts.measures import bootstrap, figures, log_losses, reliability

HERE = Path(__file__).parent
PERIODS = {"to 2021, learnt from": (2008, 2021), "2022 and 2023, test": (2022, 2023)}
PHASES = {
    "first innings, overs 1 to 6": (1, 0, 36),
    "first innings, overs 7 to 15": (1, 36, 90),
    "first innings, overs 16 to 20": (1, 90, 120),
    "chase, overs 1 to 6": (2, 0, 36),
    "chase, overs 7 to 15": (2, 36, 90),
    "chase, overs 16 to 20": (2, 90, 121),
}
TOGETHER = 4096


def asked(model: Forecaster, stats: weights.Floats) -> weights.Floats:
    """Return the model's probabilities, (n, 2)."""
    found: list[list[float]] = []
    for first in range(0, len(stats), TOGETHER):
        some = stats[first : first + TOGETHER].tolist()
        named = [dict(zip(weights.STATS, row, strict=True)) for row in some]
        found += [list(each.values()) for each in model.forecast(named)]
    return np.array(found)


def cost_us(model: Forecaster) -> float:
    """Return the median time of one forecast, in microseconds."""
    match = {"innings": 2, "runs": 80, "balls": 60, "wickets": 3, "target": 171, "par": 170}
    times = []
    for _ in range(5000):
        began = time.perf_counter()
        model.forecast([match])
        times.append(time.perf_counter() - began)
    return round(float(np.median(times)) * 1e6, 1)


def main() -> None:
    """Evaluate from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    given = arguments.parse_args()
    matches = read(given.data)
    stats, won, numbers = rows(matches, seasons(matches))
    years = np.array([match.year for match in matches])[numbers]
    model = Forecaster(HERE / "manifest.json")
    said, outcomes = asked(model, stats), (1 - won).astype(np.int64)
    table = reference.forecast(stats, won, years <= TRAINED_TO)
    tables = np.stack([table, 1 - table], axis=1)
    results: dict[str, Any] = {"version": model.manifest.version, "cost_us": cost_us(model)}
    series = {}
    for name, (first, last) in PERIODS.items():
        here = (years >= first) & (years <= last)
        gains = log_losses(tables[here], outcomes[here]) - log_losses(said[here], outcomes[here])
        _, places, counts = np.unique(numbers[here], return_inverse=True, return_counts=True)
        results[name] = {
            "matches": len(counts),
            "every_ball": figures(said[here], outcomes[here]),
            "score_table": figures(tables[here], outcomes[here]),
            "gained_by_match": bootstrap(np.bincount(places, gains) / counts),
            "by_phase": {
                phase: figures(said[inside], outcomes[inside])
                for phase, (innings, begin, end) in PHASES.items()
                for inside in [
                    here & (stats[:, 0] == innings) & (stats[:, 2] >= begin) & (stats[:, 2] < end)
                ]
            },
        }
        series[name] = reliability(said[here], outcomes[here])
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HERE / "reliability.svg").write_text(drawn("cricket, after every ball", series))
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
