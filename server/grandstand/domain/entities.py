"""Entities: athletes, teams and whatever else a feed tells of, with their present values. Pure.

Theory of operation: an update names an entity, a moment and some values. Each value is settled by
itself: the newest moment wins, whatever comes late, again or out of order. Of two updates for the
same moment the later one in the room's order counts, so that a mistake can be corrected. Only what
entered last changes an entity, so it may be written whole: rows in the store, rows in a commit and
rows in the memory of every node have the same bytes.

A removed entity keeps an empty row: by it an update from before the removal is known to be late.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from grandstand.domain.outcome import Fate

MAX_ENTITIES = 100_000
"""Of a room, removed ones included: some 70 MB on each node that follows it (docs/operators.md)."""

MAX_VALUES = 24
MAX_ROW_BYTES = 4096
MAX_UPDATES = 250
"""Updates of entities of one commit at most, which has 1 MB of rows then: whoever follows the room
applies all of them at once."""

CHANGES_KEPT = 10
TOLD_KEPT = 3

Plain: TypeAlias = int | float | str | None


class Measured(Struct, frozen=True, array_like=True):
    """A value at a moment of programme time (ms); ``best`` is in its unit, as the value is.
    ``starts`` is when the entity begins to compete for it (programme ms), if that is known."""

    at: int
    value: Plain
    unit: str = ""
    rank: int | None = None
    best: Plain = None
    starts: int | None = None


class Change(Struct, frozen=True, array_like=True):
    """What a value became, and at which moment."""

    at: int
    name: str
    value: Plain
    unit: str = ""


class Told(Struct, frozen=True, array_like=True):
    """A card that rules made of an entity, for those who follow it, from ``at`` to ``expires_at``
    (programme ms); one that was taken back ends at its ``at``.

    ``words`` are what it says in other languages of the room, by the code of their templates.
    """

    id: str
    at: int
    expires_at: int
    data: dict[str, Any]
    words: dict[str, str] = field(default_factory=dict)


class EntityUpdate(Struct, frozen=True, array_like=True):
    """What a feed says of an entity at a moment; without ``values`` it removes it.

    The card of this update ends ``duration_ms`` after its moment, or with 0 stays.
    """

    entity: str
    name: str
    at: int
    values: dict[str, Measured]
    duration_ms: int = 0


class Entity(Struct, frozen=True, array_like=True):
    """An entity's row: its present values, and the last changes, newest first.

    ``at`` is the moment of the newest update, from which it has its name. Values of ``removed_at``
    or before don't count. ``told`` are its last cards by rule, newest first.
    """

    name: str
    at: int
    values: dict[str, Measured] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    duration_ms: int = 0
    removed_at: int = -1
    told: list[Told] = field(default_factory=list)


class _Named(Struct, frozen=True, array_like=True):
    """The beginning of an entity's row."""

    name: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Entity).decode
_decode_name = msgspec.msgpack.Decoder(_Named).decode


def kind_of(entity: str) -> str:
    """Return the part of an entity's id before its first colon; "" without one."""
    kind, colon, _ = entity.partition(":")
    return kind if colon else ""


def row_of(entity: Entity) -> bytes:
    """Return an entity in the form in which it is stored, committed and kept in memory."""
    return _encode(entity)


def entity_of(row: bytes | None) -> Entity | None:
    """Return the entity of a row; None without a row, or with one that can't be read."""
    try:
        return None if row is None else _decode(row)
    except (msgspec.MsgspecError, ValueError):
        return None


def name_of(row: bytes) -> str:
    """Return an entity's name, at a twentieth of what ``entity_of`` takes; "" of a row that can't
    be read."""
    try:
        return _decode_name(row).name
    except (msgspec.MsgspecError, ValueError):
        return ""


def updated(before: Entity | None, update: EntityUpdate) -> tuple[Entity, Fate]:
    """Return an entity after an update, and what happened to the update.

    Of a row that would be larger than it may be, the oldest changes are dropped, then the oldest
    cards by rule; if that isn't enough the update is ``full``, and changes nothing.
    """
    entity = before or Entity(update.name, update.at)
    if not update.values:
        after = _removed(entity, update.at)
    elif update.at <= entity.removed_at:
        after = entity
    else:
        after = _with_values(entity, update)
    if before is not None and after == before:
        return before, _unchanged(before, update)
    if len(after.values) > MAX_VALUES:
        return entity, "full"
    return _fitting(after, entity)


def told(entity: Entity, card: Told) -> tuple[Entity, Fate]:
    """Return an entity after a card by rule, and what happened to the card.

    One of the same id keeps its ``at``: nobody is told the same twice. The newest ones are kept.
    """
    held = next((each for each in entity.told if each.id == card.id), None)
    if held is not None:
        is_taken_back = card.expires_at <= card.at
        card = replace(card, at=held.at, expires_at=held.at if is_taken_back else held.expires_at)
        if card == held:
            return entity, "repeated"
    others = [each for each in entity.told if each.id != card.id]
    kept = sorted([card, *others], key=lambda each: -each.at)[:TOLD_KEPT]
    if card not in kept:
        return entity, "late"
    return _fitting(replace(entity, told=kept), entity)


def _fitting(after: Entity, before: Entity) -> tuple[Entity, Fate]:
    """Return what an entity becomes, with as much of its past as it has room for."""
    while len(row_of(after)) > MAX_ROW_BYTES:
        if after.changes:
            after = replace(after, changes=after.changes[:-1])
        elif after.told:
            after = replace(after, told=after.told[:-1])
        else:
            return before, "full"
    return after, "taken"


def _removed(entity: Entity, at: int) -> Entity:
    if at <= entity.removed_at:
        return entity
    left = {name: value for name, value in entity.values.items() if value.at > at}
    return replace(entity, values=left, removed_at=at, at=max(entity.at, at))


def _with_values(entity: Entity, update: EntityUpdate) -> Entity:
    known = entity.values
    newer = {
        name: value
        for name, value in update.values.items()
        if name not in known or value.at >= known[name].at
    }
    changes = [
        Change(value.at, name, value.value, value.unit)
        for name, value in newer.items()
        if name not in known or (known[name].value, known[name].unit) != (value.value, value.unit)
    ]
    is_newest = update.at >= entity.at
    return replace(
        entity,
        name=update.name if is_newest else entity.name,
        duration_ms=update.duration_ms if is_newest else entity.duration_ms,
        at=max(entity.at, update.at),
        values={**known, **newer},
        changes=[*changes, *entity.changes][:CHANGES_KEPT],
    )


def _unchanged(entity: Entity, update: EntityUpdate) -> Fate:
    given: Mapping[str, Measured] = update.values
    is_known = all(entity.values.get(name) == value for name, value in given.items())
    is_again = is_known if given else entity.removed_at == update.at
    return "repeated" if is_again else "late"
