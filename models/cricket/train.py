"""Train and export the cricket model: ``python -m models.cricket.train --data DIR``.

Finds the weights by the matches up to ``TRAINED_TO`` and writes ``model.onnx``, ``grounds.json``
and the manifest. Takes half a minute on one core.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import msgspec
import numpy as np
from grandstand.forecasts.cricket import GROUNDS, Season
from grandstand.inference.forecast_manifest import ForecastEvent, ForecastInput, ForecastManifest
from grandstand.inference.manifest import DataSet, write

from models.cricket import weights
from models.cricket.sets import Match, read, seasons

HERE = Path(__file__).parent
VERSION = "2026.12-1"
TRAINED_TO = 2021
LICENCE = "MIT; Cricsheet's data, ODC-BY 1.0"

INPUTS = (
    ForecastInput("innings", default=1, least=1, most=2),
    ForecastInput("runs", least=0, most=400),
    ForecastInput("balls", least=0, most=120),
    ForecastInput("wickets", least=0, most=10),
    ForecastInput("total_balls", default=120, least=0, most=120),
    ForecastInput("target", least=0, most=400),
    ForecastInput("par", default=190, least=100, most=260),
    ForecastInput("ground", least=-40, most=40),
)


def rows(
    matches: list[Match], known: dict[str, Season]
) -> tuple[weights.Floats, weights.Floats, weights.Floats]:
    """Return the stats of every moment (n, STATS), who won (n,) and the match's place in the list
    (n,), of plain matches."""
    found, won, numbers = [], [], []
    for number, match in enumerate(matches):
        if not match.is_plain:
            continue
        season = known[str(match.year)]
        usual = [season.par, season.grounds.get(match.place, 0.0)]
        for stats in match.moments():
            found.append([*(stats[name] for name in weights.STATS[:6]), *usual])
            won.append(match.won)
            numbers.append(number)
    return np.array(found, float), np.array(won, float), np.array(numbers)


def train(data: Path, out: Path) -> None:
    """Write the model's folder."""
    matches = read(data)
    known = seasons(matches)
    stats, won, numbers = rows(matches, known)
    years = np.array([match.year for match in matches], float)[numbers]
    learnt = years <= TRAINED_TO
    found = weights.fitted(stats[learnt], won[learnt], years[learnt])
    print(found)
    grounds = msgspec.json.encode(known) + b"\n"
    (out / GROUNDS).write_bytes(grounds)
    model = out / "model.onnx"
    model.write_bytes(weights.graph(found))
    write(
        model,
        ForecastManifest,
        version=VERSION,
        card="MODEL_CARD.md",
        reads="cricket",
        inputs=INPUTS,
        labels=["bats_first", "bats_second"],
        events=[
            ForecastEvent("innings", "innings"),
            ForecastEvent("wickets", "wicket", within="innings"),
        ],
        data={GROUNDS: hashlib.sha256(grounds).hexdigest()},
        trained_on=[DataSet(set="cricket_ipl", licence=LICENCE)],
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
