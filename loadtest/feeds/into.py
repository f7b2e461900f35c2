"""A feed into a room of a running server, and what viewers who follow all of it are shown."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from grandstand.domain.schemas import KindSchema

from loadtest.feeds.checking import Feed, out_of_order, told_twice
from loadtest.feeds.sending import Line, body_at, put_schemas, send
from loadtest.feeds.watching import Card, Watch

SETTLED_S = 45.0
"""After the last line a card may wait for the screen, 20 s, and then be told."""


async def run(
    lines: Sequence[Line], schemas: Mapping[str, KindSchema], room: str, token: str
) -> tuple[dict[str, Any], list[Card]]:
    """Send it all; return figures without a word of the feed, and all cards in their order.

    Raises OSError if the server refuses anything, or closes a viewer.
    """
    await asyncio.to_thread(put_schemas, room, token, schemas)
    entities = sorted({line.body["entity"] for line in lines})
    watch, began = Watch(), time.time()
    watching = asyncio.create_task(watch.follow(room, entities))
    sending = asyncio.create_task(asyncio.to_thread(send, lines, room, token, began))
    await asyncio.wait({watching, sending}, return_when=asyncio.FIRST_COMPLETED)
    if watching.done():
        await watching
    fates = await sending
    took_s = time.time() - began
    await asyncio.wait({watching}, timeout=SETTLED_S)
    if watching.done():
        await watching
    watching.cancel()
    figures = figures_of(lines, fates, watch, took_s)
    cards = watch.in_order()
    feed = Feed((body_at(line, began) for line in lines), schemas)
    return {**figures, **faults_of(feed, cards)}, cards


def figures_of(
    lines: Sequence[Line], fates: Mapping[str, int], watch: Watch, took_s: float
) -> dict[str, Any]:
    """Return how many lines and cards there were, without a word of them."""
    by_audience = {
        audience: Counter(
            card["rule"] for card in watch.cards.values() if card["audience"] == audience
        )
        for audience in ("everyone", "followers")
    }
    return {
        "seconds": round(took_s, 1),
        "lines": len(lines),
        "entities": len({line.body["entity"] for line in lines}),
        "fates": dict(fates),
        **{name: dict(rules.most_common()) for name, rules in by_audience.items()},
        "taken_back": watch.taken_back,
    }


def faults_of(feed: Feed, cards: Sequence[Card]) -> dict[str, Any]:
    """Return how long after its moment a card came, and how many sentences are wrong."""
    late_s = sorted(card["late_s"] for card in cards)
    for card in cards:
        card["unfounded"] = feed.unfounded(card)
    return {
        "late_p50_s": late_s[len(late_s) // 2] if late_s else None,
        "late_most_s": late_s[-1] if late_s else None,
        "unfounded": sum(bool(card["unfounded"]) for card in cards),
        "told_twice": len(told_twice(cards)),
        "out_of_order": len(out_of_order(cards)),
    }
