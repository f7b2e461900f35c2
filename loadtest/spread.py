"""How figures are spread: what tables and results say of many values. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median


def spread(values: Iterable[float]) -> dict[str, float]:
    """Count, p50, p99 and the ends, by nearest rank, so that each is a value that occurred."""
    ordered = sorted(values)
    if not ordered:
        return {"count": 0}
    return {
        "count": len(ordered),
        "min": round(ordered[0], 2),
        "p50": round(_rank(ordered, 0.50), 2),
        "p99": round(_rank(ordered, 0.99), 2),
        "max": round(ordered[-1], 2),
    }


def middle(runs: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over several runs."""
    return {name: round(median(run[name] for run in runs), 2) for name in runs[0]}


def slope(points: list[tuple[float, float]]) -> float:
    """Of the straight line through points that is nearest to them, by least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    over = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return over / sum((x - mean_x) ** 2 for x, _ in points)


def _rank(ordered: list[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
