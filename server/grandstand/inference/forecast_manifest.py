"""The manifest of a forecast model: the stats that it takes, its outcomes, its events. Pure.

Must not know how a model is run: who asks about a match, and who tells of it, need no session.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, TypeAlias

import msgspec

from grandstand.inference.manifest import Manifest, Name

Stat: TypeAlias = float | bool | str | None
Stats: TypeAlias = Mapping[str, Stat]

_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class ForecastInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One number that a model takes.

    It is the stat of that name, at least ``least`` and at most ``most``. With ``values``, the stat
    is a text that stands for a number. ``default`` is used where the stat is missing, isn't finite
    or is a text that ``values`` doesn't have.
    """

    stat: Name
    default: float = 0.0
    least: float = -1e6
    most: float = 1e6
    values: dict[str, float] | None = None

    def number(self, stat: Stat) -> float:
        """Return what the model takes for a stat."""
        if self.values is not None:
            return self.values.get(stat, self.default) if isinstance(stat, str) else self.default
        if stat is None or isinstance(stat, str) or not math.isfinite(stat):
            return self.default
        return min(max(float(stat), self.least), self.most)


class ForecastEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value of a match that counts something, and what happened where it grows.

    ``label`` is the outcome for which that is good, if it is the same each time. With ``within``
    the count begins anew whenever that other value changes.
    """

    stat: Name
    what: Name
    label: str = ""
    within: str = ""


class ForecastManifest(Manifest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What ``manifest.json`` says of a forecast model.

    ``reads`` is what ``forecasts/`` makes stats of: "stats" are given as they are. ``events`` are
    what a room's audience is told to have moved a forecast. ``data`` has the hash of every other
    file that belongs to the model.
    """

    KIND: ClassVar[str] = "forecast model"
    FORMAT: ClassVar[str] = "1"
    SETTING: ClassVar[str] = "the model's name"

    card: Name
    reads: Name = "stats"
    inputs: Annotated[tuple[ForecastInput, ...], msgspec.Meta(min_length=1)]
    labels: Annotated[tuple[Name, ...], msgspec.Meta(min_length=2)]
    events: Annotated[tuple[ForecastEvent, ...], msgspec.Meta(max_length=20)] = ()
    data: dict[str, _Sha256] = msgspec.field(default_factory=dict)

    def fault(self) -> str:
        """Return what is wrong with inputs, labels, events or files, or ''."""
        for each in self.inputs:
            if not each.least <= each.default <= each.most:
                return f"its default of {each.stat} is outside of its bounds"
        if len(set(self.labels)) < len(self.labels):
            return "has a label twice"
        for event in self.events:
            if event.label and event.label not in self.labels:
                return f"its event {event.what} is good for {event.label!r}, which is no label"
        for name in (self.card, *self.data):
            if Path(name).name != name:
                return f"names {name!r}, which is not in its own folder"
        return ""
