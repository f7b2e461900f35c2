"""Letters for the picture, drawn by strokes: no font must be there, and none is included.

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
NARROW = 0.4
"""How wide ``SLIM`` letters are."""

SLIM = "I,'!"


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
    "·": (((0.25, 0.5), (0.25, 0.5)),),
    ",": (((0.25, 0.95), (0.19, 1.1)),),
    "'": (((0.25, 0.0), (0.23, 0.22)),),
    "!": (((0.25, 0.0), (0.25, 0.66)), ((0.25, 1.0), (0.25, 1.0))),
    "?": ((*_arc(0.25, 0.25, 0.24, 0.25, 185, 400), (0.25, 0.66)), ((0.25, 1.0), (0.25, 1.0))),
    "%": (_arc(0.09, 0.16, 0.1, 0.15, 0, 360), ((0.46, 0.0), (0.04, 1.0)),
          _arc(0.41, 0.84, 0.1, 0.15, 0, 360)),
    "A": (((0.0, 1.0), (0.25, 0.0), (0.5, 1.0)), ((0.09, 0.66), (0.41, 0.66))),
    "B": (((0.0, 0.0), *_arc(0.24, 0.24, 0.2, 0.24, 270, 450), (0.0, 0.48)),
          ((0.0, 0.48), *_arc(0.24, 0.74, 0.25, 0.26, 270, 450), (0.0, 1.0), (0.0, 0.0))),
    "C": (_arc(0.28, 0.3, 0.27, 0.3, 325, 180) + _arc(0.28, 0.7, 0.27, 0.3, 180, 35),),
    "D": (((0.0, 0.0), *_arc(0.16, 0.5, 0.34, 0.5, 270, 450), (0.0, 1.0), (0.0, 0.0)),),
    "E": (((0.46, 0.0), (0.0, 0.0), (0.0, 1.0), (0.46, 1.0)), ((0.0, 0.49), (0.38, 0.49))),
    "F": (((0.46, 0.0), (0.0, 0.0), (0.0, 1.0)), ((0.0, 0.5), (0.38, 0.5))),
    "G": (_arc(0.28, 0.3, 0.27, 0.3, 325, 180) + _arc(0.27, 0.72, 0.25, 0.28, 180, 0)
          + ((0.52, 0.56), (0.3, 0.56)),),
    "H": (((0.0, 0.0), (0.0, 1.0)), ((0.5, 0.0), (0.5, 1.0)), ((0.0, 0.49), (0.5, 0.49))),
    "I": (((0.25, 0.0), (0.25, 1.0)),),
    "J": (((0.43, 0.0), *_arc(0.22, 0.77, 0.21, 0.23, 0, 170)),),
    "K": (((0.0, 0.0), (0.0, 1.0)), ((0.47, 0.0), (0.0, 0.58)), ((0.17, 0.42), (0.5, 1.0))),
    "L": (((0.0, 0.0), (0.0, 1.0), (0.45, 1.0)),),
    "M": (((0.0, 1.0), (0.0, 0.0), (0.25, 0.6), (0.5, 0.0), (0.5, 1.0)),),
    "N": (((0.0, 1.0), (0.0, 0.0), (0.5, 1.0), (0.5, 0.0)),),
    "O": (_arc(0.25, 0.5, 0.27, 0.5, 0, 360),),
    "P": (((0.0, 1.0), (0.0, 0.0), *_arc(0.23, 0.27, 0.26, 0.27, 270, 450), (0.0, 0.54)),),
    "Q": (_arc(0.25, 0.5, 0.27, 0.5, 0, 360), ((0.31, 0.76), (0.52, 1.04))),
    "R": (((0.0, 1.0), (0.0, 0.0), *_arc(0.23, 0.27, 0.26, 0.27, 270, 450), (0.0, 0.54)),
          ((0.22, 0.54), (0.5, 1.0))),
    "S": (_arc(0.25, 0.25, 0.24, 0.25, 335, 90) + _arc(0.25, 0.75, 0.25, 0.25, 270, 515),),
    "T": (((0.0, 0.0), (0.5, 0.0)), ((0.25, 0.0), (0.25, 1.0))),
    "U": (((0.0, 0.0), *_arc(0.25, 0.75, 0.25, 0.25, 180, 0), (0.5, 0.0)),),
    "V": (((0.0, 0.0), (0.25, 1.0), (0.5, 0.0)),),
    "W": (((-0.03, 0.0), (0.1, 1.0), (0.25, 0.3), (0.4, 1.0), (0.53, 0.0)),),
    "X": (((0.0, 0.0), (0.5, 1.0)), ((0.5, 0.0), (0.0, 1.0))),
    "Y": (((0.0, 0.0), (0.25, 0.5), (0.5, 0.0)), ((0.25, 0.5), (0.25, 1.0))),
    "Z": (((0.0, 0.0), (0.5, 0.0), (0.0, 1.0), (0.5, 1.0)),),
}  # fmt: skip


def drawable(text: str) -> str:
    """Return a text in capitals, without what isn't drawn here."""
    return " ".join("".join(each for each in text.upper() if each in _STROKES).split())


def line(text: str, height: int) -> Coverage:
    """Return one line of text, 0 to 1: ``height`` of the letters in px, and their thickness around.

    Raises KeyError for a letter that isn't drawn above, ValueError if there is none.
    """
    return np.concatenate([_letter(each, height) for each in text], axis=1)


@lru_cache(maxsize=256)
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
    if letter in SLIM:
        spare = round(height * (ADVANCE - NARROW) / 2)
        covered = covered[:, spare:-spare]
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
