"""What a run-down says of each minute: where its item stands, and what it draws. Pure.

Theory of operation: an audience shrinks when an item ends, comes back within minutes of the next
one's start, and grows towards an end. Ramps say where each minute stands between those; a forecast
takes the difference between then and now. ``appeal`` is learnt from the titles of past shows: how
far above its surroundings the audience was while a title with such words was on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from grandstand.crowd import series
from grandstand.crowd.show import Floats, Item, Show

RAMPS = 7
SURROUNDINGS = 240
"""Minutes before and after, of which an item's audience is above or below."""

SETTLED = 5
LONGEST = 180
RIDGE = 4.0
WORDS_MAX = 4000
_NEVER = 1e6


def states(items: Sequence[Item], begin: int, minutes: int, appeal: Mapping[str, float]) -> Floats:
    """Return ramps and appeal for each minute from ``begin`` on, (minutes, RAMPS + 1); zeros
    without a run-down."""
    found = np.zeros((minutes, RAMPS + 1))
    if not items:
        return found
    order = sorted(items, key=lambda item: item.start)
    starts = np.array([item.start for item in order]) - begin
    following = np.append(starts[1:], np.inf)
    given = np.array([np.inf if item.end is None else item.end - begin for item in order])
    ends = np.maximum(np.minimum(given, following), starts)
    now = np.arange(minutes, dtype=float)
    which = np.searchsorted(starts, now, side="right") - 1
    begun = which >= 0
    which = np.maximum(which, 0)
    since = np.where(begun, now - starts[which], _NEVER)
    past = np.where(begun, now - ends[which], _NEVER)
    on = begun & (past <= 0)
    off = begun & (past > 0)
    whole = np.maximum(np.where(np.isfinite(ends), ends, starts + _NEVER) - starts, 1.0)
    columns = (
        off * _ramp(past, 2, 8),
        off * _ramp(past, 8, 20),
        on * (1 - _ramp(since, 0, 6)),
        on * (1 - _ramp(since, 4, 20)),
        on * _ramp(past, -30, 0),
        on * _ramp(past, -8, 0),
        on * np.clip(since / whole[which], 0, 1),
    )
    found[:, :RAMPS] = np.stack(columns, axis=1)
    drawn = np.array([_drawn(item.title, appeal) for item in order])
    found[:, RAMPS] = series.mean(np.where(begun, drawn[which], 0.0), 10)
    return found


def _ramp(values: Floats, first: float, last: float) -> Floats:
    ramp: Floats = np.clip((values - first) / (last - first), 0, 1)
    return ramp


def words(title: str) -> frozenset[str]:
    """Return the words of a title."""
    return frozenset(re.findall(r"\w+", title[:200].lower()))


def _drawn(title: str, appeal: Mapping[str, float]) -> float:
    found = words(title)
    return sum(appeal.get(word, 0.0) for word in found) / math.sqrt(max(len(found), 1))


def learn_appeal(past: Sequence[Show]) -> dict[str, float]:
    """Return how much each word of past titles draws, as a logarithm; {} if nothing is known. The
    shows are clean."""
    index: dict[str, int] = {}
    rows: list[list[int]] = []
    drawn: list[float] = []
    for show in past:
        logs = np.log(show.viewers + 0.5)
        usual = series.mean(logs, SURROUNDINGS, SURROUNDINGS)
        above = logs - usual
        for title, value in _audiences(show, above):
            found = words(title)
            new = [word for word in sorted(found) if word in index or len(index) < WORDS_MAX]
            rows.append([index.setdefault(word, len(index)) for word in new])
            drawn.append(value)
    if not rows or not index:
        return {}
    shares = np.zeros((len(rows), len(index)))
    for row, columns in zip(shares, rows, strict=True):
        row[columns] = 1 / max(len(columns), 1) ** 0.5
    centred = np.array(drawn) - np.mean(drawn)
    inner = shares @ shares.T + RIDGE * np.eye(len(rows))
    weights = shares.T @ np.linalg.solve(inner, centred)
    return dict(zip(index, weights.tolist(), strict=True))


def _audiences(show: Show, above: Floats) -> list[tuple[str, float]]:
    """Return titles with how far above its surroundings the audience was, a settled while on."""
    order = sorted((item for item in show.items if item.title), key=lambda item: item.start)
    found: list[tuple[str, float]] = []
    for number, item in enumerate(order):
        following = order[number + 1].start if number + 1 < len(order) else item.start + LONGEST
        end = following if item.end is None else min(item.end, following)
        first = int(item.start) - show.begin + SETTLED
        last = min(int(end) - show.begin, first + LONGEST)
        part = above[max(first, 0) : max(last, 0)]
        if np.isfinite(part).any():
            found.append((item.title, float(np.nanmean(part))))
    return found
