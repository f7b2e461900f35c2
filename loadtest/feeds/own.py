"""A feed of one's own: a folder with ``updates.ndjson``, as ``POST …/stats`` takes them, each with
its ``at``, and ``schemas.json``, schemas by kind, as
``PUT …/schemas/{kind}`` takes them.

A line that is no update, and a value that is none, are named on stderr and left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from grandstand.domain.schemas import KindSchema
from grandstand.overlays.card_rules.update import Figure, Item, Update, figure_of

from loadtest.feeds.feed import Feed


def read(folder: Path) -> Iterator[Item]:
    """Yield the updates in the order of the file. Raises OSError if there is none."""
    with (folder / "updates.ndjson").open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                body = json.loads(line)
                update = Update(str(body["entity"]), str(body["name"]), int(body["at"]), {})
                values = dict(body.get("values") or {})
            except (ValueError, KeyError, TypeError) as error:
                print(f"line {number} is no update: {error!r}", file=sys.stderr)
                continue
            yield replace(update, values=_figures(values, number))


def _figures(values: dict[str, Any], number: int) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for label, value in values.items():
        try:
            found[label] = figure_of(value)
        except ValueError as error:
            print(f"line {number}: {label} {error}", file=sys.stderr)
    return found


def schemas(folder: Path) -> dict[str, KindSchema]:
    """Return the folder's schemas. Raises OSError, or ValidationError naming the faulty field."""
    return msgspec.json.decode((folder / "schemas.json").read_bytes(), type=dict[str, KindSchema])


FEED = Feed(read, schemas)
