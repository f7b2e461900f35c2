"""When a crowd comments: a murmur in waves, and outbursts when something happens. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

Occasion = Literal["calm", "moment", "poll", "cue"]

CALM_PER_VIEWER = 0.02
"""Comments a second of one viewer when nothing happens: one in 50 s."""

WAVE_S = 90.0
WAVE = 0.4
RISE_S = 2.0
FALL_S = 6.0
LASTS_S = 40.0
STRENGTHS: dict[Occasion, float] = {"calm": 0.0, "moment": 10.0, "poll": 5.0, "cue": 8.0}
"""How many times the murmur an outburst adds, at most."""


@dataclass(slots=True)
class Rhythm:
    """The rate at which a crowd comments; times in s of any one clock."""

    _stirred: list[tuple[float, Occasion]] = field(default_factory=list)

    def stir(self, now_s: float, occasion: Occasion) -> None:
        """Note that something happened to which the crowd reacts."""
        self._stirred = [(at, what) for at, what in self._stirred if now_s - at < LASTS_S]
        self._stirred.append((now_s, occasion))

    def per_viewer(self, now_s: float) -> float:
        """Return the comments a second of one viewer, on average."""
        wave = 1 + WAVE * math.sin(2 * math.pi * now_s / WAVE_S)
        return CALM_PER_VIEWER * (wave + sum(self._heat(now_s).values()))

    def occasion(self, now_s: float, chance: float) -> Occasion:
        """Return what the next comment is about; ``chance`` 0 to 1 is drawn by the caller."""
        heat = self._heat(now_s)
        left = chance * (1 + sum(heat.values()))
        for what, part in heat.items():
            left -= part
            if left < 0:
                return what
        return "calm"

    def _heat(self, now_s: float) -> dict[Occasion, float]:
        """Return how excited the crowd still is by each kind of thing: up in 2 s, then down by half
        in 4."""
        heat: dict[Occasion, float] = {}
        for at, what in self._stirred:
            since = now_s - at
            if 0 <= since < LASTS_S:
                shape = min(since / RISE_S, 1.0) * math.exp(-max(since - RISE_S, 0) / FALL_S)
                heat[what] = heat.get(what, 0.0) + STRENGTHS[what] * shape
        return heat
