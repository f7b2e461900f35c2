"""What is on the wall behind the band: a picture for each song's look, painted once.

It is painted as small as the lights and is as soft. A layer lets some of the light behind it
through and adds its own; it may drift to the left, and begins again where it ends.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

from grandstand.demo.scenery import Plate
from grandstand.demo.stage_lights import COLUMNS, HORIZON, ROWS

FLOOR = int(ROWS * HORIZON)
TOP = 19
"""Where the truss ends."""

_Light = NDArray[np.float32]
_Colour = tuple[float, float, float]


@dataclass(slots=True)
class Layer:
    """A strip from row ``top`` on; ``pace`` in its pixels a second."""

    top: int
    light: _Light
    clear: _Light
    pace: float = 0.0

    @classmethod
    def empty(cls, top: int, bottom: int, width: int = COLUMNS, pace: float = 0.0) -> Layer:
        """Return a layer without anything in it."""
        shape = (bottom - top, width)
        return cls(top, np.zeros((3, *shape), np.float32), np.ones(shape, np.float32), pace)

    def draw(self, plate: Plate, colour: _Colour, sheer: float = 0.0) -> None:
        """Add what is drawn on a plate in a colour; ``sheer`` of what is behind shines through."""
        cover = plate.cover * (1 - sheer)
        self.clear *= 1 - cover
        self.light *= 1 - cover
        self.light += (plate.light * plate.cover) * np.array(colour, np.float32)[:, None, None]

    def plate(self) -> Plate:
        """Return an empty plate as large as it."""
        return Plate.empty(self.clear.shape[1], self.clear.shape[0])

    def endless(self) -> Layer:
        """Return it with its beginning behind its end, so that any part is one piece."""
        if not self.pace:
            return self
        light = np.concatenate([self.light, self.light[:, :, : COLUMNS + 1]], axis=2)
        clear = np.concatenate([self.clear, self.clear[:, : COLUMNS + 1]], axis=1)
        return Layer(self.top, light, clear, self.pace)

    def lay(self, above: _Light, seconds: float, level: float) -> None:
        """Put it before the light."""
        light, clear = self.light, self.clear
        if self.pace:
            at = seconds * self.pace % (clear.shape[1] - COLUMNS - 1)
            start, part = int(at), np.float32(at % 1)
            here, next_ = slice(start, start + COLUMNS), slice(start + 1, start + COLUMNS + 1)
            light = light[:, :, here] * (1 - part) + light[:, :, next_] * part
            clear = clear[:, here] * (1 - part) + clear[:, next_] * part
        rows = above[:, self.top : self.top + len(clear)]
        rows *= clear
        rows += light * np.float32(level)


class Backdrop:
    """Layers from the back to the front."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = [layer.endless() for layer in layers]

    def __call__(self, above: _Light, seconds: float, level: float) -> None:
        """Put it before the light of a moment."""
        for layer in self._layers:
            layer.lay(above, seconds, level)


@cache
def paint(name: str) -> Backdrop | None:
    """Return the one of that name in ``looks``; None if there is none.

    It takes some 30 ms the first time, when the stage is still dark.
    """
    painted = {"mountains": _mountains, "boats": _boats, "town": _town, "moon": _moon}.get(name)
    return None if painted is None else Backdrop(painted())


def _mountains() -> list[Layer]:
    """Stars, and two ranges of mountains with snow."""
    random = Random(3)
    stars = Layer.empty(TOP, 80)
    plate = stars.plate()
    for _ in range(70):
        size = random.choice((0.5, 0.6, 0.9))
        plate.oval(random.uniform(2, 318), random.uniform(2, 55), size, size, 1.0)
    stars.draw(plate, (0.75, 0.85, 1.0), sheer=1.0)
    ranges = []
    for seed, foot, tall, colour in (
        (4, 112, 46, (0.05, 0.13, 0.17)),
        (9, 124, 40, (0.01, 0.03, 0.05)),
    ):
        layer = Layer.empty(50, FLOOR)
        ridge = _ridge(Random(seed), foot - 50, tall)
        y = np.arange(FLOOR - 50, dtype=np.float32)[:, None]
        plate = layer.plate()
        plate.cover[:] = np.clip(y - ridge + 0.5, 0, 1)
        plate.light[:] = 1
        layer.draw(plate, colour)
        steep = np.gradient(ridge)
        snow = layer.plate()
        depth = (y - ridge) / (2 + 0.25 * (foot - 50 - ridge))
        snow.cover[:] = np.clip(1 - depth, 0, 1) * plate.cover * np.where(steep < 0, 1.0, 0.25)
        snow.light[:] = 1
        layer.draw(snow, tuple(4 * each for each in colour))  # type: ignore[arg-type]
        ranges.append(layer)
    return [stars, *ranges]


