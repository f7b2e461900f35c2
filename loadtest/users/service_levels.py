"""What a run must reach, as one writes it: ``comment to screen p99 < 400, gaps < 1``. Pure.

And whether its figures are the server's at all, or those of a load generator that didn't keep up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

DEFAULT = (
    "welcome p99 < 2000, comment to ack p99 < 400, comment to screen p99 < 400, "
    "vote to ack p99 < 400, gaps < 1, closes < 1, refusals < 1, failures < 1"
)
NEEDED = "welcome"
"""Of the default ones, what must have been measured: else nobody was there."""

SUMS = {"gaps": "gap", "closes": "close ", "refusals": "refused ", "failures": "failed "}
"""Levels that count all rows whose name begins so."""

LAG = "own loop lag"
CPU = "own CPU, percent of a core"
MOST_LAG_MS = 100.0
MOST_CPU = 95.0

_LEVEL = re.compile(r"(?P<name>.+?)(?: (?P<metric>p50|p90|p95|p99|max))? *< *(?P<bound>[0-9.]+)")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of Locust's table: how many, and the time in ms that a share of them didn't pass."""

    count: int
    percentile: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Level:
    """``metric`` of the row ``name`` must be below ``bound`` (ms); without a metric, its count.

    ``needed``: it is missed, too, when nothing was measured.
    """

    name: str
    metric: str | None
    bound: float
    needed: bool

    def judge(self, rows: Mapping[str, Row]) -> tuple[bool, str]:
        """Whether it was reached, and a line that says so."""
        if self.metric is None:
            begin = SUMS.get(self.name, self.name)
            number = sum(row.count for name, row in rows.items() if name.startswith(begin))
            return self._said(float(number), f"{self.name} {number}")
        row = rows.get(self.name)
        if row is None or not row.count:
            return not self.needed, f"{self.name}: nothing was measured"
        share = 1.0 if self.metric == "max" else int(self.metric[1:]) / 100
        value = row.percentile(share)
        return self._said(value, f"{self.name} {self.metric} {value:.0f} ms")

    def _said(self, value: float, words: str) -> tuple[bool, str]:
        reached = value < self.bound
        return reached, f"{words}, {'under' if reached else 'not under'} {self.bound:g}"


def levels(text: str | None) -> list[Level]:
    """Those that are written, or the default ones. Raises ValueError naming what can't be read."""
    found = []
    for part in (DEFAULT if text is None else text).split(","):
        match = _LEVEL.fullmatch(part.strip())
        if match is None:
            raise ValueError(f"--slo: {part.strip()!r} isn't like 'welcome p99 < 2000'")
        metric = match["metric"]
        if metric is None and match["name"] not in SUMS:
            raise ValueError(f"--slo: {match['name']!r} needs p50, p90, p95, p99 or max")
        needed = text is not None or match["name"] == NEEDED
        found.append(Level(match["name"], metric, float(match["bound"]), needed))
    return found


def limit(rows: Mapping[str, Row]) -> str | None:
    """A line if the load generator was the limit and not the server, else None."""
    lag = rows[LAG].percentile(0.99) if LAG in rows else 0.0
    cpu = rows[CPU].percentile(0.9) if CPU in rows else 0.0
    if lag <= MOST_LAG_MS and cpu <= MOST_CPU:
        return None
    return (
        f"the load generator was the limit, not the server: its loop lagged {lag:.0f} ms at p99 "
        f"(sound up to {MOST_LAG_MS:.0f}), its CPU was at {cpu:.0f} % of a core at p90 "
        f"(up to {MOST_CPU:.0f}); give it a core of its own, more processes or fewer seats"
    )
