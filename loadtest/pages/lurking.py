"""How exactly a viewer without a socket sees what is said, beside one with a socket.

Both are equally far behind live, in one browser. A third viewer, about 3 s behind live, comments
through its page, so each comment is made long before the other two are to see it. Differences are
those of ``synchrony``. ``missed`` are comments that never came to the stage. Requests and bytes are
those of the room's files alone, as the browser counts them, without a cache before the server.
"""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Browser

from loadtest.pages.spectator import DENSE, OBSERVER, Spectator, spectator
from loadtest.pages.synchrony import COMMENTS, ROOM, SETTLE_S, differences, moment, say
from loadtest.pages.venue import Venue

BEHIND_MS = 8_000
SENDER_BEHIND_MS = 3_000
TRANSPORTS = ("socket", "segments")
HOUR_MS = 3_600_000

FILES = """() => {
  const files = performance.getEntriesByType("resource")
    .filter(({ name }) => /\\/(segments|snapshots)/.test(name));
  return { requests: files.length, bytes: files.reduce((sum, one) => sum + one.transferSize, 0) };
}"""


async def measure(browser: Browser, venue: Venue, comments: int = COMMENTS) -> dict[str, Any]:
    """One run."""
    await venue.call("PATCH", f"/v1/rooms/{ROOM}", {"comment_interval": 0, "comment_burst": 10_000})
    url = f"{venue.url}/?room={ROOM}&behind="
    sender = await spectator(browser, f"{url}{SENDER_BEHIND_MS / 1000:g}", keep_received=True)
    viewers = {
        transport: await spectator(
            browser,
            f"{url}{BEHIND_MS / 1000:g}&transport={transport}",
            scripts=(OBSERVER, DENSE),
            keep_received=True,
        )
        for transport in TRANSPORTS
    }
    try:
        for one in (sender, *viewers.values()):
            await one.page.evaluate("performance.setResourceTimingBufferSize(20_000)")
            await one.first_bullet()
        await asyncio.sleep(SETTLE_S)
        said = await say(sender, venue, comments)
        await asyncio.sleep(BEHIND_MS / 1000 + SETTLE_S)
        return {name: await _judged(one, said) for name, one in viewers.items()}
    finally:
        for one in (sender, *viewers.values()):
            await one.leave()


async def _judged(one: Spectator, said: set[str]) -> dict[str, Any]:
    observed = await one.observed()
    due = observed["due"]
    seen = {each["id"]: each for each in observed["sightings"] if each["id"] in said}
    rows = [moment(each, due[name]["at"]) for name, each in seen.items()]
    behind_ms, open_ms = await one.page.evaluate(
        "(({live}) => [live.now() - live.playhead(), performance.now()])(window.grandstand)"
    )
    files = await one.page.evaluate(FILES)
    return {
        "behind_live_ms": round(behind_ms),
        "said": len(said),
        "missed": len(said) - len(rows),
        "by_socket": len(one.received),
        "sync": differences(rows),
        "an_hour": {name: round(count * HOUR_MS / open_ms) for name, count in files.items()},
        "faults": one.faults,
    }
