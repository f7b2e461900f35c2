"""The schemas of a room as the card rules use them: also for the kinds that hold records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from grandstand.domain.schemas import KindSchema


@dataclass(frozen=True, slots=True)
class KnownKind:
    """A kind and its schema. What holds records gets no cards of its own."""

    name: str
    schema: KindSchema
    holds_records: bool = False


Schemas: TypeAlias = Mapping[str, KnownKind]
"""By kind."""


def with_records(schemas: Mapping[str, KindSchema]) -> Schemas:
    """Return what is known of each kind, and of each that holds records: the same values."""
    found = {name: KnownKind(name, schema) for name, schema in schemas.items()}
    for kind in {schema.records for schema in schemas.values() if schema.records}:
        values = [
            value
            for schema in schemas.values()
            if schema.records == kind
            for value in schema.values
        ]
        found[kind] = KnownKind(kind, KindSchema(values), holds_records=True)
    return found
