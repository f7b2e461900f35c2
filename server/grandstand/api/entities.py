"""Entities: who and what a room's data feed tells of, to be found by name and looked at."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call, answer
from grandstand.api.problems import UNKNOWN_ENTITY, Fault, ProblemError, invalid
from grandstand.api.stat_updates import Plain
from grandstand.domain.entities import Entity, kind_of
from grandstand.domain.schemas import decimals_of, in_order
from grandstand.replica.entities import EntityTable
from grandstand.store.errors import StoreUnavailable
from grandstand.timeouts import timeout
from grandstand.wire.messages import Time

PAGE = 50
KINDS_MAX = 50
READING_S = 5.0
"""How long a call waits for a room whose entities are still being read."""


class EntitiesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """The beginnings of words of a name; without them all entities. ``after`` is the ``next`` of
    the page before."""

    q: Annotated[str, Meta(max_length=100)] = ""
    after: Annotated[str, Meta(max_length=2000)] = ""


class EntityEntry(Struct, frozen=True):
    """An entity; `followers` are those who follow it now, over all nodes."""

    entity: str
    name: str
    kind: Annotated[str, Meta(description="The id's part before its first colon, or empty.")]
    followers: int


class EntityList(Struct, frozen=True, omit_defaults=True):
    """Entities in the order of their names; ``next`` is there if more follow. ``kinds`` are those
    of all the room's entities, whatever was looked for."""

    entities: list[EntityEntry]
    kinds: list[str]
    next: str | UnsetType = UNSET


class PresentValue(Struct, frozen=True, omit_defaults=True):
    """A value, and its moment."""

    value: Plain
    at: Time
    unit: str = ""
    rank: int | None = None
    best: Plain = None
    starts: Time | None = None


class ValueChange(Struct, frozen=True, omit_defaults=True):
    """What a value became, and when."""

    at: Time
    name: str
    value: Plain
    unit: str = ""


class PresentEntity(Struct, frozen=True, omit_defaults=True):
    """An entity with its present values, in the order of its kind's schema, and the last changes,
    newest first; `at` is the moment of the newest update. `decimals` are those with which values
    are written, by their names, as far as the schema says."""

    entity: str
    name: str
    kind: str
    followers: int
    at: Time
    values: dict[str, PresentValue]
    changes: list[ValueChange]
    decimals: dict[str, int] = {}


async def list_all(call: Call) -> Response:
    """Find entities by name: case, accents and widths don't matter, and each word of `q` is the
    beginning of one in the name, in any place of it where the script has no gaps."""
    query = call.query(EntitiesQuery)
    table = await _table(call)
    found = table.search(query.q, _decoded(query.after), PAGE + 1)
    page = found[:PAGE]
    counts = await _followers(call, [entity for _, entity in page])
    entries = [
        EntityEntry(name, entity.name, kind_of(name), count)
        for (_, name), count in zip(page, counts, strict=True)
        if (entity := table.get(name)) is not None
    ]
    following = _encoded(page[-1][0]) if len(found) > PAGE else UNSET
    return answer(EntityList(entries, table.kinds(KINDS_MAX), following))


async def get(call: Call) -> Response:
    """Return an entity's present values, and the last changes."""
    name = call.path("entity")
    entity = (await _table(call)).get(name)
    if entity is None or not entity.values:
        raise ProblemError(404, UNKNOWN_ENTITY, f"there is no entity {name[:100]}")
    (followers,) = await _followers(call, [name])
    return answer(_present(call, name, entity, followers))


def _present(call: Call, name: str, entity: Entity, followers: int) -> PresentEntity:
    kind = kind_of(name)
    schema = call.live.replica.state.schemas.get(kind)
    order = in_order(entity.values, schema)
    values = {
        label: PresentValue(value.value, value.at, value.unit, value.rank, value.best, value.starts)
        for label in order
        for value in (entity.values[label],)
    }
    changes = [ValueChange(each.at, each.name, each.value, each.unit) for each in entity.changes]
    decimals = decimals_of(order, schema)
    return PresentEntity(name, entity.name, kind, followers, entity.at, values, changes, decimals)


async def _table(call: Call) -> EntityTable:
    """Return the room's entities once they were read. Raises StoreUnavailable."""
    try:
        async with timeout(READING_S):
            while not (table := call.live.entities).is_whole.is_set():
                await table.is_whole.wait()
    except TimeoutError:
        raise StoreUnavailable("the room's entities are still being read") from None
    return table


async def _followers(call: Call, entities: Iterable[str]) -> Sequence[int]:
    return await call.api.follower_counts.of(call.live.room, tuple(entities))


def _encoded(line: str) -> str:
    return base64.urlsafe_b64encode(line.encode()).decode().rstrip("=")


def _decoded(after: str) -> str:
    try:
        return base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except ValueError:
        raise invalid([Fault("after", "isn't the `next` of a page")]) from None
