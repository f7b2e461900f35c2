"""Frames per second, and what the page's main thread does for one, with 200 bullets on the stage.

``cpu_ms_per_frame`` is what the main thread ran; the others are Chromium's counters, by the clock,
and so longer where others use the machine.

A real room: what is said in it comes from connections beside the browser, through the server, at
the rate that keeps that many bullets flying; all are short, of different texts, and the viewer's
density is "many". With the picture, and without.
"""

from __future__ import annotations

import asyncio
import os
from itertools import count, pairwise
from pathlib import Path
from statistics import fmean
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser

from loadtest.pages.spectator import DENSE, OBSERVER, Spectator, spectator
from loadtest.pages.venue import STREAM, Venue
from loadtest.seats.dialects import Grandstand
from loadtest.seats.socket_pool import SocketPool
from loadtest.spread import middle, spread

RUNS = 3
RUN_S = 10.0
BULLETS = 200
COMMENTS_PER_S = 28
"""A bullet flies for 8 s or a little more."""

SEATS = 4
LOOK_S = 0.02
WARM_S = 16.0
SIZE = (1280, 900)
"""A picture of about 1280 by 720: the canvas's size is what painting costs."""

LONG_FRAME_MS = 25

_DURATIONS = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


async def measure(browser: Browser, venue: Venue, runs: int = RUNS) -> dict[str, Any]:
    """Both, as medians and run by run."""
    found: dict[str, Any] = {}
    for name, stream in (("with_picture", STREAM), ("without_picture", "")):
        room = f"dense-{name.replace('_', '-')}"
        await venue.room(room, stream=stream)
        talk = asyncio.create_task(_talk(venue, room), name="talk")
        try:
            found[name] = await _watch(browser, venue, room, runs)
        finally:
            talk.cancel()
            await asyncio.gather(talk, return_exceptions=True)
    return found


async def _talk(venue: Venue, room: str) -> None:
    """Says short things evenly, for ever."""
    place = urlsplit(venue.url)
    pool = SocketPool(Grandstand(place.netloc, room), (place.hostname or "", place.port or 80))
    loop = asyncio.get_running_loop()
    loop.add_reader(pool.fileno(), pool.turn)
    try:
        seats = [pool.take(number, venue.token) for number in range(SEATS)]
        while pool.counts.seated < SEATS:
            pool.open_due()
            await asyncio.sleep(LOOK_S)
        begun_s = loop.time()
        for number in count():
            message = {"type": "comment", "id": f"n{number}", "text": f"bullet {number % 1000}"}
            pool.say(seats[number % SEATS], Grandstand.say(message))
            await asyncio.sleep(begun_s + (number + 1) / COMMENTS_PER_S - loop.time())
    finally:
        loop.remove_reader(pool.fileno())
        pool.close()


async def _watch(browser: Browser, venue: Venue, room: str, runs: int) -> dict[str, Any]:
    url = f"{venue.url}/?room={room}"
    one = await spectator(browser, url, size=SIZE, scripts=(OBSERVER, DENSE))
    try:
        await one.first_bullet()
        await asyncio.sleep(WARM_S)
        renderer = await _renderer(browser)
        taken = [await _run(one, renderer) for _ in range(runs)]
        figures = [{k: v for k, v in run.items() if isinstance(v, int | float)} for run in taken]
        return {"median": middle(figures), "runs": taken, "faults": one.faults}
    finally:
        await one.leave()


async def _renderer(browser: Browser) -> int:
    """The process of the page: of all renderers the one that worked most."""
    session = await browser.new_browser_cdp_session()
    told = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    renderers = [one for one in told["processInfo"] if one["type"] == "renderer"]
    return int(max(renderers, key=lambda one: float(one["cpuTime"]))["id"])


def _main_thread_s(pid: int) -> float:
    """CPU time that a process's first thread has used, in s."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _run(one: Spectator, renderer: int) -> dict[str, Any]:
    """One window of time."""
    await one.page.evaluate("window.observed.count(true)")
    cpu_s, before = _main_thread_s(renderer), await one.metrics()
    await asyncio.sleep(RUN_S)
    cpu_s, after = _main_thread_s(renderer) - cpu_s, await one.metrics()
    observed = await one.observed()
    await one.page.evaluate("window.observed.count(false)")
    frames = observed["frames"]
    gaps = [then - first for first, then in pairwise(frames)]
    took_s = after["Timestamp"] - before["Timestamp"]
    per_frame = {
        f"{name}_ms_per_frame": round((after[name] - before[name]) * 1000 / len(frames), 3)
        for name in _DURATIONS
    }
    return {
        "frames_per_s": round(len(frames) / took_s, 2),
        "bullets": round(fmean(observed["counts"]), 1),
        "bullets_least": min(observed["counts"]),
        "main_thread_share": round((after["TaskDuration"] - before["TaskDuration"]) / took_s, 3),
        "cpu_ms_per_frame": round(cpu_s * 1000 / len(frames), 3),
        **per_frame,
        "long_frames_share": round(sum(gap > LONG_FRAME_MS for gap in gaps) / len(gaps), 4),
        "gap_ms": spread(gaps),
    }