def _ridge(random: Random, foot: float, tall: float) -> _Light:
    """Return the height of a range at each column, as rows from the top."""
    x = np.arange(COLUMNS, dtype=np.float32)
    rows = np.full(COLUMNS, foot, np.float32)
    for _ in range(9):
        peak, middle = random.uniform(0.35, 1.0) * tall, random.uniform(0, COLUMNS)
        slope = random.uniform(0.7, 1.1)
        np.minimum(rows, foot - peak + np.abs(x - middle) * slope, out=rows)
    rough = np.array([random.uniform(-1.2, 1.2) for _ in range(COLUMNS)], np.float32)
    return rows + np.convolve(rough, np.ones(3, np.float32) / 3, "same")


def _boats() -> list[Layer]:
    """A moon over water, on which paper boats go by."""
    sky = Layer.empty(TOP, 92)
    y, x = np.mgrid[: 92 - TOP, :COLUMNS].astype(np.float32)
    halo = sky.plate()
    halo.cover[:] = 1
    halo.light[:] = 0.4 * np.exp(-np.hypot(x - 262, y - 24) / 13)
    sky.draw(halo, (0.6, 0.75, 1.0), sheer=1.0)
    plate = sky.plate()
    plate.oval(262, 24, 12, 12, 1.0)
    sky.draw(plate, (1.5, 1.4, 1.15))
    boats = Layer.empty(62, 100, 520, pace=7.0)
    for x, y, size, colour in (
        (40, 27, 1.0, (1.5, 1.35, 1.05)),
        (142, 24, 0.8, (1.6, 0.55, 0.3)),
        (246, 28, 1.1, (1.45, 1.3, 1.1)),
        (352, 24, 0.75, (1.5, 1.05, 0.25)),
        (452, 26, 0.95, (0.9, 1.25, 1.5)),
    ):
        _boat(boats, x, y, size, colour)
    return [sky, _water(80, 104, 0.5, 3.0), boats, _water(96, FLOOR, 0.9, 12.0)]


def _boat(layer: Layer, x: float, y: float, size: float, colour: _Colour) -> None:
    """A boat folded of paper, from its sides: the sail's two faces, and the hull."""

    def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x + across * size, y + down * size) for across, down in points]

    for points, light in (
        (at((0, -22), (12, 0), (0, 0)), 0.45),
        (at((0, -22), (0, 0), (-12, 0)), 0.75),
        (at((-24, -7), (0, 2), (24, -7), (15, 8), (-15, 8)), 0.0),
        (at((-24, -7), (0, 0), (0, 8), (-15, 8)), 0.95),
        (at((0, 0), (24, -7), (15, 8), (0, 8)), 0.6),
    ):
        if light:
            plate = layer.plate()
            _polygon(plate, points, light)
            layer.draw(plate, colour)


def _polygon(plate: Plate, points: list[tuple[float, float]], light: float) -> None:
    """Draw a convex shape; its points go round clockwise."""
    height, width = plate.cover.shape
    y, x = np.mgrid[:height, :width].astype(np.float32) + np.float32(0.5)
    inside = np.full((height, width), np.inf, np.float32)
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        length = math.hypot(x1 - x0, y1 - y0)
        side = ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length
        np.minimum(inside, side, out=inside)
    plate.cover[:] = np.clip(inside + 0.5, 0, 1)
    plate.light[:] = light


def _water(top: int, bottom: int, cover: float, pace: float) -> Layer:
    layer = Layer.empty(top, bottom, 640, pace)
    y = np.arange(bottom - top, dtype=np.float32)[:, None]
    x = np.arange(640, dtype=np.float32) * np.float32(2 * math.pi / 640)
    waves = np.sin(x * 24 + y * 1.9) * np.sin(x * 7 - y * 0.6) + 0.5 * np.sin(x * 40 + y * 3.1)
    crest = np.clip(waves - 0.35, 0, 1)
    layer.clear[:] = 1 - cover * np.clip(y / 4, 0, 1)
    deep = np.array((0.01, 0.035, 0.09), np.float32)[:, None, None]
    shine = np.array((0.25, 0.5, 0.85), np.float32)[:, None, None]
    layer.light[:] = (deep + shine * crest * 0.55) * (1 - layer.clear)
    return layer


