"""Made-up shows: an audience that comes and goes, and shrinks between the items of its run-down."""

from __future__ import annotations

import numpy as np
from grandstand.crowd.show import Floats, Item, Show
from grandstand.crowd.weights import Weights, decode
from grandstand.resources import audience_weights

BEGIN = 28_000_000
"""Minutes since 1970."""

ITEM, BREAK = 60, 15


def weights() -> Weights:
    """The shipped ones."""
    path = audience_weights()
    return decode(path.name, path.read_bytes())


def run_down(minutes: int, late: float = 0.0) -> list[Item]:
    """Items of an hour with breaks of a quarter between."""
    starts = range(0, minutes, ITEM + BREAK)
    return [Item(BEGIN + at + late, BEGIN + at + ITEM + late, f"Part {at}") for at in starts]


def audience(minutes: int, size: float = 20_000, seed: int = 1, dip: float = 0.08) -> Floats:
    """A random walk of 0.4 % a minute that loses ``dip`` in breaks."""
    chance = np.random.default_rng(seed)
    walk = np.cumsum(chance.normal(0, 0.004, minutes))
    walk -= np.linspace(0, walk[-1], minutes) * 0.8
    within = np.arange(minutes) % (ITEM + BREAK)
    loss = dip * np.clip((within - ITEM) / 8, 0, 1) * (within > ITEM)
    loss += dip * np.clip(1 - within / 8, 0, 1) * (np.arange(minutes) > ITEM)
    people: Floats = np.rint(size * np.exp(walk - loss))
    return people


def show(viewers: Floats, items: list[Item] | None = None, comments: Floats | None = None) -> Show:
    """A show of such a curve."""
    return Show(
        BEGIN, viewers, np.full(len(viewers), 30.0) if comments is None else comments, items or []
    )
