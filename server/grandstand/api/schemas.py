"""Schemas: which values a kind of entity has, in which units and in which order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import Fault, invalid
from grandstand.domain.events import SchemaPut
from grandstand.domain.schemas import MAX_BYTES, KindSchema, ValueSchema
from grandstand.text.normalise import clean

MAX_KIND = 40


async def put(call: Call) -> Response:
    """Say which values the entities of a kind have; values that a feed gave before stay.

    Where it says what is better, or which steps are told, the room makes cards of this kind by
    rule. A schema without values removes it. A room has schemas for at most 50 kinds, of 8 KiB.
    """
    kind = call.path("kind")
    if not 0 < len(kind) <= MAX_KIND or ":" in kind or clean(kind) != kind:
        words = f"is 1 to {MAX_KIND} characters without a colon: an entity's id up to its colon"
        raise invalid([Fault("kind", words)])
    given = call.body(KindSchema, _faults_between)
    schema = _cleaned(given)
    if len(msgspec.msgpack.encode(schema)) > MAX_BYTES:
        raise invalid([Fault("", f"has more than {MAX_BYTES} bytes: say less, in fewer languages")])
    await call.submit(SchemaPut(event_id(), kind, schema if schema.values else None))
    return answer(schema)


async def get(call: Call) -> Response:
    """Return the schema of a kind; one without values if it has none."""
    return answer(call.live.replica.state.schemas.get(call.path("kind"), KindSchema([])))


def _cleaned(given: KindSchema) -> KindSchema:
    """Return a schema with its texts as they may be shown."""
    values = [
        replace(
            value,
            name=clean(value.name),
            unit=clean(value.unit),
            names={lang: clean(name) for lang, name in value.names.items()},
        )
        for value in given.values
    ]
    stages = {
        word: replace(stage, names={lang: clean(name) for lang, name in stage.names.items()})
        for word, stage in given.stages.items()
    }
    return replace(given, values=values, stages=stages)


def _faults_between(good: dict[str, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, value in enumerate(good.get("values", ())):
        name = clean(value.name)
        if not name:
            yield Fault(f"values[{index}].name", "is blank")
        elif name in seen:
            yield Fault(f"values[{index}].name", "is that of another value, too")
        seen.add(name)
        yield from _faults_of_rules(f"values[{index}]", value)


def _faults_of_rules(path: str, value: ValueSchema) -> Iterator[Fault]:
    if value.type == "text" and value.is_judged:
        yield Fault(f"{path}.type", "must be a number where `better` or `step` is given")
    if not value.better:
        for name in ("step", "close", "improves", "rules"):
            if getattr(value, name):
                yield Fault(f"{path}.{name}", "needs `better`")
