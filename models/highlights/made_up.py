"""Chats that are made up, so that it is known when each burst begins. Pure.

No marked set tells that: marks are made by hand, and a beginning found in hindsight in the counts
lies before what anybody could notice. The level wanders, as that of a real chat does. A burst takes
some seconds to rise, and its height differs from burst to burst.
"""

from __future__ import annotations

import math

import numpy as np

from models.highlights.sets import Show

RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Comments a second of the rooms."""

SHOWS = 5
"""Of each rate."""

HOURS = 3
EVERY_S = 600
FIRST_S = 900
JITTER_S = 200
TIMES, SPREAD = 5.0, 0.4
"""A burst adds so many times the usual rate in the median, and its logarithm has this deviation."""

RISE_S, HIGH_S, FALL_S, LENGTH_S = 3.0, 8, 10.0, 120
WANDER, KEPT, LEVEL_S = 0.35, 0.95, 10
"""The logarithm of the level has this deviation, and keeps so much of itself each 10 s."""

RIGHT_S = 40.0
"""An alarm so long after the beginning is right."""


def shows(rate: float) -> list[Show]:
    """Return the shows of one rate, the same each time."""
    return [_show(rate, seed) for seed in range(SHOWS)]


def _show(rate: float, seed: int) -> Show:
    chance = np.random.default_rng([seed, round(100 * rate)])
    seconds = HOURS * 3600
    level = np.zeros(seconds // LEVEL_S)
    for step in range(1, len(level)):
        moved = WANDER * math.sqrt(1 - KEPT**2) * chance.normal()
        level[step] = KEPT * level[step - 1] + moved
    expected = rate * np.repeat(np.exp(level - WANDER**2 / 2), LEVEL_S)
    age = np.arange(LENGTH_S)
    shape = (1 - np.exp(-(age + 0.5) / RISE_S)) * np.exp(-np.maximum(0, age - HIGH_S) / FALL_S)
    begins = [
        first + int(chance.integers(JITTER_S))
        for first in range(FIRST_S, seconds - LENGTH_S - JITTER_S, EVERY_S)
    ]
    for begin in begins:
        height = rate * TIMES * chance.lognormal(0, SPREAD)
        expected[begin : begin + LENGTH_S] += height * shape
    return Show(
        f"made up, {rate}/s",
        0,
        1,
        1,
        chance.poisson(expected).astype(float),
        np.zeros(seconds),
        [(float(begin), begin + RIGHT_S) for begin in begins],
        [float(begin) for begin in begins],
    )
