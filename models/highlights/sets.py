"""The marked sets: shows as counts by steps, with the moments that somebody marked.

``gdq_audience`` has comments by the minute; they are spread evenly over its seconds in steps of 10
s, and an alarm within a minute counts at the minute's end, when its count is known. Holes and blank
counts are filled in a straight line. ``highlight_moments`` has comments, and tweets, by the second.
Any edition in the folder is read: ``NAME.csv`` with ``NAME.rundown.csv``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MINUTE_S = 60
EDITION_STEP_S = 10
LAST_FINISH_S = 600
"""An edition ends so long after its last finish."""


@dataclass(frozen=True)
class Show:
    """One show: comments and excited comments by steps, (steps,), from ``start_s`` on.

    ``marks`` are (from, to) in s: an alarm that is noticed within is right. ``known_every_s`` is
    how often counts become known. ``moments`` are when what is marked happened, in s.
    """

    name: str
    start_s: int
    step_s: int
    known_every_s: int
    comments: Floats
    excited: Floats
    marks: list[tuple[float, float]]
    moments: list[float]

    @property
    def hours(self) -> float:
        """Return how long it is."""
        return len(self.comments) * self.step_s / 3600


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def editions(folder: Path, before_s: float, after_s: float) -> list[Show]:
    """Return the marathons, by their names; an alarm from ``before_s`` before to ``after_s`` after
    the finish of a run is right."""
    names = sorted(path.name.removesuffix(".rundown.csv") for path in folder.glob("*.rundown.csv"))
    return [_edition(folder, name, before_s, after_s) for name in names]


def _edition(folder: Path, name: str, before_s: float, after_s: float) -> Show:
    runs = _rows(folder / f"{name}.rundown.csv")
    starts = [int(run["start"]) for run in runs]
    finishes = sorted(
        start + int(run["duration_s"]) for start, run in zip(starts, runs, strict=True)
    )
    minutes = _rows(folder / f"{name}.csv")
    first, last = min(starts) // MINUTE_S, (finishes[-1] + LAST_FINISH_S) // MINUTE_S
    grid = np.arange(first, last + 1)

    def counts(column: str) -> Floats:
        known = [(int(row["t"]) // MINUTE_S, float(row[column])) for row in minutes if row[column]]
        at, values = zip(*sorted(known), strict=True)
        steps = MINUTE_S // EDITION_STEP_S
        return np.repeat(np.interp(grid, at, values) / steps, steps)

    return Show(
        name,
        first * MINUTE_S,
        EDITION_STEP_S,
        MINUTE_S,
        counts("chats"),
        counts("emotes"),
        [(finish - before_s, finish + after_s) for finish in finishes],
        [float(finish) for finish in finishes],
    )


def twitch_chat(folder: Path, after_s: float) -> Show:
    """Return the hand-marked chat; an alarm within a mark or ``after_s`` after it is right."""
    rows = _rows(folder / "twitch_chat.csv")
    at = np.array([int(row["t"]) for row in rows])
    excited = np.array([float(row["one_char"]) for row in rows])
    marks = [
        (float(row["start"]), float(row["end"])) for row in _rows(folder / "twitch_chat.marks.csv")
    ]
    first = int(at.min())
    return Show(
        "twitch_chat",
        first,
        1,
        1,
        np.bincount(at - first).astype(float),
        np.bincount(at - first, excited),
        [(begin, end + after_s) for begin, end in marks],
        [begin for begin, _ in marks],
    )


def comments_of(folder: Path) -> list[tuple[int, str, int]]:
    """Return the hand-marked chat's comments: second, author, length."""
    rows = _rows(folder / "twitch_chat.csv")
    return [(int(row["t"]), row["user"], int(row["length"])) for row in rows]
