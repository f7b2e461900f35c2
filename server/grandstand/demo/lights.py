"""The lights of the stage: what moves in the picture, painted small, since haze has no edges.

The encoder scales what is painted here to the size of the picture and puts the scenery before it.
All of it is a function of programme time: whoever paints a moment again paints the same.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720
SCALE = 4
COLUMNS, ROWS = WIDTH // SCALE, HEIGHT // SCALE
HORIZON = 0.70
"""Where the stage's floor begins, as a share of the picture's height."""

LAMPS = 10
BEAT_S = 0.6

Light = NDArray[np.float32]
"""ROWS by COLUMNS by 3, red, green and blue; 1 is full, what is above is cut off."""

_PALETTE = np.array(
    [
        [0.10, 0.55, 1.00],
        [0.55, 0.15, 1.00],
        [1.00, 0.12, 0.55],
        [1.00, 0.48, 0.12],
        [0.10, 0.95, 0.80],
    ],
    np.float32,
)


def colour(place: float) -> Light:
    """A hue of the palette, which goes round: 0 and 1 are the same."""
    at = place % 1 * len(_PALETTE)
    low = int(at) % len(_PALETTE)
    part = at - int(at)
    part = part * part * (3 - 2 * part)
    mixed: Light = _PALETTE[low] * (1 - part) + _PALETTE[(low + 1) % len(_PALETTE)] * part
    return mixed.astype(np.float32)


class Lights:
    """The rig. What doesn't change from frame to frame is made once."""

    def __init__(self) -> None:
        y, x = np.mgrid[:ROWS, :COLUMNS].astype(np.float32)
        self._x = (x + np.float32(0.5)) / ROWS - np.float32(WIDTH / HEIGHT / 2)
        self._y = (y + np.float32(0.5)) / ROWS
        self._floor = int(ROWS * HORIZON)
        self._haze = _smooth_noise(ROWS, COLUMNS * 4)
        across = self._x / 1.0
        up = np.clip(self._y / HORIZON, 0, 1)
        self._wall = (np.exp(-((across / 0.55) ** 2)) * (0.25 + 0.75 * up)).astype(np.float32)
        self._pool = np.exp(
            -((self._x / 0.34) ** 2) - ((self._y - HORIZON - 0.05) / 0.05) ** 2
        ).astype(np.float32)

    def paint(self, at_ms: int) -> Light:
        """What the lights do at a moment of programme time."""
        seconds = at_ms / 1000
        beat = math.exp(-3.2 * (seconds / BEAT_S % 1))
        fields, colours = [], []
        for lamp in range(LAMPS):
            fields.append(self._beam(lamp, seconds))
            colours.append(colour(seconds / 60 + (lamp % 3) * 0.13) * (0.55 + 0.2 * beat))
        fields.append(self._spot(seconds))
        colours.append(np.array([1.0, 0.88, 0.7], np.float32) * 0.75)
        fields.append(self._screen(seconds))
        colours.append(colour(seconds / 60 + 0.35) * 0.5)
        fields.append(self._screen(seconds * 0.7 + 40, 1.7))
        colours.append(colour(seconds / 60 + 0.55) * 0.42)
        fields.append(self._pool)
        colours.append(np.array([1.0, 0.9, 0.75], np.float32) * 0.5)
        stacked = np.stack(fields).reshape(len(fields), -1)
        lit = (stacked.T @ np.stack(colours)).reshape(ROWS, COLUMNS, 3)
        lit *= self._drift(seconds)[:, :, None]
        self._reflect(lit)
        lit += np.array([0.012, 0.014, 0.03], np.float32)
        return lit / (1 + 0.35 * lit)

    def _drift(self, seconds: float) -> Light:
        start = int(seconds * 9) % (COLUMNS * 3)
        part = np.float32(seconds * 9 % 1)
        near = self._haze[:, start : start + COLUMNS]
        far = self._haze[:, start + 1 : start + COLUMNS + 1]
        return near * (1 - part) + far * part

    def _beam(self, lamp: int, seconds: float) -> Light:
        from_x = (lamp / (LAMPS - 1) - 0.5) * 1.5
        sway = math.sin(seconds * 0.55 + lamp * 0.7) * 0.5 + math.sin(seconds * 0.21) * 0.25
        return self._cone(from_x, 0.06, sway - from_x * 0.35, 0.012, 0.07, 0.9)

    def _spot(self, seconds: float) -> Light:
        return self._cone(0.0, -0.1, 0.02 * math.sin(seconds * 0.4), 0.02, 0.09, 1.2)

    def _cone(
        self, from_x: float, from_y: float, angle: float, waist: float, spread: float, reach: float
    ) -> Light:
        """A beam from a lamp; ``angle`` in radians from straight down. Lengths in heights."""
        x, y = self._x - np.float32(from_x), self._y - np.float32(from_y)
        sine, cosine = np.float32(math.sin(angle)), np.float32(math.cos(angle))
        along = np.maximum(x * sine + y * cosine, np.float32(1e-3))
        across = x * cosine - y * sine
        across /= np.float32(waist) + np.float32(spread) * along
        across *= across
        across += 1
        across *= across
        fade = np.exp(along * np.float32(-2.2 / reach))
        lit: Light = fade / across
        return lit

    def _screen(self, seconds: float, stretch: float = 1.0) -> Light:
        """Waves of light on the wall behind."""
        x = self._x[0] * np.float32(3.1 * stretch)
        crest = 0.34 + 0.09 * np.sin(x + seconds * 0.35) + 0.05 * np.sin(2.3 * x - seconds * 0.5)
        off = (self._y - crest.astype(np.float32)) * np.float32(9.0)
        off = np.where(off < 0, off * np.float32(0.45), off * np.float32(1.6))
        lit: Light = np.exp(-off * off) * self._wall
        return lit

    def _reflect(self, lit: Light) -> None:
        """The floor shines: what is above it is seen in it, dimmed and drawn out."""
        floor = self._floor
        below = ROWS - floor
        rows = floor - 1 - (np.arange(below) * (floor / below) * 0.75).astype(int)
        dim = np.linspace(0.55, 0.12, below, dtype=np.float32)[:, None, None]
        lit[floor:] = lit[floor:] * np.float32(0.35) + lit[rows] * dim


def _smooth_noise(rows: int, columns: int) -> Light:
    """Clouds around 1, the same each time, which begin again at their end."""
    random = np.random.default_rng(7)
    total = np.zeros((rows, columns), np.float32)
    for cell, weight in ((80, 0.5), (40, 0.3), (20, 0.2)):
        coarse = random.random((rows // cell + 2, columns // cell + 1)).astype(np.float32)
        coarse[:, -1] = coarse[:, 0]
        total += weight * _stretched(coarse, rows, columns, cell)
    return (0.55 + 0.9 * total).astype(np.float32)


def _stretched(coarse: Light, rows: int, columns: int, cell: int) -> Light:
    y, x = np.arange(rows) / cell, np.arange(columns) / cell
    low_y, low_x = y.astype(int), x.astype(int)
    part_y, part_x = (_eased(y - low_y)[:, None], _eased(x - low_x)[None, :])
    top = coarse[low_y][:, low_x] * (1 - part_x) + coarse[low_y][:, low_x + 1] * part_x
    under = coarse[low_y + 1][:, low_x] * (1 - part_x) + coarse[low_y + 1][:, low_x + 1] * part_x
    mixed: Light = top * (1 - part_y) + under * part_y
    return mixed


def _eased(part: NDArray[np.float64]) -> Light:
    return (part * part * (3 - 2 * part)).astype(np.float32)
