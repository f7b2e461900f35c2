"""Updates of stats cards and entities, as a producer sends them, and the event that they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from grandstand.api.operations import event_id
from grandstand.api.problems import Fault, invalid
from grandstand.api.validation import Line
from grandstand.domain.clock import AHEAD_MS
from grandstand.domain.entities import EntityUpdate, Measured, kind_of
from grandstand.domain.events import StatsGiven
from grandstand.domain.schemas import KindSchema, Label, Unit
from grandstand.domain.state import RoomState
from grandstand.overlays.stats_cards import version
from grandstand.text.normalise import clean
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import MAX_TIME_MS, Overlay, Time, Topic

OLDER = "the room's sequencer is of a version that knows no followers"
MAX_AHEAD_MS = 3_600_000
DURATION_S = 20

Plain: TypeAlias = (
    Annotated[int, Meta(ge=-MAX_TIME_MS, le=MAX_TIME_MS)]
    | float
    | Annotated[str, Meta(max_length=60)]
    | None
)
Duration: TypeAlias = Annotated[
    float, Meta(ge=0, le=3600, description="s, 1 at least; or 0: until it is replaced.")
]


class MeasuredValue(Struct, frozen=True, forbid_unknown_fields=True):
    """A value with its unit and place, and the best so far, which is in the same unit.

    `best` may hold marks of the kind's schema instead, as `NR|PB`. `starts` is when the entity
    begins to compete for this value, a programme time; until then `value` is null.
    """

    value: Plain
    unit: Unit | UnsetType = UNSET
    rank: Annotated[int, Meta(ge=1, le=MAX_TIME_MS)] | UnsetType = UNSET
    best: Plain | UnsetType = UNSET
    starts: Time | UnsetType = UNSET


Value: TypeAlias = Plain | MeasuredValue
Values: TypeAlias = Annotated[dict[Label, Value], Meta(max_length=12)]


class StatsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One update. `entity` is also its topic, `name` its title.

    For `everyone`, entity and name identify a card, which shows from `at` (by default now) for
    `duration` seconds, by default 20. Without `values`, null or empty, it removes the card at `at`.

    For `followers`, it says what is new of the entity: each value stays until a newer one, and
    those who follow the entity have one card of it, with all values and how old they are. By
    default it stays until it is replaced. Without `values` the entity is removed.
    """

    entity: Topic
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    values: Values | None
    at: Time | UnsetType = UNSET
    duration: Duration | UnsetType = UNSET
    audience: Literal["everyone", "followers"] = "everyone"

    @property
    def is_for_everyone(self) -> bool:
        """Return whether all viewers get it."""
        return self.audience == "everyone"


def check_times(
    lines: Sequence[Line], bodies: Sequence[StatsBody], state: RoomState, now: int
) -> None:
    """Raise ProblemError 422 if the moment of any update is too far away."""
    bad_times = [
        Fault(line.path("at"), words)
        for line, body in zip(lines, bodies, strict=True)
        if (words := bad_time(body, state, now))
    ]
    if bad_times:
        raise invalid(bad_times, ErrorCode.BAD_TIME)


def bad_time(body: StatsBody, state: RoomState, now: int) -> str:
    """Return why an update's moment is too far away, or an empty string.

    What is for everyone may wait for its moment; what a feed measures lies in the past.
    """
    oldest = now - state.settings.max_latency
    newest = now + (MAX_AHEAD_MS if body.is_for_everyone else AHEAD_MS)
    at = now if body.at is UNSET else body.at
    return "" if oldest <= at <= newest else f"must lie between {oldest} and {newest}"


def event_of(bodies: Sequence[StatsBody], state: RoomState, now: int) -> StatsGiven:
    """Return the event of updates without faults."""
    cards = [card_of(body, state.schemas, now) for body in bodies if body.is_for_everyone]
    updates = [update_of(body, state.schemas, now) for body in bodies if not body.is_for_everyone]
    return StatsGiven(event_id(), cards, updates)


def card_of(body: StatsBody, schemas: Mapping[str, KindSchema], now: int) -> Overlay:
    """Return the version of a card for everyone that a body without faults describes."""
    values = {
        clean(label): msgspec.to_builtins(_cleaned(value))
        for label, value in (body.values or {}).items()
    }
    duration_s = DURATION_S if body.duration is UNSET else body.duration
    entity = clean(body.entity)
    return version(
        entity,
        clean(body.name),
        now if body.at is UNSET else body.at,
        values,
        round(duration_s * 1000),
        schemas.get(kind_of(entity)),
    )


def update_of(body: StatsBody, schemas: Mapping[str, KindSchema], now: int) -> EntityUpdate:
    """Return what a body without faults says of an entity.

    A value without a unit has that of its kind's schema.
    """
    entity = clean(body.entity)
    at = now if body.at is UNSET else body.at
    schema = schemas.get(kind_of(entity))
    values = {}
    for label, given in (body.values or {}).items():
        name, value = clean(label), _cleaned(given)
        measured = value if isinstance(value, MeasuredValue) else MeasuredValue(value)
        expected = None if schema is None else schema.get(name)
        unit = measured.unit or ("" if expected is None else expected.unit)
        values[name] = Measured(
            at,
            measured.value,
            unit,
            measured.rank or None,
            _or_none(measured.best),
            None if measured.starts is UNSET else measured.starts,
        )
    duration_s = 0.0 if body.duration is UNSET else body.duration
    return EntityUpdate(entity, clean(body.name), at, values, round(duration_s * 1000))


def _or_none(value: Plain | UnsetType) -> Plain:
    return None if value is UNSET else value


def _cleaned(value: Value) -> Value:
    """Return a value with its texts as they may be shown."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, MeasuredValue):
        texts = {
            name: clean(text)
            for name in ("value", "unit", "best")
            if isinstance(text := getattr(value, name), str)
        }
        return msgspec.structs.replace(value, **texts)
    return value


def faults_between(schemas: Mapping[str, KindSchema], good: dict[str, Any]) -> Iterator[Fault]:
    """Yield the faults of an update beyond its fields."""
    for name in ("entity", "name"):
        if name in good and not clean(good[name]):
            yield Fault(name, "is blank")
    if 0 < (good.get("duration") or 0) < 1:
        yield Fault("duration", "must be 0 or at least 1")
    schema = schemas.get(kind_of(clean(good.get("entity", ""))))
    for label, value in (good.get("values") or {}).items():
        if not clean(label):
            yield Fault("values", "has a blank name")
        elif schema is not None and (words := _flaw(schema, clean(label), value)):
            yield Fault(f"values.{label}", words)


def _flaw(schema: KindSchema, name: str, value: Value) -> str:
    """Return what the schema says against a value, or an empty string."""
    if not isinstance(value, MeasuredValue):
        return schema.flaw(name, value, None)
    unit = None if value.unit is UNSET else clean(value.unit)
    best = "" if value.best is UNSET else schema.flaw_of_best(name, value.best)
    return schema.flaw(name, value.value, unit) or (best and f"its best {best}")
