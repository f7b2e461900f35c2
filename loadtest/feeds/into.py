"""A feed into a room of a running server, and what viewers who follow all of it are shown."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from grandstand.domain.schemas import KindSchema

from loadtest.feeds.sending import Line, put_schemas, send
from loadtest.feeds.watching import Watch

SETTLED_S = 45.0
"""After the last line a card may wait for the screen, 20 s, and then be told."""


async def run(
    lines: Sequence[Line], schemas: Mapping[str, KindSchema], room: str, token: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Send it all; return figures without a word of the feed, and all cards in their order.

    Raises OSError if the server refuses anything, or closes a viewer.
    """
    await asyncio.to_thread(put_schemas, room, token, schemas)
    entities = sorted({line.body["entity"] for line in lines})
    watch, began_s = Watch(), time.monotonic()
    watching = asyncio.create_task(watch.follow(room, entities))
    sending = asyncio.create_task(asyncio.to_thread(send, lines, room, token))
    await asyncio.wait({watching, sending}, return_when=asyncio.FIRST_COMPLETED)
    if watching.done():
        await watching
    fates = await sending
    took_s = time.monotonic() - began_s
    await asyncio.wait({watching}, timeout=SETTLED_S)
    if watching.done():
        await watching
    watching.cancel()
    return figures_of(lines, fates, watch, took_s), watch.in_order()


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
