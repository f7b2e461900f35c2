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
from urllib.parse import quote

import msgspec
from grandstand.domain.entities import MAX_VALUES
from grandstand.domain.schemas import KindSchema
from grandstand.overlays.card_rules.update import Item, Start, Update

from loadtest.calls import call, give_lines
from loadtest.feeds.feed import body_of

LONGEST_SILENCE_S = 5.0
"""Nights are cut short."""

AHEAD_S = 75.0
"""Before it starts, a contest is announced."""

MOST_LINES = 500
"""Of one call."""


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


def plan(items: Iterable[Item], pace: float, for_s: float, *, plain: bool = False) -> list[Line]:
    """Return what is to be sent when, ``pace`` seconds of the feed in one, for so many seconds."""
    lines: list[Line] = []
    given = takewhile(lambda each: each[0] <= for_s + AHEAD_S, _paced(items, pace))
    for at_s, item in given:
        if isinstance(item, Update):
            lines.append(Line(at_s, at_s, body_of(item, plain=plain)))
        else:
            lines += _announced(item, at_s)
    lines.sort(key=lambda line: line.sent_s)
    return [*_without_too_many(line for line in lines if line.sent_s <= for_s)]


def _paced(items: Iterable[Item], pace: float) -> Iterator[tuple[float, Item]]:
    """Yield each item with its second."""
    at_s, before = 0.0, None
    for item in items:
        if before is not None:
            at_s += min(max(0, item.due - before) / 1000 / pace, LONGEST_SILENCE_S)
        before = max(item.due, before or 0)
        yield at_s, item


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


def send(lines: Iterable[Line], room: str, token: str) -> Counter[str]:
    """POST lines to the room with this URL as their time comes; return what became of them.

    Raises HTTPError if the server refuses one.
    """
    began, fates, waiting = time.time(), Counter[str](), list[dict[str, Any]]()
    for line in lines:
        if waiting and (line.sent_s > time.time() - began or len(waiting) >= MOST_LINES):
            fates.update(give_lines(room, token, "/stats", waiting))
            waiting.clear()
        time.sleep(max(0.0, began + line.sent_s - time.time()))
        body = {**line.body, "at": round((began + line.at_s) * 1000)}
        if line.starts_s is not None:
            ((label, value),) = body["values"].items()
            starts = round((began + line.starts_s) * 1000)
            body["values"] = {label: {**value, "starts": starts}}
        waiting.append(body)
    if waiting:
        fates.update(give_lines(room, token, "/stats", waiting))
    return fates
