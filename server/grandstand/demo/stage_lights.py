"""The lights of the stage: what moves in the picture, painted small, since haze has no edges.

The encoder scales what is painted here to the size of the picture and puts the scenery before it.
Everything is a function of programme time and of the song's look: the same moment always gives the
same picture. Only the part above the floor is painted; the floor is a mirror. From back to front:
what glows on the wall, the backdrop, the beams.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from grandstand.demo.looks import OPENING, Look

WIDTH, HEIGHT = 1280, 720
SCALE = 4
COLUMNS, ROWS = WIDTH // SCALE, HEIGHT // SCALE
HORIZON = 0.70
"""Where the stage's floor begins, as a share of the picture's height."""

LAMPS = 10
AIR = LAMPS + 1
"""How many fields are light in the air: the lamps' and the singer's. The others are on the wall."""

LAMP_Y = 0.075
RIG_WIDTH = 1.5
"""Where the lamps hang, in heights of the picture, and how far apart the outer ones are."""

BEAT_S = 0.6

Light = NDArray[np.float32]

_WARM = np.array([1.0, 0.84, 0.62], np.float32)
_NIGHT = np.array([0.010, 0.012, 0.026], np.float32)


Backdrop = Callable[[Light, float, float], None]
"""Puts itself before what is painted: the light, the second, how bright."""


def colour(palette: Light, place: float) -> Light:
    """Return a hue of a palette, which is a circle: 0 and 1 are the same. Red, green and blue."""
    at = place % 1 * len(palette)
    low = int(at) % len(palette)
    part = at - int(at)
    part = part * part * (3 - 2 * part)
    mixed: Light = palette[low] * (1 - part) + palette[(low + 1) % len(palette)] * part
    return mixed.astype(np.float32)


class StageLights:
    """The rig. What doesn't change is made once, and nothing is allocated for a frame."""

    def __init__(self) -> None:
        self._floor = int(ROWS * HORIZON)
        shape = (self._floor, COLUMNS)
        self._x = _centres(COLUMNS) - np.float32(WIDTH / HEIGHT / 2)
        self._y = _centres(ROWS)[: self._floor]
        self._haze = _clouds(self._floor, COLUMNS * 4)
        self._wall = np.exp(-((self._x / 0.62) ** 2))
        above = (self._y - HORIZON)[:, None]
        self._glow = np.exp(-((self._x / 0.62) ** 2) - (above / 0.2) ** 2)
        self._fields = np.empty((AIR + 3, *shape), np.float32)
        self._first, self._second = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._lit = np.empty((3, ROWS, COLUMNS), np.float32)
        below = np.arange(ROWS - self._floor)
        self._mirrored = self._floor - 1 - (below * (0.8 * self._floor / len(below))).astype(int)
        self._shine = np.linspace(0.5, 0.06, len(below), dtype=np.float32)[:, None]

    def paint(
        self,
        at_ms: int,
        look: Look = OPENING,
        level: float = 1.0,
        backdrop: Backdrop | None = None,
    ) -> Light:
        """Return the lights at a moment: planes of red, green and blue, ROWS by COLUMNS, 0 to 1.

        ``level`` 0 is darkness, 1 as usual. The next call overwrites it.
        """
        seconds = at_ms / 1000
        colours = self._colours(seconds, look) * np.float32(level)
        for lamp in range(LAMPS):
            self._beam(self._fields[lamp], lamp, seconds, look)
        self._cone(self._fields[LAMPS], 0, -0.12, 0.015 * math.sin(seconds * 0.4), 0.03, 0.13, 0.9)
        self._curtain(self._fields[LAMPS + 1], seconds, 1.0)
        self._curtain(self._fields[LAMPS + 2], seconds * 0.7 + 40, 1.8)
        self._fields[LAMPS + 3] = self._glow
        above = self._lit[:, : self._floor]
        flat = self._fields.reshape(len(self._fields), -1)
        above[:] = (colours[AIR:].T @ flat[AIR:]).reshape(above.shape)
        if backdrop is not None:
            backdrop(above, seconds, level)
        above += (colours[:AIR].T @ flat[:AIR]).reshape(above.shape)
        above *= self._drift(seconds)
        above += _NIGHT[:, None, None]
        np.multiply(above, 0.45, out=self._tone(above.shape))
        self._tone(above.shape)[:] += 1
        above /= self._tone(above.shape)
        np.minimum(above, 1, out=above)
        np.multiply(above[:, self._mirrored], self._shine, out=self._lit[:, self._floor :])
        return self._lit

    def _colours(self, seconds: float, look: Look) -> Light:
        """Return the colour of each field, as bright as it is."""
        beat = math.exp(-3.5 * (seconds / BEAT_S % 1))
        hue = seconds / look.palette_s
        colours = np.empty((AIR + 3, 3), np.float32)
        for lamp in range(LAMPS):
            wave = 0.5 + 0.5 * math.sin(seconds * 1.3 - abs(lamp - (LAMPS - 1) / 2) * 0.9)
            turn = look.chase * math.exp(-((2 * seconds / BEAT_S - lamp) % LAMPS))
            bright = look.beams * (0.35 + 0.6 * wave + 0.25 * beat + turn)
            colours[lamp] = colour(look.palette, hue + lamp % 2 * 0.17) * bright
        colours[LAMPS] = _WARM * (0.62 * look.warm)
        colours[AIR] = colour(look.palette, hue + 0.36) * (look.curtain * (0.5 + 0.08 * beat))
        colours[AIR + 1] = colour(look.palette, hue + 0.55) * (look.curtain * 0.42)
        colours[AIR + 2] = colour(look.palette, hue + 0.1) * (0.3 * look.glow) + _WARM * 0.1
        return colours

    def _tone(self, shape: tuple[int, ...]) -> Light:
        return self._fields.reshape(-1)[: math.prod(shape)].reshape(shape)

    def _drift(self, seconds: float) -> Light:
        """Return the haze, which moves: a share of light that it reflects."""
        at = seconds * 9 % (COLUMNS * 3)
        start, part = int(at), np.float32(at % 1)
        np.multiply(self._haze[:, start : start + COLUMNS], 1 - part, out=self._first)
        np.multiply(self._haze[:, start + 1 : start + COLUMNS + 1], part, out=self._second)
        self._first += self._second
        return self._first

    def _beam(self, into: Light, lamp: int, seconds: float, look: Look) -> None:
        from_x = (lamp / (LAMPS - 1) - 0.5) * RIG_WIDTH
        side, place = 1.0, float(lamp)
        if look.mirrored:
            side, place = math.copysign(1, from_x), abs(lamp - (LAMPS - 1) / 2)
        swing = math.sin(seconds * look.pace + place * look.apart) * look.sway
        swing += math.sin(seconds * look.pace * 0.38) * look.sway * 0.55
        angle = side * swing - from_x * look.lean
        self._cone(into, from_x, LAMP_Y, angle, 0.010, 0.055, 0.8)

    def _cone(
        self,
        into: Light,
        from_x: float,
        from_y: float,
        angle: float,
        waist: float,
        spread: float,
        reach: float,
    ) -> None:
        """Paint a beam from a lamp; ``angle`` in radians from straight down, lengths in heights."""
        x, y = self._x - np.float32(from_x), (self._y - np.float32(from_y))[:, None]
        sine, cosine = np.float32(math.sin(angle)), np.float32(math.cos(angle))
        width, across = self._first, self._second
        np.add(
            x * (sine * np.float32(spread)), y * (cosine * np.float32(spread)) + waist, out=width
        )
        np.maximum(width, waist / 2, out=width)
        np.subtract(x * cosine, y * sine, out=across)
        across /= width
        across *= across
        across += 1
        across *= across
        fade = np.float32(-2.0 / reach)
        np.multiply(np.exp(x * sine * fade), np.exp(y * cosine * fade) * (y > -0.01), out=into)
        into /= across

    def _curtain(self, into: Light, seconds: float, stretch: float) -> None:
        """Paint light that waves on the wall behind: soft at the top, with a lower edge."""
        x = self._x * np.float32(3.1 * stretch)
        crest = 0.40 + 0.09 * np.sin(x + seconds * 0.35) + 0.05 * np.sin(2.3 * x - seconds * 0.5)
        off = self._first
        np.subtract(self._y[:, None], crest.astype(np.float32), out=off)
        np.maximum(off * 16, off * -4.2, out=off)
        off *= off
        off += 1
        off *= off
        np.divide(self._wall, off, out=into)


