"""Send a feed into a room, faster than it was, as its time comes, with the schemas of its kinds.

Contests are announced a minute before they start by the clock on the wall, or the room couldn't
tell of them in time. An entity whose row is nearly full of values of contests that are over is
removed first, as a feed does once a contest is over.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import msgspec
from grandstand.domain.entities import MAX_VALUES
from grandstand.domain.schemas import KindSchema
from grandstand.overlays.card_rules.update import Item, Start, Update

from loadtest.calls import call, give_lines
from loadtest.feeds.feed import body_of

LONGEST_SILENCE_S = 5.0
"""A silence is cut to this if nothing else is said; at a pace of 60 that is five minutes."""

SILENCE_S = 1800.0
"""Of the feed: at a faster pace a silence is cut to this, or a season would be nothing else."""

AHEAD_S = 75.0
"""Before it starts, a contest is announced."""

MOST_LINES = 500
"""Of one call."""

UNAVAILABLE = 503
AGAIN_S = 1.0
AWAY_S = 300.0
"""A room takes no update that is older than its `max_latency`."""


@dataclass(frozen=True, slots=True)
class Line:
    """A body for ``POST …/stats``: sent at ``sent_s``, with the ``at`` of ``at_s``; both are s
    after the beginning. ``starts_s`` is when its contest begins."""

    sent_s: float
    at_s: float
    body: dict[str, Any]
    starts_s: float | None = None


def put_schemas(room: str, token: str, schemas: Mapping[str, KindSchema]) -> None:
    """Tell a room of the kinds of a feed. Raises HTTPError if it refuses."""
    for kind, schema in schemas.items():
        call(room, token, "PUT", f"/schemas/{quote(kind)}", msgspec.to_builtins(schema))


def pace_of(
    items: Iterable[Item], for_s: float, longest_silence_s: float = LONGEST_SILENCE_S
) -> float:
    """Return the pace at which a feed takes so many seconds from its first to its last row."""
    gaps_s = [gap_s for gap_s, _ in _gaps(items)]
    slow, fast = 1e-3, 1e9
    for _ in range(60):
        pace = (slow * fast) ** 0.5
        is_slow = sum(_paced_s(gap_s, pace, longest_silence_s) for gap_s in gaps_s) > for_s
        slow, fast = (pace, fast) if is_slow else (slow, pace)
    return fast


def plan(
    items: Iterable[Item],
    pace: float,
    for_s: float,
    *,
    longest_silence_s: float = LONGEST_SILENCE_S,
    plain: bool = False,
) -> list[Line]:
    """Return what is to be sent when, ``pace`` seconds of the feed in one, for so many seconds."""
    lines: list[Line] = []
    given = takewhile(
        lambda each: each[0] <= for_s + AHEAD_S, _paced(items, pace, longest_silence_s)
    )
    for at_s, item in given:
        if isinstance(item, Update):
            lines.append(Line(at_s, at_s, body_of(item, plain=plain)))
        else:
            lines += _announced(item, at_s)
    lines.sort(key=lambda line: line.sent_s)
    return [*_without_too_many(line for line in lines if line.sent_s <= for_s)]


def _paced(
    items: Iterable[Item], pace: float, longest_silence_s: float
) -> Iterator[tuple[float, Item]]:
    """Yield each item with its second."""
    at_s = 0.0
    for gap_s, item in _gaps(items):
        at_s += _paced_s(gap_s, pace, longest_silence_s)
        yield at_s, item


def _gaps(items: Iterable[Item]) -> Iterator[tuple[float, Item]]:
    """Yield each item with the seconds of the feed since the one before."""
    before: int | None = None
    for item in items:
        yield (0.0 if before is None else max(0, item.due - before) / 1000), item
        before = max(item.due, before or 0)


def _paced_s(gap_s: float, pace: float, longest_silence_s: float) -> float:
    return min(gap_s / pace, longest_silence_s, SILENCE_S / pace)


def _announced(start: Start, told_s: float) -> Iterator[Line]:
    """Yield what says that entities start a minute after ``told_s``."""
    for entity, name in start.names.items():
        value: dict[str, Any] = {"value": None}
        if entity in start.bests:
            value["best"] = start.bests[entity]
        body = {"entity": entity, "name": name, "audience": "followers"}
        sent_s = max(0.0, told_s - AHEAD_S)
        yield Line(sent_s, sent_s, {**body, "values": {start.label: value}}, told_s)


def _without_too_many(lines: Iterable[Line]) -> Iterator[Line]:
    """Put removals before what would have no room."""
    labels: dict[str, set[str]] = {}
    for line in lines:
        body = line.body
        known = labels.setdefault(body["entity"], set())
        if len(known | body["values"].keys()) > MAX_VALUES:
            known.clear()
            yield Line(line.sent_s, line.at_s - 0.001, {**body, "values": None})
        known.update(body["values"])
        yield line


def body_at(line: Line, began: float) -> dict[str, Any]:
    """Return a line's body with times of a feed that began at ``began``, s since the epoch."""
    body = {**line.body, "at": round((began + line.at_s) * 1000)}
    if line.starts_s is not None:
        ((label, value),) = body["values"].items()
        starts = round((began + line.starts_s) * 1000)
        body["values"] = {label: {**value, "starts": starts}}
    return body


def send(lines: Iterable[Line], room: str, token: str, began: float) -> Counter[str]:
    """POST lines to the room with this URL as their time comes, in a feed that began at ``began``,
    s since the epoch; return what became of them, and how often a call was made ``again``.

    Raises HTTPError if the server refuses one, OSError if it is away for long.
    """
    fates, waiting = Counter[str](), list[dict[str, Any]]()
    for line in lines:
        if waiting and (line.sent_s > time.time() - began or len(waiting) >= MOST_LINES):
            fates.update(_given(waiting, room, token))
            waiting.clear()
        time.sleep(max(0.0, began + line.sent_s - time.time()))
        waiting.append(body_at(line, began))
    if waiting:
        fates.update(_given(waiting, room, token))
    return fates


def _given(bodies: list[dict[str, Any]], room: str, token: str) -> Iterator[str]:
    """Give updates, and again while the server is away: what it has already is ``repeated``."""
    until_s = time.monotonic() + AWAY_S
    while True:
        try:
            yield from give_lines(room, token, "/stats", bodies)
            return
        except OSError as error:
            is_refused = isinstance(error, HTTPError) and error.code != UNAVAILABLE
            if is_refused or time.monotonic() > until_s:
                raise
            yield "again"
            time.sleep(AGAIN_S)
