"""Schemas: which values a kind of entity has, in which units and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import Fault, invalid
from grandstand.domain.events import SchemaPut
from grandstand.domain.schemas import KindSchema
from grandstand.text.normalise import clean

MAX_KIND = 40


async def put(call: Call) -> Response:
    """Say which values the entities of a kind have; values that a feed gave before stay.

    A schema without values removes it. A room has schemas for at most 50 kinds.
    """
    kind = call.path("kind")
    if not 0 < len(kind) <= MAX_KIND or ":" in kind or clean(kind) != kind:
        words = f"is 1 to {MAX_KIND} characters without a colon: an entity's id up to its colon"
        raise invalid([Fault("kind", words)])
    given = call.body(KindSchema, _faults_between)
    schema = KindSchema(
        [replace(value, name=clean(value.name), unit=clean(value.unit)) for value in given.values]
    )
    await call.submit(SchemaPut(event_id(), kind, schema if schema.values else None))
    return answer(schema)


async def get(call: Call) -> Response:
    """Return the schema of a kind; one without values if it has none."""
    return answer(call.live.replica.state.schemas.get(call.path("kind"), KindSchema([])))


def _faults_between(good: dict[str, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, value in enumerate(good.get("values", ())):
        name = clean(value.name)
        if not name:
            yield Fault(f"values[{index}].name", "is blank")
        elif name in seen:
            yield Fault(f"values[{index}].name", "is that of another value, too")
        seen.add(name)