def _town() -> list[Layer]:
    """Houses at night with lit windows, and the last trams passing before them."""
    random = Random(8)
    houses = Layer.empty(30, FLOOR)
    for row, colour in ((0, (0.05, 0.02, 0.075)), (1, (0.022, 0.01, 0.04))):
        x = -random.uniform(0, 12)
        while x < COLUMNS:
            wide, tall = random.uniform(16, 34), random.uniform(30, 74) - 18 * row
            _house(houses, random, (int(x), int(wide), FLOOR - 30 - int(tall)), colour, row)
            x += wide + random.choice((0, 0, 3))
    trams = Layer.empty(84, 112, 620, pace=30.0)
    wire = trams.plate()
    wire.limb(-5, 1.5, 625, 1.5, 0.5, 0.5, 1.0)
    trams.draw(wire, (0.1, 0.06, 0.08))
    for x, colour in ((90, (0.95, 0.16, 0.12)), (410, (0.1, 0.45, 0.6))):
        _tram(trams, x, colour)
    return [houses, trams]


def _house(
    layer: Layer, random: Random, place: tuple[int, int, int], colour: _Colour, row: int
) -> None:
    left, wide, top = place
    here = slice(max(0, left), max(0, left + wide))
    layer.clear[top:, here] = 0
    layer.light[:, top:, here] = np.array(colour, np.float32)[:, None, None]
    for y in range(top + 4, layer.clear.shape[0] - 4, 5):
        for x in range(left + 3, left + wide - 3, 4):
            if 0 <= x < COLUMNS - 2 and random.random() < (0.28 if row else 0.36):
                warm = random.choice(((1.0, 0.62, 0.22), (1.0, 0.42, 0.3), (0.75, 0.5, 1.0)))
                lit = np.array(warm, np.float32) * random.uniform(0.25, 0.9 if row else 0.55)
                layer.light[:, y : y + 2, x : x + 2] = lit[:, None, None]


def _tram(layer: Layer, x: float, colour: _Colour) -> None:
    body = layer.plate()
    body.limb(x + 6, 15, x + 114, 15, 8, 8, 1.0)
    layer.draw(body, colour)
    roof = layer.plate()
    roof.limb(x + 10, 7, x + 110, 7, 1.5, 1.5, 1.0)
    roof.path([(x + 52, 6), (x + 58, 3), (x + 50, 1.5)], 0.5, 1.0)
    layer.draw(roof, (0.2, 0.18, 0.2))
    glass = layer.plate()
    for number in range(9):
        if number not in (2, 6):
            glass.limb(x + 5 + number * 12, 13, x + 11 + number * 12, 13, 3, 3, 1.0)
    layer.draw(glass, (1.9, 1.5, 0.75))
    doors = layer.plate()
    for number in (2, 6):
        doors.limb(x + 8 + number * 12, 12, x + 8 + number * 12, 19, 3, 3, 1.0)
    layer.draw(doors, (1.2, 0.95, 0.5))
    lamp = layer.plate()
    lamp.oval(x - 1, 18, 2, 2, 1.0)
    layer.draw(lamp, (2.5, 2.3, 1.8))
    beam = layer.plate()
    beam.limb(x - 3, 18, x - 26, 21, 2, 7, 0.12)
    layer.draw(beam, (1.0, 0.9, 0.6), sheer=1.0)


def _moon() -> list[Layer]:
    """A red moon as large as the wall, and clouds before it."""
    sky = Layer.empty(TOP, 116)
    y, x = np.mgrid[: 116 - TOP, :COLUMNS].astype(np.float32)
    away = np.hypot(x - 160, y - 46) / 45
    halo = sky.plate()
    halo.cover[:] = 1
    halo.light[:] = 0.34 * np.exp(-np.maximum(away - 1, 0) * 2.2)
    sky.draw(halo, (1.0, 0.16, 0.05), sheer=1.0)
    disc = sky.plate()
    disc.cover[:] = np.clip((1 - away) * 45 + 0.5, 0, 1)
    disc.light[:] = 0.55 + 0.45 * np.sqrt(np.clip(1 - away**2, 0, 1))
    random = Random(12)
    for _ in range(22):
        angle, far = random.uniform(0, 2 * math.pi), 38 * math.sqrt(random.random())
        wide = random.uniform(2, 9)
        spot = np.hypot(x - 160 - far * math.cos(angle), y - 46 - far * math.sin(angle)) / wide
        disc.light[:] *= 1 - random.uniform(0.1, 0.3) * np.exp(-(spot**4))
    sky.draw(disc, (1.7, 0.36, 0.12))
    clouds = Layer.empty(46, 104, 480, pace=4.0)
    for _ in range(26):
        plate = clouds.plate()
        left, down = random.uniform(30, 400), random.uniform(8, 50)
        plate.limb(left, down, left + random.uniform(20, 60), down, 1, random.uniform(1.5, 4), 1.0)
        clouds.draw(plate, (0.06, 0.012, 0.02), sheer=0.45)
    return [sky, clouds]
