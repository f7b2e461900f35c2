"""The line of a forecast over time: bounded, and always with the points of its events. Pure.

A point holds until the next. Of too many points that one goes which is missed least: what it adds
to the point before it, times how long it holds. So a line is dense where something happened.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from grandstand.wire.forecasts import Point

POINTS_MAX = 90
"""Some 3.3 KB of a frame with three outcomes: as many as a match has minutes, and more than a
chart of 300 pixels shows apart."""


def thinned(
    line: Sequence[Point], kept: Collection[int], most: int = POINTS_MAX
) -> tuple[Point, ...]:
    """Return at most ``most`` points of a line.

    The first and the last stay, and those at the moments ``kept`` (programme ms), of which there
    must be fewer.
    """
    points = list(line)
    while len(points) > most:
        inner = [n for n in range(1, len(points) - 1) if points[n][0] not in kept]
        if not inner:
            break
        del points[min(inner, key=lambda n: _weight(points, n))]
    return tuple(points)


def _weight(points: Sequence[Point], n: int) -> float:
    (_, *before), (at, *here), (until, *_) = points[n - 1 : n + 2]
    return sum(abs(a - b) for a, b in zip(before, here, strict=True)) * (until - at)
