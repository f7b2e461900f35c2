"""From opening the page to the first bullet, and what the page weighs.

Each run is a browser context of its own, so nothing is cached. Times are ms since the navigation
began, by the page's own clock; the first bullet counts from the end of the animation frame that
painted it. Weights are those of what the server sends, as the browser counts them.
"""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Browser

from loadtest.pages.spectator import OBSERVER, spectator
from loadtest.pages.venue import Venue
from loadtest.spread import middle

RUNS = 7
PAUSE_S = 2.0
ROOM = "gala"

MILESTONES = """
(() => {
  const { marks } = window.observed;
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    constructor(...given) {
      super(...given);
      marks["socket asked"] ??= performance.now();
      this.addEventListener("open", () => (marks["socket open"] ??= performance.now()));
      this.addEventListener("message", () => (marks["welcome"] ??= performance.now()));
    }
  };
  for (const name of ["loadedmetadata", "loadeddata", "playing"])
    addEventListener(name, () => (marks[name] ??= performance.now()), true);
})();
"""

READ = """
(() => {
  const [page] = performance.getEntriesByType("navigation");
  const loaded = performance.getEntriesByType("resource").map((one) => ({
    path: new URL(one.name).pathname,
    end: one.responseEnd,
    start: one.startTime,
    sent: one.transferSize,
    size: one.decodedBodySize,
  }));
  loaded.unshift({ path: "/", start: 0, end: page.responseEnd, sent: page.transferSize,
    size: page.decodedBodySize });
  const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  return { loaded, marks: window.observed.marks, paint };
})()
"""


async def measure(browser: Browser, venue: Venue, runs: int = RUNS) -> dict[str, Any]:
    """The median of several openings, each part of it, and the weight of the page."""
    opened = []
    for _ in range(runs):
        opened.append(await _open(browser, venue))
        await asyncio.sleep(PAUSE_S)
    steps = [{name: run["steps"][name] for name in run["steps"]} for run in opened]
    return {
        "ms": middle(steps),
        "first_bullet_ms": [round(run["steps"]["first bullet"], 1) for run in opened],
        "weight_bytes": opened[0]["weight"],
        "runs": opened,
    }


async def _open(browser: Browser, venue: Venue) -> dict[str, Any]:
    one = await spectator(browser, f"{venue.url}/?room={ROOM}", scripts=(OBSERVER, MILESTONES))
    try:
        await one.first_bullet()
        read = await one.page.evaluate(READ)
        return {"steps": _steps(read), "weight": _weight(read["loaded"]), "faults": one.faults}
    finally:
        await one.leave()


def _steps(read: dict[str, Any]) -> dict[str, float]:
    """When each step was done."""
    loaded, marks = read["loaded"], read["marks"]

    def first(*parts: str) -> float:
        return min(
            (one["end"] for one in loaded if any(p in one["path"] for p in parts)), default=-1
        )

    modules = [
        one["end"] for one in loaded if one["path"].endswith((".js", ".mjs")) and not _is_hls(one)
    ]
    return {
        "html": loaded[0]["end"],
        "first paint": read["paint"] or -1,
        "modules": max(one for one in modules if one <= marks.get("socket asked", 1e9)),
        "guest token": first("/guests"),
        "socket asked": marks["socket asked"],
        "welcome": marks["welcome"],
        "hls.js": first("/hls.js/"),
        "playlist": first(".m3u8"),
        "first segment": first(".ts"),
        "picture": marks.get("loadeddata", -1),
        "playing": marks.get("playing", -1),
        "first bullet": marks["first bullet"],
    }


def _is_hls(one: dict[str, Any]) -> bool:
    return "/hls.js/" in one["path"]


def _weight(loaded: list[dict[str, Any]]) -> dict[str, Any]:
    """Bytes sent and unpacked: of the page itself, of hls.js, and of each file."""
    own = [
        one for one in loaded if one["path"] == "/" or one["path"].startswith(("/client", "/lib"))
    ]
    page = [one for one in own if not _is_hls(one)]
    return {
        "page_sent": sum(one["sent"] for one in page),
        "page_unpacked": sum(one["size"] for one in page),
        "page_files": len(page),
        "hls_sent": sum(one["sent"] for one in own if _is_hls(one)),
        "hls_unpacked": sum(one["size"] for one in own if _is_hls(one)),
        "files": {one["path"]: [one["sent"], one["size"]] for one in own},
    }
