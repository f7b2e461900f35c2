"""What a model is given: comments that viewers were shown, the run-down, cues, stats, decisions.

Comments that were held, taken back or left out are never in it, and of a comment only its text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from grandstand.api.highlights import known
from grandstand.api.operations import Call
from grandstand.api.problems import of_refusal
from grandstand.assistant.material import (
    CUES_MAX,
    PLANNED_MAX,
    STATS_MAX,
    DecisionBasis,
    Material,
    RestedComment,
    RestedCue,
    RestedItem,
    RestedStat,
    condensed,
    line,
)
from grandstand.domain.entities import Entity
from grandstand.domain.outcome import Refusal
from grandstand.domain.record import Row
from grandstand.domain.translations import text_of
from grandstand.moderation.policy import Policy
from grandstand.wire.codec import decode_frame

PART_MS = 5000
PART_ROWS = 100
"""Comments that are read of each five seconds."""

DECODED_AT_ONCE = 50
BEFORE_MS, BEHIND_MS = 20_000, 10_000
"""Around a highlight."""

LONGEST_MS = 120_000
"""Of a highlight that goes on and on, the beginning."""

ENTITIES = 300
ENTITIES_AT_ONCE = 50


async def recent(call: Call, minutes: int, *, with_rundown: bool = False) -> Material:
    """Return what was shown in the last minutes, and with the run-down what comes next.

    Raises ProblemError if that is nothing, StoreUnavailable.
    """
    end = call.live.now()
    start = end - minutes * 60_000
    comments = await _shown(call, start, end)
    items = await _next_items(call) if with_rundown else []
    if not comments and not items:
        words = f"nobody said anything in the last {minutes} min that viewers were shown"
        raise of_refusal(Refusal.IMPOSSIBLE_STEP, words)
    said = await call.api.rooms.store.record.count(call.live.room, start, end)
    return Material(start, end, said, comments, items=items)


async def around(call: Call, highlight: str) -> Material:
    """Return what was said, marked and told around a highlight.

    Raises ProblemError if there is none, StoreUnavailable.
    """
    found = await known(call, highlight)
    start = found.from_ - BEFORE_MS
    end = min(found.until, found.from_ + LONGEST_MS) + BEHIND_MS
    record, room = call.api.rooms.store.record, call.live.room
    gone = await record.retracted_of(room, found.comments)
    rows = await record.rows_of(room, [each for each in found.comments if each not in gone])
    samples = [row for row in rows if row.user and row.shown]
    comments = await _shown(call, start, end, samples)
    state = call.live.replica.state
    cues = [
        RestedCue(each.id, line(f"{each.name} {text_of(each.data)}"), each.at)
        for each in state.cues
        if start <= each.at < end
    ]
    stats = await _stats(call, start, end)
    if not (comments or cues or stats):
        words = "nothing is kept any more of what was around this highlight"
        raise of_refusal(Refusal.IMPOSSIBLE_STEP, words)
    said = await record.count(room, start, end)
    return Material(
        start, end, said, comments, cues[-CUES_MAX:], stats[-STATS_MAX:], words=found.words
    )


async def decided(call: Call, comment: str) -> Material:
    """Return why a comment of the moderators' queue waits there.

    Raises ProblemError if it doesn't, StoreUnavailable.
    """
    found = await call.api.rooms.store.rooms.held_of(call.live.room, [comment])
    if not found:
        words = f"no comment {comment[:64]} waits for a moderator"
        raise of_refusal(Refusal.UNKNOWN_COMMENT, words)
    held = found[0]
    moderation = call.live.replica.state.settings.moderation
    policy = Policy(moderation.level, moderation.categories, moderation.on_timeout)
    words_that_decided = await call.api.explain(held.text, policy)
    category = ", ".join(held.categories) or "unclear"
    decision = DecisionBasis(category, held.reason, words_that_decided)
    plea = held.appeal or ""
    return Material(held.at, call.live.now(), decision=decision, plea=plea)


# --- comments ------------------------------------------------------------------------------------


async def _shown(
    call: Call, start: int, end: int, samples: Iterable[Row] = ()
) -> list[RestedComment]:
    """Return comments that viewers were shown in that time: all that the ring of frames has, and
    parts of the record; those that say the same as one."""
    record, room = call.api.rooms.store.record, call.live.room
    parts = max(1, (end - start) // PART_MS)
    rows = [*samples, *await record.spread(room, start, end, parts, PART_ROWS)]
    found = {row.id: RestedComment(row.id, row.text, row.at, row.count) for row in rows}
    ring = await _in_ring(call, start, end)
    gone = await record.retracted_of(room, [each for each in ring if each not in found])
    found |= {name: each for name, each in ring.items() if name not in found and name not in gone}
    return condensed(found.values())


async def _in_ring(call: Call, start: int, end: int) -> dict[str, RestedComment]:
    found = dict[str, RestedComment]()
    for number, publication in enumerate([*call.live.replica.ring], 1):
        for each in decode_frame(publication.payload).comments or ():
            if start <= each.at < end:
                found[each.id] = RestedComment(each.id, each.text, each.at, each.count)
        if number % DECODED_AT_ONCE == 0:
            await asyncio.sleep(0)
    return found


# --- the show ------------------------------------------------------------------------------------


async def _next_items(call: Call) -> list[RestedItem]:
    """Return what of the run-down is on air or comes next."""
    _, _, rundown = await call.api.rooms.store.rundowns.get(call.live.room)
    waiting = [each for each in rundown.items if each.status != "done"]
    return [RestedItem(each.id, line(each.title)) for each in waiting[:PLANNED_MAX]]


async def _stats(call: Call, start: int, end: int) -> list[RestedStat]:
    """Return what cards said, and how values of the first entities changed, in their order."""
    found = [
        RestedStat(each.id, text, each.at)
        for each in call.live.replica.state.overlays.values()
        if start <= each.at < end and (text := _card_text(each.data))
    ]
    table = call.live.entities
    for number, (_, name) in enumerate(table.search("", "", ENTITIES), 1):
        entity = table.get(name)
        if entity is not None:
            found += _changes(name, entity, start, end)
        if number % ENTITIES_AT_ONCE == 0:
            await asyncio.sleep(0)
    return sorted(found, key=lambda each: (each.at, each.id))


def _card_text(data: Mapping[str, Any]) -> str:
    """Return what people read on a card, "" for one without words."""
    if text := text_of(data):
        return line(text)
    name, values = data.get("name"), data.get("values")
    if not isinstance(name, str) or not isinstance(values, dict):
        return ""
    return line(f"{name}: " + ", ".join(f"{label} {value}" for label, value in values.items()))


def _changes(name: str, entity: Entity, start: int, end: int) -> Iterable[RestedStat]:
    for change in entity.changes:
        if start <= change.at < end and change.value is not None:
            text = f"{entity.name}: {change.name} {change.value} {change.unit}"
            yield RestedStat(name, line(text), change.at)
