"""Tries forecasts on shows they never saw: ``python -m models.audience.evaluate --data DIR``.

Writes ``results.json`` and ``coverage.png``. The editions from 2020 on are tried, minute by minute
from start to end; each forecast knows what was known at its minute, and the editions before.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from grandstand.crowd import series
from grandstand.crowd.before import forecast_before
from grandstand.crowd.forecast import forecast
from grandstand.crowd.history import History
from grandstand.crowd.show import Floats, Show
from grandstand.crowd.weights import AHEAD, Weights, decode

from models.audience.measures import QUANTILES, Scored, bootstrap, scored
from models.audience.sets import UNTIL, Edition, editions
from models.audience.thinned import thinned
from models.audience.train import WEIGHTS

HERE = Path(__file__).parent
SMALL = (20, 100, 1000)
HOLT_WINTERS_EVERY = 90
"""Minutes between the origins at which Holt-Winters is fitted."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """An edition that is tried, with those before it; ``late`` is how persistence erred in those
    that were trained on: quantiles of the change, as logarithms, by minutes ahead."""

    edition: Edition
    past: Sequence[Show]
    usual: Mapping[int, Floats]

    def variants(self) -> dict[str, tuple[Edition, History]]:
        """Return what may be known: all of it, less, or something wrong."""
        edition, past, none = self.edition, History.of(self.past), History.of(())
        return {
            "all": (edition, past),
            "last edition alone": (edition, History.of(self.past[-1:])),
            "no history": (edition, none),
            "no run-down": (edition.without_run_down(), past),
            "the curve alone": (edition.without_run_down(), none),
            "run-down 10 min late": (edition.shifted(10), past),
            "run-down 10 min early": (edition.shifted(-10), past),
            "run-down 60 min late": (edition.shifted(60), past),
        }


def usual_changes(shows: Sequence[Edition], comments: bool) -> dict[int, Floats]:
    """Return quantiles of how much counts change, as logarithms, by minutes ahead."""
    found = {}
    for ahead in AHEAD:
        logs = [np.log(show.truth(comments) + 0.5) for show in shows]
        changes = np.concatenate([each[ahead:] - each[:-ahead] for each in logs])
        found[ahead] = np.nanquantile(changes, QUANTILES)
    return found


def persistence(counted: Floats, usual: Floats) -> Floats:
    """Return the last count for p50, with how far counts usually change around it, (minutes, 3)."""
    last = series.held(counted, 30)[:, None]
    quantiles: Floats = np.maximum((last + 0.5) * np.exp(usual * [1, 0, 1]) - 0.5, 0)
    return quantiles


def pairs(quantiles: Floats, truth: Floats, ahead: int, good: Floats) -> Scored:
    """Score the forecasts of the minutes that are good, by what came ``ahead`` later."""
    return scored(quantiles[:-ahead][good], truth[ahead:][good])


def judged(trial: Trial, weights: Weights, comments: bool) -> dict[str, Row]:
    """Return the table of one edition, by minutes ahead."""
    truth = trial.edition.truth(comments)
    made = {
        name: forecast(edition.show, past, weights, comments)
        for name, (edition, past) in trial.variants().items()
    }
    return {str(ahead): _row(trial, made, truth, ahead) for ahead in AHEAD}


def _row(trial: Trial, made: Mapping[str, Mapping[int, Floats]], truth: Floats, ahead: int) -> Row:
    kept = persistence(truth, trial.usual[ahead])
    good = np.isfinite(truth[ahead:]) & np.isfinite(truth[:-ahead])
    plain = pairs(kept, truth, ahead, good)
    best = pairs(made["all"][ahead], truth, ahead, good)
    count = int(good.sum())

    def ratio(of: str) -> list[float]:
        ours, theirs = getattr(best, of), getattr(plain, of)
        return bootstrap(lambda drawn: float(ours[drawn].mean() / theirs[drawn].mean()), count)

    return {
        "minutes": count,
        "mape": {
            "persistence": round(plain.mape(), 3),
            **{
                name: round(pairs(each[ahead], truth, ahead, good).mape(), 3)
                for name, each in made.items()
            },
        },
        "mape by persistence's": ratio("error"),
        "pinball": {"persistence": round(plain.loss(), 3), "all": round(best.loss(), 3)},
        "pinball by persistence's": ratio("pinball"),
        "coverage": bootstrap(lambda drawn: float(best.covered[drawn].mean()), count),
        "coverage of persistence": round(plain.coverage(), 3),
        "below": [round(each, 4) for each in best.under.mean(axis=0).tolist()],
        "coverages": {
            name: round(pairs(each[ahead], truth, ahead, good).coverage(), 3)
            for name, each in made.items()
        },
    }


def small(trial: Trial, weights: Weights) -> dict[str, Row]:
    """Return the coverage of small shows made of an edition, by the viewers they have; nothing is
    known of them but their curves."""
    found = {}
    for viewers in SMALL:
        edition = thinned(trial.edition, viewers)
        row: Row = {}
        for name, comments in (("viewers", False), ("comments", True)):
            made = forecast(edition.show, History.of(()), weights, comments)
            truth = edition.truth(comments)
            for ahead in AHEAD:
                good = np.isfinite(truth[ahead:]) & np.isfinite(truth[:-ahead])
                got = pairs(made[ahead], truth, ahead, good)
                row.setdefault(name, {})[str(ahead)] = round(got.coverage(), 3)
        found[str(viewers)] = row
    return found


def ahead_of_show(trial: Trial, weights: Weights) -> Row:
    """Return how good a forecast from before the show was."""
    show = trial.edition.show
    came = trial.edition.truth(False)[trial.edition.on]
    found: Row = {}
    for name, past in (("all past", trial.past), ("last edition alone", trial.past[-1:])):
        made = forecast_before(show, History.of(past), weights)[: len(came)]
        good = np.isfinite(made[:, 1]) & np.isfinite(came)
        got = scored(made[good], came[good])
        found[name] = {"mape": round(got.mape(), 1), "coverage": round(got.coverage(), 3)}
    return found


def holt_winters(trial: Trial, weights: Weights) -> dict[str, Row]:
    """Return the pinball loss and error of Holt-Winters, of persistence and of the forecast, all at
    the same minutes, by minutes ahead."""
    from models.audience import holt_winters as peers  # statsmodels is for this alone

    truth = trial.edition.truth(False)
    made = forecast(trial.edition.show, History.of(trial.past), weights)
    first = trial.edition.on.start
    origins = [
        each
        for each in range(first + 180, len(truth) - max(AHEAD), HOLT_WINTERS_EVERY)
        if np.isfinite(truth[each]) and np.isfinite(truth[[each + ahead for ahead in AHEAD]]).all()
    ]
    minutes = {each: peers.by_minute(truth[first:], each - first) for each in origins}
    seasons = {each: peers.by_season(truth[first:], each - first) for each in origins}
    found = {}
    for ahead in AHEAD:
        came = truth[[each + ahead for each in origins]]
        kept = persistence(truth, trial.usual[ahead])[origins]
        rows = {
            "persistence": (kept, came),
            "Holt-Winters, by the minute": (
                np.stack([minutes[o][ahead - 1] for o in origins]),
                came,
            ),
            "forecast": (made[ahead][origins], came),
        }
        late = [number for number, each in enumerate(origins) if seasons[each] is not None]
        if ahead % 15 == 0 and late:
            seen = np.stack([seasons[origins[number]][ahead // 15 - 1] for number in late])
            rows["Holt-Winters, daily season"] = (seen, came[late])
            rows["forecast, where there is a season"] = (made[ahead][origins][late], came[late])
        found[str(ahead)] = {
            name: _peer(scored(quantiles, counts)) for name, (quantiles, counts) in rows.items()
        }
    return {"origins": {"count": len(origins)}, **found}


def _peer(got: Scored) -> Row:
    return {
        "mape": round(got.mape(), 3),
        "pinball": round(got.loss(), 3),
        "coverage": round(got.coverage(), 3),
    }


def draw(results: Mapping[str, Row], path: Path) -> None:
    """Draw how many counts came below each quantile, by edition and minutes ahead."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4), sharey=True)
    for axis, curve in zip(axes, ("viewers", "comments"), strict=True):
        axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for name, row in results.items():
            for ahead in AHEAD:
                below = row[curve][str(ahead)]["below"]
                axis.plot(QUANTILES, below, marker="o", markersize=3, label=f"{name}, {ahead} min")
        axis.set(title=curve, xlabel="quantile", xticks=(0, *QUANTILES, 1))
    axes[0].set_ylabel("share of counts below it")
    axes[0].legend(fontsize=5)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Evaluate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
    parser.add_argument("--quick", action="store_true", help="no Holt-Winters, no plot")
    given = parser.parse_args()
    shows = editions(given.data / "gdq_audience")
    weights = decode(str(WEIGHTS), WEIGHTS.read_bytes())
    trained = [show for show in shows if show.show.start < UNTIL]
    if not trained:
        parser.error("persistence's intervals need editions from before 2020 in the folder")
    results: dict[str, Row] = {}
    for number in range(len(trained), len(shows)):
        edition, past = shows[number], [each.show for each in shows[:number]]
        trials = [
            Trial(edition, past, usual_changes(trained, comments)) for comments in (False, True)
        ]
        results[edition.name] = {
            "viewers": judged(trials[0], weights, comments=False),
            "comments": judged(trials[1], weights, comments=True),
            "before the show": ahead_of_show(trials[0], weights),
            "small shows": small(trials[0], weights),
        }
        if not given.quick:
            results[edition.name]["Holt-Winters"] = holt_winters(trials[0], weights)
        _tell(edition.name, results[edition.name])
    if not given.quick:
        draw(results, HERE / "coverage.png")
        whole = {"version": weights.version, "trained_on": weights.trained_on, "editions": results}
        (HERE / "results.json").write_text(json.dumps(whole, indent=1) + "\n", "utf-8")


def _tell(name: str, row: Row) -> None:
    for ahead in AHEAD:
        found = row["viewers"][str(ahead)]
        print(
            f"{name} {ahead:2} min: MAPE {found['mape']['persistence']} -> {found['mape']['all']}, "
            f"pinball {found['pinball']['persistence']} -> {found['pinball']['all']}, "
            f"coverage {found['coverage'][0]}"
        )


if __name__ == "__main__":
    main()
