"""When an audience speaks: quiet, and an outburst once a minute when something happens. Pure."""

from __future__ import annotations

import math
from random import Random

CYCLE_S = 60.0
MOMENT_S = 20.0
"""Into each cycle, something happens."""
RISE_S, FALL_S = 2.0, 6.0
QUIET = 0.4
"""Of the mean rate, between moments."""

_BURST_S = RISE_S / 2 + FALL_S  # the area under a burst of height 1; its far tail is nothing
BURST = (1 - QUIET) * CYCLE_S / _BURST_S
"""Times the mean rate, at a burst's top, over the quiet."""


def show(now_s: float) -> float:
    """How many times the mean rate is said at ``now_s``, from the start of the show."""
    since = (now_s - MOMENT_S) % CYCLE_S
    heat = since / RISE_S if since < RISE_S else math.exp((RISE_S - since) / FALL_S)
    return QUIET + BURST * heat


def steady(now_s: float) -> float:
    """The mean rate, always."""
    return 1.0


RHYTHMS = {"show": show, "steady": steady}
_TOPS = {"show": QUIET + BURST, "steady": 1.0}


def wait_s(rhythm: str, now_s: float, per_s: float, random: Random) -> float:
    """From ``now_s`` to the next thing that is said, at ``per_s`` on average: drawn by thinning.

    ``rhythm`` is one of ``RHYTHMS``. Raises ValueError unless ``per_s`` is above 0.
    """
    if per_s <= 0:
        raise ValueError("nobody speaks at a rate of 0")
    level, top = RHYTHMS[rhythm], _TOPS[rhythm]
    at_s = now_s
    while True:
        at_s += random.expovariate(per_s * top)
        if random.random() * top < level(at_s):
            return at_s - now_s
