"""Histograms of times in ms: small, mergeable, read by shares. Pure.

A histogram maps a bin's number to how many values lie in it. Bins are 100 ms wide up to 2 s and
grow by a twentieth of their value from there, up to ten minutes, the furthest behind live that a
room can allow. So one has 140 bins at most, however many values, and what is read of it is off by a
bin.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Histogram: TypeAlias = Mapping[int, int]

NARROW_MS, NARROW_UNTIL_MS = 100, 2_000
GROWTH = 1.05
LONGEST_MS = 600_000


def _edges() -> tuple[float, ...]:
    edges = [float(edge) for edge in range(0, NARROW_UNTIL_MS, NARROW_MS)]
    edge = float(NARROW_UNTIL_MS)
    while edge < LONGEST_MS:
        edges.append(edge)
        edge *= GROWTH
    return (*edges, float(LONGEST_MS))


EDGES_MS = _edges()
"""The upper end of each bin, included. Behind the last one is a bin without an end."""


def bin_of(value_ms: float) -> int:
    """Return the number of the bin; all values below zero are in the first one."""
    return bisect_left(EDGES_MS, value_ms)


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """Return the histogram of all their values."""
    total: Counter[int] = Counter()
    for each in histograms:
        total.update(each)
    return total


def quantile_ms(histogram: Histogram, share: float) -> int:
    """Return the value up to which that share (0 to 1) of all values lies; 0 if there are none."""
    wanted, below = share * sum(histogram.values()), 0
    for number in sorted(histogram):
        count = histogram[number]
        if count and below + count >= wanted:
            low, high = _bounds(number)
            return round(low + (high - low) * max(0.0, wanted - below) / count)
        below += count
    return 0


def share_up_to(histogram: Histogram, value_ms: float) -> float:
    """Return which share of all values is at most ``value_ms``, those below zero counted as zero;
    0 if there are none."""
    total = sum(histogram.values())
    if not total or value_ms < 0:
        return 0.0
    cut = bin_of(value_ms)
    below = sum(count for number, count in histogram.items() if number < cut)
    low, high = _bounds(cut)
    inside = (value_ms - low) / (high - low) if high > low else 1.0
    return (below + histogram.get(cut, 0) * max(0.0, inside)) / total


def _bounds(number: int) -> tuple[float, float]:
    """Return a bin's ends; those of the first and the last are one moment."""
    return EDGES_MS[max(0, number - 1)], EDGES_MS[min(number, len(EDGES_MS) - 1)]
