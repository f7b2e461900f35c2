"""The scenery before the lights: truss, band and audience, as silhouettes painted once.

A plate is brightness and cover of each pixel. Shapes are drawn by their distance, so that their
edges are smooth at any size. Lengths are in pixels of the picture.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from grandstand.demo.stage_lights import HEIGHT, HORIZON, LAMP_Y, LAMPS, RIG_WIDTH, WIDTH

SWAY = 24
"""How far the audience may be moved sideways; its plates are that much wider on each side."""

TRUSS_HEIGHT = 76
BAND_WIDTH, BAND_HEIGHT = 720, 250
BAND_LEFT, BAND_TOP = (WIDTH - BAND_WIDTH) // 2, int(HEIGHT * HORIZON) + 26 - BAND_HEIGHT
AUDIENCE_WIDTH, AUDIENCE_HEIGHT = WIDTH + 2 * SWAY, 240

_Shade = NDArray[np.float32]
_Away = NDArray[np.float32] | NDArray[np.float64]


@dataclass(slots=True)
class Plate:
    """A surface to draw on, transparent at first."""

    light: _Shade
    cover: _Shade

    @classmethod
    def empty(cls, width: int, height: int) -> Plate:
        """Return an empty plate of that size."""
        return cls(np.zeros((height, width), np.float32), np.zeros((height, width), np.float32))

    def limb(
        self, x0: float, y0: float, x1: float, y1: float, r0: float, r1: float, light: float = 0.02
    ) -> None:
        """Draw a line with round ends, from one thickness to another (radii)."""
        most = max(r0, r1) + 1
        box, x, y = self._box(
            min(x0, x1) - most, min(y0, y1) - most, max(x0, x1) + most, max(y0, y1) + most
        )
        length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-6)
        part = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
        away = np.hypot(x - x0 - part * (x1 - x0), y - y0 - part * (y1 - y0))
        self._lay(box, r0 + part * (r1 - r0) - away, light)

    def oval(self, x: float, y: float, rx: float, ry: float, light: float = 0.02) -> None:
        """Draw an ellipse."""
        box, across, down = self._box(x - rx - 1, y - ry - 1, x + rx + 1, y + ry + 1)
        share = np.hypot((across - x) / rx, (down - y) / ry)
        self._lay(box, (1 - share) * min(rx, ry), light)

    def path(self, points: list[tuple[float, float]], radius: float, light: float = 0.02) -> None:
        """Draw lines from point to point."""
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            self.limb(x0, y0, x1, y1, radius, radius, light)

    def raw(self) -> bytes:
        """Return brightness and cover, a byte each, pixel by pixel."""
        both = np.stack([self.light, self.cover], axis=2) * 255 + 0.5
        return both.astype(np.uint8).tobytes()

    def _box(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[tuple[slice, slice], _Shade, _Shade]:
        rows = slice(max(0, int(top)), max(0, math.ceil(bottom)))
        columns = slice(max(0, int(left)), max(0, math.ceil(right)))
        height, width = self.cover[rows, columns].shape
        y, x = np.mgrid[:height, :width].astype(np.float32)
        return (rows, columns), x + columns.start + 0.5, y + rows.start + 0.5

    def _lay(
        self,
        box: tuple[slice, slice],
        inside: _Away,
        light: float,
    ) -> None:
        drawn = np.clip(inside + 0.5, 0, 1)
        self.light[box] = self.light[box] * (1 - drawn) + light * drawn
        self.cover[box] = np.maximum(self.cover[box], drawn)


def truss() -> Plate:
    """Return the beam over the stage, and the lamps that hang from it."""
    plate = Plate.empty(WIDTH, TRUSS_HEIGHT)
    top, bottom = 8.0, 34.0
    for y in (top, bottom):
        plate.limb(-5, y, WIDTH + 5, y, 2.6, 2.6, 0.05)
    zigzag = [(x, bottom if number % 2 else top) for number, x in enumerate(range(-8, 1300, 26))]
    plate.path([(float(x), y) for x, y in zigzag], 1.4, 0.04)
    for lamp in range(LAMPS):
        x = WIDTH / 2 + (lamp / (LAMPS - 1) - 0.5) * RIG_WIDTH * HEIGHT
        plate.limb(x, bottom, x, bottom + 8, 5, 5, 0.03)
        plate.limb(x, bottom + 10, x, LAMP_Y * HEIGHT, 8, 10, 0.03)
        plate.oval(x, LAMP_Y * HEIGHT + 8, 9, 5, 0.82)
        plate.oval(x, LAMP_Y * HEIGHT + 8, 6, 3, 1.0)
    return plate


def band() -> Plate:
    """Return singer, guitar, bass, keys and drums."""
    plate = Plate.empty(BAND_WIDTH, BAND_HEIGHT)
    floor = BAND_HEIGHT - 14.0
    _drums(plate, 500, floor - 22)
    _keys(plate, 92, floor - 14)
    _player(plate, 218, floor - 2, lean=-5, neck=(-58, -30))
    _player(plate, 648, floor - 4, lean=6, neck=(54, -34))
    _singer(plate, 360, floor + 4)
    for x in (296, 424):
        plate.limb(x - 16, floor + 8, x + 16, floor + 8, 7, 7)
        plate.limb(x - 10, floor, x + 10, floor + 2, 6, 6)
    return plate


def _body(plate: Plate, x: float, floor: float, tall: float, lean: float, stride: float) -> None:
    """Draw legs, trunk and head of a person ``tall`` px high."""
    hip, shoulder = floor - tall * 0.48, floor - tall * 0.80
    plate.limb(x, hip, x - stride, floor - tall * 0.25, tall * 0.058, tall * 0.042)
    plate.limb(x - stride, floor - tall * 0.25, x - stride * 1.2, floor, tall * 0.042, tall * 0.03)
    plate.limb(x, hip, x + stride * 0.9, floor - tall * 0.25, tall * 0.058, tall * 0.042)
    plate.limb(x + stride * 0.9, floor - tall * 0.25, x + stride, floor, tall * 0.042, tall * 0.03)
    plate.limb(x, hip, x + lean * 0.6, shoulder, tall * 0.072, tall * 0.088)
    plate.limb(x + lean * 0.4, shoulder, x + lean, shoulder - tall * 0.08, 5, 4)
    plate.oval(x + lean * 1.2, floor - tall * 0.925, tall * 0.056, tall * 0.072)


def _singer(plate: Plate, x: float, floor: float) -> None:
    tall = 196.0
    _body(plate, x, floor, tall, 2, 17)
    shoulder = floor - tall * 0.80
    plate.path([(x + 14, shoulder + 3), (x + 33, shoulder + 24), (x + 12, shoulder - 17)], 6)
    plate.limb(x + 13, shoulder - 14, x + 8, shoulder - 22, 3, 4)
    plate.path([(x - 14, shoulder + 3), (x - 40, shoulder - 16), (x - 54, shoulder - 52)], 5.5)
    plate.oval(x - 55, shoulder - 58, 5, 7)
    plate.limb(x + 44, floor + 2, x + 40, shoulder + 4, 1.6, 1.6)
    plate.oval(x + 44, floor + 3, 16, 3)


def _player(plate: Plate, x: float, floor: float, lean: float, neck: tuple[float, float]) -> None:
    tall = 182.0
    _body(plate, x, floor, tall, lean, 19)
    shoulder, belly = floor - tall * 0.80, floor - tall * 0.54
    away, up = neck
    side = math.copysign(1, away)
    plate.oval(x - side * 12, belly, 22, 15, 0.03)
    plate.oval(x + side * 6, belly - 5, 15, 12, 0.03)
    plate.limb(x, belly - 4, x + away, belly + up, 3.4, 2.6, 0.03)
    plate.oval(x + away + side * 5, belly + up - 3, 7, 4, 0.03)
    hand = (x + away * 0.72, belly + up * 0.72)
    plate.path([(x + side * 13, shoulder + 4), (x + side * 33, shoulder + 34), hand], 5)
    plate.path(
        [(x - side * 13, shoulder + 4), (x - side * 32, belly - 14), (x - side * 9, belly - 2)], 5
    )


def _drums(plate: Plate, x: float, floor: float) -> None:
    plate.limb(x - 62, floor + 15, x + 62, floor + 15, 9, 9)
    _seated(plate, x, floor - 92)
    plate.oval(x, floor - 28, 34, 34, 0.045)
    plate.oval(x, floor - 28, 30, 30, 0.02)
    for off, y, width in ((-46, 42, 20), (46, 42, 22), (-20, 74, 17), (20, 74, 17)):
        plate.limb(x + off - width + 9, floor - y, x + off + width - 9, floor - y, 12, 12, 0.03)
        plate.limb(x + off, floor - y, x + off * 1.1, floor + 8, 1.4, 1.4)
    for off, y, width in ((-74, 112, 26), (74, 116, 27), (-92, 66, 20)):
        plate.oval(x + off, floor - y, width, 3.4, 0.16)
        plate.limb(x + off, floor - y, x + off * 0.94, floor + 8, 1.4, 1.4)


def _seated(plate: Plate, x: float, y: float) -> None:
    plate.limb(x, y + 50, x, y, 15, 17)
    plate.oval(x, y - 33, 11, 14)
    plate.limb(x, y - 8, x, y - 20, 5, 5)
    plate.path([(x - 15, y), (x - 42, y + 14), (x - 36, y - 26)], 5)
    plate.limb(x - 36, y - 26, x - 62, y - 46, 1.6, 1.4)
    plate.path([(x + 15, y), (x + 36, y + 22), (x + 22, y + 20)], 5)
    plate.limb(x + 22, y + 20, x + 44, y + 12, 1.6, 1.4)


def _keys(plate: Plate, x: float, floor: float) -> None:
    _body(plate, x, floor, 176, 5, 13)
    shoulder = floor - 176 * 0.80
    for off in (30, 46):
        plate.path([(x + 8, shoulder + 4), (x + 18, shoulder + 40), (x + off, floor - 88)], 5)
    plate.limb(x + 2, floor - 82, x + 82, floor - 82, 5, 5, 0.04)
    plate.limb(x + 14, floor - 78, x + 66, floor + 4, 2, 2)
    plate.limb(x + 66, floor - 78, x + 14, floor + 4, 2, 2)


def audience(seed: int, size: float, top: float) -> Plate:
    """Return a row of heads seen from behind, some with raised arms, some with a telephone's
    light."""
    random = Random(seed)
    plate = Plate.empty(AUDIENCE_WIDTH, AUDIENCE_HEIGHT)
    x = -size
    while x < AUDIENCE_WIDTH + size:
        y = top + random.uniform(-0.5, 0.5) * size
        dark = random.uniform(0.004, 0.018)
        plate.limb(x, y + size * 1.6, x, AUDIENCE_HEIGHT + size, size * 1.05, size * 1.5, dark)
        plate.limb(x, y, x, y + size, size * 0.3, size * 0.34, dark)
        plate.oval(x, y, size * 0.46, size * 0.58, dark)
        pose = random.random()
        if pose < 0.34:
            for side in (-1, 1) if pose < 0.16 else (random.choice((-1, 1)),):
                _arm(plate, random, x, y, side, size, dark)
        x += size * random.uniform(1.25, 1.9)
    return plate


def _arm(
    plate: Plate, random: Random, x: float, y: float, side: int, size: float, dark: float
) -> None:
    shoulder = (x + side * size * 0.85, y + size * 1.25)
    elbow = (x + side * size * random.uniform(0.9, 1.25), y + size * random.uniform(-0.1, 0.3))
    hand = (x + side * size * random.uniform(0.5, 1.0), y - size * random.uniform(0.9, 1.5))
    plate.limb(*shoulder, *elbow, size * 0.24, size * 0.19, dark)
    plate.limb(*elbow, *hand, size * 0.19, size * 0.13, dark)
    plate.oval(hand[0], hand[1] - size * 0.12, size * 0.17, size * 0.22, dark)
    if random.random() < 0.3:
        top, wide = hand[1] - size * 0.42, size * 0.11
        plate.limb(hand[0] - wide, top, hand[0] + wide, top, size * 0.18, size * 0.18, 0.01)
        plate.limb(hand[0] - wide, top, hand[0] + wide, top, size * 0.1, size * 0.1, 0.55)


PLATES = (truss, band, lambda: audience(5, 30, 112), lambda: audience(11, 44, 138))
"""From the back to the front."""
