"""Who comes and goes in a simulated run, drawn from the curve of a real show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from grandstand.crowd.curve_file import read_items, read_show
from grandstand.crowd.forecast import STAY, forecast
from grandstand.crowd.history import SHOWS_MAX, History, cleaned
from grandstand.crowd.show import Floats, Show
from grandstand.crowd.weights import Weights

FIRST_TRIED = 2020
PEAK = 100_000
STEP_S = 5
MINUTES_AHEAD = (5, 15)


@dataclass(frozen=True)
class Audience:
    """Who comes and goes in one run: arrivals in each step, the share of those present who leave,
    and by the minute how many there would be if nobody was kept out, with p90 of the forecasts by
    minutes ahead."""

    first: float
    arrivals: Floats
    leaving: Floats
    present: Floats
    p90: dict[int, Floats]


def audience(show: Show, history: History, weights: Weights, seed: int) -> Audience:
    """Return one drawn from a show's curve."""
    wanted = _by_step(show)
    grows = np.diff(wanted, append=wanted[-1])
    goes = wanted * STEP_S / (STAY * 60)
    comes = np.maximum(grows + goes, 0.0)
    leaving = (comes - grows) / np.maximum(wanted, 1.0)
    arrivals = np.random.default_rng(seed).poisson(comes).astype(float)
    present, now = np.zeros(len(arrivals)), float(wanted[0])
    for step, (more, share) in enumerate(zip(arrivals.tolist(), leaving.tolist(), strict=True)):
        present[step] = now = max(0.0, now * (1 - share) + more)
    by_minute = np.rint(present[:: 60 // STEP_S])
    seen = Show(show.begin, by_minute, np.full(len(by_minute), np.nan), show.items)
    made = forecast(seen, history, weights, minutes_ahead=MINUTES_AHEAD)
    p90 = {
        ahead: np.where(np.isfinite(of[:, 2]), of[:, 2], by_minute) for ahead, of in made.items()
    }
    return Audience(float(wanted[0]), arrivals, leaving, present, p90)


def _by_step(show: Show) -> Floats:
    """Return how many want to be there at each step. Outages of the counter are left out; of counts
    that hold their value for minutes the changes alone are believed."""
    counts = cleaned(show).viewers
    known = np.flatnonzero(np.isfinite(counts))
    changed = known[np.flatnonzero(np.diff(counts[known], prepend=np.nan) != 0)]
    steps = np.arange(changed[0] * 60, changed[-1] * 60, STEP_S) / 60
    wanted: Floats = np.interp(steps, changed, counts[changed])
    scaled: Floats = wanted * PEAK / wanted.max()
    return scaled


def editions(folder: Path) -> list[tuple[str, Show, list[Show]]]:
    """Return the editions to be tried, each with those before it."""
    names = sorted(
        (path.stem for path in folder.glob("*.csv") if "." not in path.stem),
        key=lambda name: read(folder, name).begin,
    )
    shows = [read(folder, name) for name in names]
    return [
        (name, show, shows[max(0, place - SHOWS_MAX) : place])
        for place, (name, show) in enumerate(zip(names, shows, strict=True))
        if int(name[-4:]) >= FIRST_TRIED
    ]


def read(folder: Path, name: str) -> Show:
    """Return one edition with its run-down."""
    rundown = folder / f"{name}.rundown.csv"
    items = read_items(rundown.name, rundown.read_text()) if rundown.exists() else []
    return read_show(name, (folder / f"{name}.csv").read_text(), items)
