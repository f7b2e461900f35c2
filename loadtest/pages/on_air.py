"""Frames per second of the overlay's page in full HD while much changes: as a mixer shows it.

Gaps are those between animation frames, counted by the page itself (``requestAnimationFrame``). A
page may get those in time and still not be drawn: so one more window is traced, and Chromium's own
compositor says which frames it drew and which it dropped. Without a GPU all of it is on the CPU.

Everything that a feed and a producer can put there is there: a poll that runs out, four cards of
which one changes ten times a second, a score that changes each second, the pulse.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from itertools import count, pairwise
from typing import Any

from playwright.async_api import Browser

from loadtest.pages.spectator import Spectator, spectator
from loadtest.pages.venue import Venue
from loadtest.spread import middle, spread

RUNS = 3
RUN_S = 10.0
WARM_S = 5.0
SIZE = (1920, 1080)
CHANGES_PER_S = 10
CARDS = 4
LONG_FRAME_MS = 25
ROOM = "on-air"
PARTS = "poll,pulse,viewers,cards,score,sentence,highlight"

_TRACED = "disabled-by-default-devtools.timeline.frame"
_COUNTER = """() => {
  window.frames_ = [];
  const note = (now) => { window.frames_.push(now); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""


async def measure(browser: Browser, venue: Venue, runs: int = RUNS) -> dict[str, Any]:
    """Return medians, and figures run by run."""
    await venue.room(ROOM, tick=50)
    poll = {"kind": "single", "question": "Which song next?", "options": ["Slow", "Loud", "Old"]}
    await venue.call("POST", f"/v1/rooms/{ROOM}/polls", {**poll, "duration": 600})
    feed = asyncio.create_task(_feed(venue), name="feed")
    one = await spectator(
        browser, f"{venue.url}/overlay/{ROOM}?show={PARTS}", size=SIZE, scripts=()
    )
    try:
        await one.page.wait_for_selector('#score[data-on="true"]')
        await one.page.evaluate(_COUNTER)
        await asyncio.sleep(WARM_S)
        taken = [await _run(one) for _ in range(runs)]
        drawn = await _drawn(browser, one)
        figures = [{k: v for k, v in run.items() if isinstance(v, float)} for run in taken]
        return {"median": middle(figures), "runs": taken, "drawn": drawn, "faults": one.faults}
    finally:
        feed.cancel()
        await asyncio.gather(feed, return_exceptions=True)
        await one.leave()


async def _feed(venue: Venue) -> None:
    """Tells of cards and a score, evenly, for ever."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    for number in count():
        body: dict[str, Any] = {"entity": f"athlete:{number % CARDS}", "name": "100 m"}
        body["values"] = {"Speed, km/h": 30 + number % 70 / 10, "Lane": number % 8}
        if number % CHANGES_PER_S == 0:
            body = {"entity": "match:1", "name": "Final"}
            body["values"] = {"Reds": number // CHANGES_PER_S, "Blues": 1}
        await venue.call("POST", f"/v1/rooms/{ROOM}/stats", {**body, "duration": 0})
        await asyncio.sleep(begun_s + (number + 1) / CHANGES_PER_S - loop.time())


async def _run(one: Spectator) -> dict[str, Any]:
    """Return the figures of one window of time."""
    await one.page.evaluate("() => { window.frames_.length = 0; }")
    before = await one.metrics()
    await asyncio.sleep(RUN_S)
    after = await one.metrics()
    frames: list[float] = await one.page.evaluate("() => window.frames_")
    gaps = [then - first for first, then in pairwise(frames)]
    took_s = after["Timestamp"] - before["Timestamp"]
    return {
        "frames_per_s": round(len(gaps) * 1000 / (frames[-1] - frames[0]), 2),
        "long_frames_share": round(sum(gap > LONG_FRAME_MS for gap in gaps) / len(gaps), 4),
        "main_thread_share": round((after["TaskDuration"] - before["TaskDuration"]) / took_s, 3),
        "layout_ms_per_frame": round(
            (after["LayoutDuration"] - before["LayoutDuration"]) * 1000 / len(gaps), 3
        ),
        "script_ms_per_frame": round(
            (after["ScriptDuration"] - before["ScriptDuration"]) * 1000 / len(gaps), 3
        ),
        "gap_ms": spread(gaps),
    }


async def _drawn(browser: Browser, one: Spectator) -> dict[str, float]:
    """Return what the compositor drew of one window of time, and what it dropped."""
    await browser.start_tracing(page=one.page, categories=[_TRACED])
    await asyncio.sleep(RUN_S)
    events = json.loads(await browser.stop_tracing())["traceEvents"]
    of = Counter(event["name"] for event in events)
    at = [event["ts"] for event in events if event["name"] == "DrawFrame"]
    took_s = (max(at) - min(at)) / 1e6
    return {
        "frames_per_s": round((of["DrawFrame"] - 1) / took_s, 2),
        "dropped": of["DroppedFrame"],
        "window_s": round(took_s, 2),
    }
