"""What a feed is, and how its items are written for ``POST …/stats``."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from grandstand.domain.schemas import KindSchema
from grandstand.overlays.card_rules.update import Figure, Item, Update


@dataclass(frozen=True, slots=True)
class Feed:
    """A sport: how its folder is read, in the order of time, and the schemas of its kinds."""

    read: Callable[[Path], Iterator[Item]]
    schemas: Callable[[Path], Mapping[str, KindSchema]]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file. Raises OSError."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def ms(moment: datetime) -> int:
    """Return a date with its offset in ms since the epoch."""
    return round(moment.timestamp() * 1000)


def clock_s(text: str) -> float | None:
    """Return the seconds of ``9.81``, ``1:23.4`` or ``2:24:04``; None for anything else."""
    parts = text.split(":")
    try:
        numbers = [int(part) for part in parts[:-1]] + [float(parts[-1])]
    except ValueError:
        return None
    seconds = 0.0
    for number in numbers:
        seconds = seconds * 60 + number
    return round(seconds, 3)


def body_of(update: Update, *, plain: bool = False) -> dict[str, Any]:
    """Return an update as a body for ``POST …/stats``; ``plain``: numbers and texts alone."""
    values = {
        label: figure.value if plain else _value(figure) for label, figure in update.values.items()
    }
    return {
        "entity": update.entity,
        "name": update.name,
        "audience": "followers",
        "at": update.at,
        "values": values,
    }


def _value(figure: Figure) -> Any:
    fields = {"unit": figure.unit, "rank": figure.rank, "best": figure.best}
    known = {name: field for name, field in fields.items() if field not in ("", None)}
    return {"value": figure.value, **known} if known else figure.value
