"""The clock's letters, drawn by strokes: no font must be there, and none is included.

A letter is a few strokes in a box one high and ``ADVANCE`` wide, y downwards; a stroke is a chain
of points. What is painted is how much of each pixel they cover.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Coverage = NDArray[np.float32]
_Stroke = tuple[tuple[float, float], ...]

ADVANCE = 0.72
WIDTH = 0.5
THICKNESS = 0.115


def _arc(x: float, y: float, radius_x: float, radius_y: float, begin: float, end: float) -> _Stroke:
    """Return a part of an ellipse, in degrees from 3 o'clock, clockwise."""
    steps = max(2, int(abs(end - begin) / 15))
    angles = [math.radians(begin + (end - begin) * step / steps) for step in range(steps + 1)]
    return tuple((x + radius_x * math.cos(a), y + radius_y * math.sin(a)) for a in angles)


_STROKES: dict[str, tuple[_Stroke, ...]] = {
    " ": (),
    "0": (_arc(0.25, 0.25, 0.25, 0.25, 180, 360) + _arc(0.25, 0.75, 0.25, 0.25, 0, 180)
          + ((0.0, 0.25),),),
    "1": (((0.06, 0.2), (0.3, 0.0), (0.3, 1.0)),),
    "2": ((*_arc(0.25, 0.25, 0.24, 0.25, 180, 375), (0.0, 1.0), (0.5, 1.0)),),
    "3": (_arc(0.25, 0.24, 0.22, 0.24, 190, 450), _arc(0.25, 0.74, 0.25, 0.26, 270, 530)),
    "4": (((0.38, 1.0), (0.38, 0.0), (0.0, 0.7), (0.5, 0.7)),),
    "5": (((0.46, 0.0), (0.07, 0.0), (0.04, 0.46), *_arc(0.24, 0.69, 0.26, 0.31, 225, 520)),),
    "6": (((0.4, 0.0), (0.03, 0.6)), _arc(0.25, 0.71, 0.25, 0.29, 0, 360)),
    "7": (((0.0, 0.0), (0.5, 0.0), (0.18, 1.0)),),
    "8": (_arc(0.25, 0.24, 0.21, 0.24, 0, 360), _arc(0.25, 0.74, 0.25, 0.26, 0, 360)),
    "9": (_arc(0.25, 0.29, 0.25, 0.29, 0, 360), ((0.47, 0.4), (0.1, 1.0))),
    "-": (((0.1, 0.54), (0.4, 0.54)),),
    ":": (((0.25, 0.3), (0.25, 0.3)), ((0.25, 0.78), (0.25, 0.78))),
    ".": (((0.25, 1.0), (0.25, 1.0)),),
    "C": (_arc(0.28, 0.3, 0.27, 0.3, 325, 180) + _arc(0.28, 0.7, 0.27, 0.3, 180, 35),),
    "T": (((0.0, 0.0), (0.5, 0.0)), ((0.25, 0.0), (0.25, 1.0))),
    "U": (((0.0, 0.0), *_arc(0.25, 0.75, 0.25, 0.25, 180, 0), (0.5, 0.0)),),
}  # fmt: skip


def line(text: str, height: int) -> Coverage:
    """Return one line of text, 0 to 1: ``height`` of the letters in px, and their thickness around.

    Raises KeyError for a letter that isn't drawn above.
    """
    return np.concatenate([_letter(each, height) for each in text], axis=1)


@lru_cache(maxsize=64)
def _letter(letter: str, height: int) -> Coverage:
    margin = math.ceil(height * THICKNESS)
    rows, columns = height + 2 * margin, round(height * ADVANCE)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) + np.float32(0.5)
    y -= margin
    x -= height * (ADVANCE - WIDTH) / 2
    far = np.full((rows, columns), np.float32(rows))
    for stroke in _STROKES[letter]:
        for (x0, y0), (x1, y1) in itertools.pairwise(stroke):
            np.minimum(far, _distance(x, y, x0, y0, x1, y1, height), out=far)
    covered: Coverage = np.clip(height * THICKNESS / 2 + 0.5 - far, 0, 1)
    return covered


def _distance(
    x: Coverage, y: Coverage, x0: float, y0: float, x1: float, y1: float, scale: int
) -> Coverage:
    """Return the distance of each pixel from a line between two points given in letter heights, in
    px."""
    along_x, along_y = (x1 - x0) * scale, (y1 - y0) * scale
    from_x, from_y = x - np.float32(x0 * scale), y - np.float32(y0 * scale)
    length = max(along_x**2 + along_y**2, 1e-9)
    part = np.clip((from_x * along_x + from_y * along_y) / length, 0, 1)
    return np.hypot(from_x - part * along_x, from_y - part * along_y).astype(np.float32)
