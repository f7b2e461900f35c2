"""Stats cards: figures about athletes, teams and results, from a producer's data feed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from grandstand.api.operations import Call, answer, event_id
from grandstand.api.problems import Fault, invalid
from grandstand.domain.events import StatsGiven
from grandstand.domain.outcome import Fate
from grandstand.overlays.stats_cards import version
from grandstand.text.normalise import clean
from grandstand.wire.codes import ErrorCode
from grandstand.wire.messages import MAX_TIME_MS, Overlay, Time, Topic
from grandstand.wire.settings import Settings

MAX_AHEAD_MS = 3_600_000
MAX_UPDATES = 2000
DURATION_S = 20

Label: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]
Value: TypeAlias = (
    Annotated[int, Meta(ge=-MAX_TIME_MS, le=MAX_TIME_MS)]
    | float
    | Annotated[str, Meta(max_length=60)]
    | None
)
Duration: TypeAlias = Annotated[
    float, Meta(ge=0, le=3600, description="s, 1 at least; or 0: until it is replaced.")
]


class StatsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One update of a card. `entity` (also its topic) and `name`, its title, identify the card.

    It shows from `at` (by default now) for `duration` seconds. Without `values`, null or empty, it
    removes the card at `at`.
    """

    entity: Topic
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    values: Annotated[dict[Label, Value], Meta(max_length=12)] | None
    at: Time | UnsetType = UNSET
    duration: Duration = DURATION_S


class StatsResult(Struct, frozen=True):
    """What happened to one update.

    `taken`: viewers have it. `waiting`: they get it 2 s before its `at`. `late`: the card has a
    newer one. `repeated`: the card has the same.
    """

    id: Annotated[str, Meta(description="The overlay's.")]
    at: Time
    status: Fate


class StatsResults(Struct, frozen=True):
    """What happened to each update, in the order sent."""

    stats: list[StatsResult]


async def post(call: Call) -> Response:
    """Show, change or remove stats cards: one update as JSON, or one on each line as NDJSON.

    If any update is wrong, none is accepted. A fault's path begins with its line; the first 100
    faults are reported. At most 2,000 lines of 64 KiB, and 1 MiB. A room has at most 200 cards, and
    256 KiB of them; the oldest are removed. 500 updates may wait for their time. Of one card's
    updates within 200 ms the last is shown.
    """
    settings, now = call.live.replica.state.settings, call.live.now()
    bodies = await call.body_lines(StatsBody, faults_between)
    cards = [card_of(body, now) for body in bodies]
    bad_times = [
        Fault(line.path("at"), words)
        for line, card in zip(call.lines, cards, strict=True)
        if (words := bad_time(card, settings, now))
    ]
    if bad_times:
        raise invalid(bad_times, ErrorCode.BAD_TIME)
    fates = (await call.submit(StatsGiven(event_id(), cards))).fates if cards else ()
    results = [StatsResult(card.id, card.at, fate) for card, fate in zip(cards, fates, strict=True)]
    return answer(StatsResults(results))


def bad_time(card: Overlay, settings: Settings, now: int) -> str:
    """Return why a card's moment is too far away, or an empty string."""
    oldest, newest = now - settings.max_latency, now + MAX_AHEAD_MS
    return "" if oldest <= card.at <= newest else f"must lie between {oldest} and {newest}"


def card_of(body: StatsBody, now: int) -> Overlay:
    """Return the version of a card that a body without faults describes."""
    values = {
        clean(label): clean(value) if isinstance(value, str) else value
        for label, value in (body.values or {}).items()
    }
    return version(
        clean(body.entity),
        clean(body.name),
        now if body.at is UNSET else body.at,
        values,
        round(body.duration * 1000),
    )


def faults_between(good: dict[str, Any]) -> Iterator[Fault]:
    """Yield the faults of an update beyond its fields."""
    for name in ("entity", "name"):
        if name in good and not clean(good[name]):
            yield Fault(name, "is blank")
    if 0 < good.get("duration", 0) < 1:
        yield Fault("duration", "must be 0 or at least 1")
    for label in good.get("values") or {}:
        if not clean(label):
            yield Fault("values", "has a blank name")