def _centres(count: int) -> Light:
    """Return the middle of each pixel in heights of the picture."""
    middles: Light = ((np.arange(count) + 0.5) / ROWS).astype(np.float32)
    return middles


def _clouds(rows: int, columns: int) -> Light:
    """Return smooth noise around 1, always the same, which begins again at three quarters."""
    random = np.random.default_rng(7)
    total = np.zeros((rows, columns), np.float32)
    for cell, weight in ((80, 0.5), (40, 0.3), (20, 0.2)):
        coarse = random.random((rows // cell + 2, columns // cell + 1)).astype(np.float32)
        again = 3 * columns // 4 // cell
        coarse[:, again:] = coarse[:, : coarse.shape[1] - again]
        total += np.float32(weight) * _stretched(coarse, rows, columns, cell)
    return (np.float32(0.5) + total).astype(np.float32)


def _stretched(coarse: Light, rows: int, columns: int, cell: int) -> Light:
    y, x = np.arange(rows) / cell, np.arange(columns) / cell
    row, column = y.astype(int), x.astype(int)
    down, right = _eased(y - row)[:, None], _eased(x - column)[None, :]
    top = coarse[row][:, column] * (1 - right) + coarse[row][:, column + 1] * right
    under = coarse[row + 1][:, column] * (1 - right) + coarse[row + 1][:, column + 1] * right
    mixed: Light = (top * (1 - down) + under * down).astype(np.float32)
    return mixed


def _eased(part: NDArray[np.float64]) -> Light:
    return (part * part * (3 - 2 * part)).astype(np.float32)
