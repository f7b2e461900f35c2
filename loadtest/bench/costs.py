"""What one frame costs for each viewer, from what ``fanout`` measured. Pure.

What a frame costs however many get it (a publish over HTTP, a commit to disk, a tick) is told
apart: ``whole`` has it, ``each`` hasn't. What ours took for as many frames to a room with one
viewer, in the same round, is taken off, and the rest divided by what the writes differ by, as
gauges go to everyone in both. Of a peer the same is taken off for one viewer at the same pace.

Servers are compared round by round, as the machine's mood changes from minute to minute: ``times``
is the median of the rounds' ratios.
"""

from __future__ import annotations

import statistics
from typing import Any

Found = dict[str, Any]
"""What was found of one server."""


def has(found: Found, viewers: int, size: int) -> bool:
    """Whether frames of that size to so many were measured."""
    return any((row["viewers"], row["bytes"]) == (viewers, size) for row in found["frames"])


def runs(found: Found, viewers: int, size: int) -> list[Found]:
    """What was counted in each round."""
    (row,) = (r for r in found["frames"] if (r["viewers"], r["bytes"]) == (viewers, size))
    measured: list[Found] = row["runs"]
    return measured


def whole(found: Found, viewers: int, size: int) -> float:
    """us for each viewer and published frame, with all that the server does."""
    return _frame_us(runs(found, viewers, size)) / viewers


def each(found: Found, viewers: int, size: int) -> float:
    """us for each viewer and frame, less what it costs to publish one: the median of the rounds."""
    return statistics.median(by_round(found, viewers, size))


def by_round(found: Found, viewers: int, size: int) -> list[float]:
    """``each`` of every round, in their order."""
    measured = runs(found, viewers, size)
    if "alone" in measured[0]:
        return [
            (run["cpu_us"] - run["alone"]["cpu_us"]) / (run["writes"] - run["alone"]["writes"])
            for run in measured
        ]
    own = _frame_us(found["alone"][viewers])
    return [(run["cpu_us"] / run["published"] - own) / (viewers - 1) for run in measured]


def times(ours: Found, its: Found, viewers: int, size: int) -> list[float]:
    """What ours costs in that of another, by each round, from the lowest up."""
    pairs = zip(by_round(ours, viewers, size), by_round(its, viewers, size), strict=True)
    return sorted(mine / other for mine, other in pairs)


def _frame_us(measured: list[Found]) -> float:
    """CPU for one frame in all, the median of the rounds."""
    us: float = statistics.median(run["cpu_us"] / run["published"] for run in measured)
    return us
