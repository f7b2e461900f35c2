"""The programme feed in a real browser: its ``EventSource``, and the OGraf graphic in a renderer.

The renderer is a page of another origin with a copy of the graphic's folder. It does what EBU's
specification asks of one: read the manifest, import its ``main``, define the element, put it into
the page, and call its methods.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.conftest import MakeServer
from tests.cutter import cutting
from tests.pages.browsing import CLIENT, EXPECT_MS, look
from tests.pages.test_embedding import Quiet
from tests.viewer import viewing
from tests.waiting import until

RENDERER = """<!doctype html>
<html lang="en"><title>A renderer</title>
<style>
  html, body { margin: 0; height: 100%; background: #17324d }
  #layer > * { position: absolute; inset: 0 }
</style>
<body><div id="layer"></div>
<script type="module">
  const base = new URL("graphics/grandstand/", location.href);
  const manifest = await (await fetch(new URL("grandstand.ograf.json", base))).json();
  const { default: Graphic } = await import(new URL(manifest.main, base));
  customElements.define("a-graphic", Graphic);
  window.renderer = {
    graphic: document.createElement("a-graphic"),
    async act(name, params) { return await this.graphic[name](params); },
    add() { document.getElementById("layer").append(this.graphic); },
    remove() { this.graphic.remove(); },
  };
</script></body></html>
"""
FOLLOW = """([url, names]) => {
  const source = new EventSource(url);
  window.told = [];
  window.opened = 0;
  source.onopen = () => (window.opened += 1);
  for (const name of names)
    source.addEventListener(name, (event) =>
      window.told.push({ name, data: JSON.parse(event.data), id: event.lastEventId }));
}"""
QUESTION = {"kind": "single", "question": "Encore?", "options": ["Yes", "No"], "duration": 60}
LOOKS = {"resolution": {"width": 1280, "height": 720}, "frameRate": 50}


@contextmanager
def renderer(folder: Path) -> Iterator[str]:
    """The renderer's origin, with the graphic as it was given to it."""
    graphic = folder / "graphics" / "grandstand"
    shutil.copytree(CLIENT, graphic, ignore=shutil.ignore_patterns("node_modules", "tests"))
    (folder / "index.html").write_text(RENDERER)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://localhost:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_browser_follows_a_show_and_a_renderer_shows_it(
    browser: Browser, make_server: MakeServer, tmp_path: Path
) -> None:
    with renderer(tmp_path / "renderer") as site:
        server = make_server(environment={"GRANDSTAND_ORIGINS": site}).start()
        server.make_room("gala", tick=50)
        async with (
            cutting(server.url, iter([4_000])) as line,
            viewing(server.url, "gala", server.token("ann")) as ann,
        ):
            sight = await look(browser, site, ready=False)
            await sight.page.wait_for_function("window.renderer", timeout=EXPECT_MS)
            names = ["reset", "settings", "poll", "tally", "cue"]
            url = f"{line.url}/v1/rooms/gala/program"
            await sight.page.evaluate(FOLLOW, [url, names])
            graphic = sight.page.locator("a-graphic")

            async def act(name: str, **params: Any) -> int:
                answer = await sight.page.evaluate(
                    "([name, params]) => window.renderer.act(name, params)", [name, params]
                )
                return int(answer["statusCode"])

            async def told(name: str) -> list[Any]:
                events: list[Any] = await sight.page.evaluate("window.told")
                return [event for event in events if event["name"] == name]

            # A renderer loads the graphic, which shows nothing before it plays.
            data = {"server": server.url, "room": "gala", "language": "en", "result": 3600}
            await sight.page.evaluate("window.renderer.add()")
            assert await act("load", data={}, renderType="realtime") == 400
            load = {"renderType": "realtime", "renderCharacteristics": LOOKS}
            assert await act("load", data=data, **load) == 200
            poll = (await server.produce("POST", "/v1/rooms/gala/polls", QUESTION))["id"]
            card = {"entity": "player-10", "name": "Sato", "values": {"distance": "9.4 km"}}
            await server.produce("POST", "/v1/rooms/gala/stats", card)
            await ann.knows(poll)
            assert (await ann.vote(poll, 0))["type"] == "ack"
            plate = graphic.locator('[data-test="poll"]')
            await until(lambda: told("poll"))
            await expect(plate).to_be_hidden()
            assert await act("playAction") == 200
            await expect(graphic.locator('[data-test="question"]')).to_have_text("Encore?")
            await expect(graphic.locator('[data-test="tally-0"]')).to_have_text(
                "100%", timeout=EXPECT_MS
            )
            await expect(graphic.locator('[data-test="card"]')).to_contain_text("9.4 km")
            await sight.is_painted()
            await sight.page.screenshot(path=tmp_path / "on-air.png")

            # The line breaks; EventSource comes back by itself, and misses nothing.
            cues = [f"cue {number}" for number in range(12)]
            for name in cues:
                cue = {"name": name, "data": {"words": "x" * 300}}
                await server.produce("POST", "/v1/rooms/gala/cues", cue)
            await until(lambda: line.cuts)

            async def has_all() -> bool:
                return [event["data"]["name"] for event in await told("cue")] == cues

            await until(has_all)
            assert await sight.page.evaluate("window.opened") == 2
            assert len(await told("reset")) == 1
            assert (await told("cue"))[-1]["id"] == f"{ann.epoch}:{ann.offset}"

            # The result, cleared by hand; another room; the end.
            await server.produce("POST", f"/v1/rooms/gala/polls/{poll}/close", {"grace": 0})
            await expect(graphic.locator('[data-test="foot"]')).to_have_text("Result · 1 vote")
            assert await act("customAction", id="clear", payload=None) == 200
            await expect(plate).to_be_hidden()
            assert await act("customAction", id="explode", payload=None) == 404
            server.make_room("other")
            other = {**QUESTION, "question": "Once more?"}
            await server.produce("POST", "/v1/rooms/other/polls", other)
            sides = {"entity": "match:1", "name": "Final", "values": {"Reds": 2, "Blues": 1}}
            await server.produce("POST", "/v1/rooms/other/stats", {**sides, "duration": 0})
            match = {"entity": "match:2", "name": "Final", "audience": "followers"}
            score = {"home": "Spain", "away": "France", "home_score": 0, "away_score": 0}
            feed = {**match, "values": {"model": "football", "minute": 0, **score}}
            await server.produce("POST", "/v1/rooms/other/stats", feed)
            change = {**data, "room": "other", "theme": "light", "cards": False, "score": True}
            change["forecast"] = True
            assert await act("updateAction", data=change, skipAnimation=True) == 200
            await expect(graphic.locator('[data-test="question"]')).to_have_text("Once more?")
            await expect(graphic.locator('[data-test="card"]')).to_have_count(0)
            await expect(graphic.locator('[data-test="score-value"]')).to_have_text(["2", "1"])
            outcomes = graphic.locator('[data-test="forecast-outcome"]')
            await expect(outcomes).to_have_count(3)
            await expect(outcomes.first).to_contain_text("Spain")
            await sight.is_painted()
            await sight.page.screenshot(path=tmp_path / "forecast.png")
            assert await act("stopAction", skipAnimation=True) == 200
            await expect(plate).to_be_hidden()
            assert await act("goToTime", timestamp=1) == 501
            await sight.page.evaluate("window.renderer.remove()")
            assert await act("dispose") == 200
            assert sight.faults == []
            connections = 'grandstand_connections{codec="events"} 1.0'  # the page's own is left

            async def is_left_alone() -> bool:
                return connections in (await server.ask("GET", "/metrics")).body.decode()

            await until(is_left_alone)
