"""Stats cards: figures about athletes, teams and results, from a producer's data feed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct
from starlette.responses import Response

from grandstand.api.operations import Call, answer
from grandstand.api.stat_updates import OLDER, StatsBody, check_times, event_of, faults_between
from grandstand.api.stats_feed import StatsFeed
from grandstand.domain.events import StatsGiven
from grandstand.domain.outcome import Fate
from grandstand.overlays.stats_cards import followers_card_id
from grandstand.store.errors import StoreUnavailable
from grandstand.wire.messages import Time

MAX_UPDATES = 2000


class StatsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """With ``stream`` the body is NDJSON that may go on for hours."""

    stream: bool = False


class StatsResult(Struct, frozen=True):
    """What happened to one update.

    `taken`: viewers have it. `waiting`: they get it 2 s before its `at`. `late`: the card has a
    newer one, or the entity newer values. `repeated`: it has the same. `full`: it isn't taken: the
    room has 100,000 entities, or this one 24 values, or 4 KiB of them.
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
    faults are reported. At most 2,000 lines of 64 KiB, and 1 MiB. A room has at most 200 cards for
    everyone, and 256 KiB of them; the oldest are removed. 500 updates may wait for their time. Of
    one card's updates within 200 ms the last is shown.

    With `stream`, the body is NDJSON without an end. It is answered as it goes, also by NDJSON:
    every ten seconds, or every second if something is wrong, a `FeedReport` with sums since the
    beginning. A line that is wrong is reported, and the others are taken. A feed that says more
    than 1,000 lines a second for long is read more slowly. It ends when nothing, not even a blank
    line, comes for ten minutes, and when its token is revoked.
    """
    if call.query(StatsQuery).stream:
        return StatsFeed(call)
    state, now = call.live.replica.state, call.live.now()
    bodies = await call.body_lines(StatsBody, partial(faults_between, state.schemas))
    check_times(call.lines, bodies, state, now)
    event = event_of(bodies, state, now)
    fates = (await call.submit(event)).fates if bodies else ()
    return answer(StatsResults(results_of(bodies, event, fates)))


def results_of(
    bodies: Sequence[StatsBody], event: StatsGiven, fates: Sequence[Fate]
) -> list[StatsResult]:
    """Return what happened to each update, in the order sent.

    Raises StoreUnavailable if a sequencer of an older version passed some over.
    """
    if len(fates) != len(bodies):
        raise StoreUnavailable(OLDER)
    cards = iter(zip(event.cards, fates, strict=False))
    updates = iter(zip(event.entities, fates[len(event.cards) :], strict=True))
    results = []
    for body in bodies:
        if body.is_for_everyone:
            card, fate = next(cards)
            results.append(StatsResult(card.id, card.at, fate))
        else:
            update, fate = next(updates)
            results.append(StatsResult(followers_card_id(update.entity), update.at, fate))
    return results
