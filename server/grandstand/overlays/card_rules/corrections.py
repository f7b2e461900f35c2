"""Which values a later one voids: it is worse although it never gets worse, or it is None. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from grandstand.domain.entities import kind_of
from grandstand.domain.schemas import ValueSchema
from grandstand.overlays.card_rules.schema import Schemas
from grandstand.overlays.card_rules.standings import Entry
from grandstand.overlays.card_rules.update import Figure, Item, Update


def is_voided(schema: ValueSchema, entry: Entry, figure: Figure) -> bool:
    """Return whether a figure says that an earlier entry never was."""
    if figure.value is None:
        return True
    value = schema.number(figure.value, figure.unit)
    return schema.improves and value is not None and schema.is_better(entry.value, value)


def effective(items: Iterable[Item], schemas: Schemas) -> list[Item]:
    """Return the items, in their order of time, without the values that a later one voids."""
    out: list[Item] = []
    later: dict[tuple[str, str], Figure] = {}
    for item in reversed(list(items)):
        out.append(_without_void(item, schemas, later) if isinstance(item, Update) else item)
    out.reverse()
    return out


def _without_void(update: Update, schemas: Schemas, later: dict[tuple[str, str], Figure]) -> Update:
    kind = schemas.get(kind_of(update.entity))
    if kind is None:
        return update
    kept: dict[str, Figure] = {}
    for label, figure in update.values.items():
        known, place = kind.schema.get(label), (update.entity, label)
        value = known.number(figure.value, figure.unit) if known else None
        if known is not None and (value is not None or figure.value is None):
            after = later.get(place)
            entry = None if value is None else Entry(value, update.at)
            if after is not None and entry is not None and is_voided(known, entry, after):
                continue
            later[place] = figure
        kept[label] = figure
    return update if len(kept) == len(update.values) else replace(update, values=kept)
