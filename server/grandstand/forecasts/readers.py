"""Readers: what a forecast model's lines, and a room's values of a match, become stats by.

Which one a model has, its manifest says (``reads``). So files and rooms can't differ, and a model
whose inputs are stats as they are needs none of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from grandstand.forecasts.cricket import GROUNDS, CricketReader
from grandstand.forecasts.football import RATINGS, FootballReader
from grandstand.inference.forecast_manifest import Stat, Stats
from grandstand.inference.forecaster import Forecaster


class Reader(Protocol):
    """Makes stats of a match. Both raise ValueError, with what is wrong, where it is none."""

    def stats(self, line: bytes) -> Stats:
        """Return the stats of a line of JSON."""
        ...

    def stats_of(self, values: Mapping[str, Any]) -> Stats:
        """Return the stats of what a room's feed says of a match."""
        ...


class StatsReader:
    """Takes stats as they are given."""

    def __init__(self, forecaster: Forecaster) -> None:
        self._known = frozenset(each.stat for each in forecaster.manifest.inputs)

    def stats(self, line: bytes) -> Stats:
        """Return what a line has; a stat that the model doesn't know is a fault."""
        given = msgspec.json.decode(line, type=dict[str, Stat])
        if unknown := sorted(given.keys() - self._known):
            known = ", ".join(sorted(self._known))
            raise ValueError(f"the model knows no {unknown[0]!r}: {known}")
        return given

    def stats_of(self, values: Mapping[str, Any]) -> Stats:
        """Return the values that the model knows: a feed says more."""
        return {name: values[name] for name in self._known & values.keys()}


def reader_of(
    forecaster: Forecaster, results: str | None = None, unrated: set[str] | None = None
) -> Reader:
    """Return the reader of a model.

    ``results`` is the text of a file of results, which brings football's ratings up to each date;
    ``unrated`` gets the names of teams that nobody has rated. Others have no use for them.

    Raises:
        ValueError: the model reads what this version doesn't know, or the results are wrong; the
            text says why.
    """
    reads, data = forecaster.manifest.reads, forecaster.data
    if reads == "football" and RATINGS in data:
        return FootballReader(data[RATINGS], results, unrated)
    if reads == "cricket" and GROUNDS in data:
        return CricketReader(data[GROUNDS])
    if reads != "stats":
        raise ValueError(
            f"the model reads {reads!r}, which this version doesn't know, or lacks its data: it "
            "knows football, cricket and stats"
        )
    return StatsReader(forecaster)
