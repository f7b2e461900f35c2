"""The page over hours, in minutes: memory under 30 comments a second, and an hour unseen.

The real page in real Chromium, its clocks and its socket under ``virtual_time.js``: three simulated
hours, after each quarter a full collection, then what is left. An hour in the background is the
same with timers throttled and no animation frames, as browsers do, and then looked at again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from loadtest.pages.spectator import Spectator, spectator
from loadtest.pages.venue import Venue
from loadtest.spread import slope

VIRTUAL_TIME = (Path(__file__).parent / "virtual_time.js").read_text("utf-8")
ROOM = "gala"
QUARTER_MS = 900_000
QUARTERS = 12
WARM_QUARTERS = 1
"""Caches and lists fill up to their bounds in it."""

BACK_FRAMES_MS = 10_000


async def measure(browser: Browser, venue: Venue, quarters: int = QUARTERS) -> dict[str, Any]:
    """Both."""
    one = await spectator(
        browser, f"{venue.url}/?room={ROOM}&behind=15", scripts=(VIRTUAL_TIME,), size=(1280, 900)
    )
    try:
        await one.page.wait_for_function("() => window.grandstand?.live")
        hours = await _hours(one, quarters)
        unseen = await _unseen(one)
        return {"hours": hours, "background": unseen, "faults": one.faults}
    finally:
        await one.leave()


async def _hours(one: Spectator, quarters: int) -> dict[str, Any]:
    samples = [await _left(one)]
    for _ in range(quarters):
        await _pass(one, QUARTER_MS)
        samples.append(await _left(one))
        print(json.dumps(samples[-1]), flush=True)
    warm = samples[1 + WARM_QUARTERS - 1 :]
    return {
        "samples": samples,
        "comments": samples[-1]["comments"],
        "grown_bytes": warm[-1]["heap_bytes"] - warm[0]["heap_bytes"],
        "slope_bytes_per_hour": round(
            slope([(s["simulated_s"] / 3600, s["heap_bytes"]) for s in warm])
        ),
        "grown_nodes": warm[-1]["nodes"] - warm[0]["nodes"],
        "grown_listeners": warm[-1]["listeners"] - warm[0]["listeners"],
    }


async def _unseen(one: Spectator) -> dict[str, Any]:
    before = await _left(one)
    await one.page.evaluate(
        """() => {
          const { live } = window.grandstand;
          window.back = { due: 0, oldestMs: 0, perFrame: [], onStage: [], cues: 0 };
          let inFrame = 0;
          live.on("comment", ({ lateMs }) => {
            window.back.due += 1;
            inFrame += 1;
            window.back.oldestMs = Math.max(window.back.oldestMs, lateMs);
          });
          live.on("frame", () => {
            window.back.perFrame.push(inFrame);
            inFrame = 0;
            window.back.onStage.push(window.grandstand.bullets().length);
          });
          window.virtual.hide();
        }"""
    )
    during = []
    for _ in range(4):
        await _pass(one, QUARTER_MS)
        during.append(await _left(one))
    unseen_due = await one.page.evaluate("window.back.due")
    await one.page.evaluate("window.virtual.show()")
    await _pass(one, BACK_FRAMES_MS)
    back = await one.page.evaluate("window.back")
    after = await _left(one)
    return {
        "before": before,
        "during": during,
        "after": after,
        "shown_while_unseen": unseen_due,
        "shown_in_first_frame": back["perFrame"][0] if back["perFrame"] else 0,
        "shown_in_first_s": sum(back["perFrame"][:10]),
        "most_in_a_later_frame": max(back["perFrame"][1:], default=0),
        "oldest_shown_ms": back["oldestMs"],
        "on_stage_first_frame": back["onStage"][0] if back["onStage"] else 0,
        "on_stage_after_10_s": back["onStage"][-1] if back["onStage"] else 0,
    }


async def _pass(one: Spectator, ms: int) -> None:
    """Lets simulated time pass, in parts that no debugging session gives up on."""
    part = 60_000
    for begun in range(0, ms, part):
        await one.page.evaluate(f"window.virtual.run({min(part, ms - begun)})")


async def _left(one: Spectator) -> dict[str, float]:
    """What is held once all that can be collected is."""
    for _ in range(2):
        await one.cdp.send("HeapProfiler.collectGarbage")
    told = await one.metrics()
    clock = await one.page.evaluate("({ now: window.virtual.now(), said: window.virtual.said })")
    return {
        "simulated_s": clock["now"] / 1000,
        "comments": clock["said"]["comments"],
        "heap_bytes": told["JSHeapUsedSize"],
        "nodes": told["Nodes"],
        "listeners": told["JSEventListeners"],
    }
