"""A forecast on the viewer's page and on air: at the picture's moment, in figures and words too."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.pages.browsing import look, watch
from tests.server import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = (390, 844)
TOLD = {"model": "football", "home": "Spain", "away": "France", "minute": 0}


async def tell(server: ServerProcess, room: str, at: int | None = None, **values: Any) -> None:
    body: dict[str, Any] = {
        "entity": "match:1",
        "name": "Final",
        "audience": "followers",
        "values": values,
    }
    if at is not None:
        body["at"] = at
    await server.produce("POST", f"/v1/rooms/{room}/stats", body)


async def test_a_forecast_has_a_line_its_events_and_the_same_in_figures(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    server = live_server
    server.make_room(room, tick=50, max_latency=600_000)
    ann = await watch(browser, server, room)
    asked: list[str] = []
    ann.page.on("request", lambda request: asked.append(request.url))
    now = await ann.page.evaluate("Math.round(window.grandstand.live.now())")
    await expect(ann.find("forecasts")).to_be_hidden()
    assert await ann.page.locator('link[href*="uplot"]').count() == 0, "nobody pays for it yet"

    await tell(server, room, now - 60_000, **TOLD, home_score=0, away_score=0)
    await expect(ann.find("forecast-outcome")).to_have_count(3)
    await expect(ann.find("forecast-outcome").first).to_contain_text("Spain")
    await tell(server, room, now - 30_000, minute=70, away_score=1)
    await expect(ann.find("forecast-because")).to_contain_text("Goal: France")
    await expect(ann.find("log")).to_contain_text("Goal: France")
    await expect(ann.page.locator(".forecast-chart canvas")).to_be_visible()
    chart = ann.page.locator(".forecast-chart")
    await expect(chart).to_have_attribute("aria-label", re.compile("Spain from .* to .*Goal"))
    assert any("/uplot/" in url for url in asked)

    # The figures by keys alone.
    await ann.find("forecast-figures").locator("summary").press("Enter")
    rows = ann.find("forecast-figures").locator("tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1)).to_contain_text("Goal: France")
    assert await ann.broken_rules() == []

    # A goal that was none, corrected for its own moment.
    await tell(server, room, now - 30_000, away_score=0)
    await expect(ann.find("log")).to_contain_text("Correction: France")
    await expect(ann.find("forecast-because")).to_contain_text("Correction: France")

    # On air, where it was asked for.
    air = await look(browser, f"{server.url}/overlay/{room}?show=forecast&safe=10", ready=False)
    await expect(air.find("forecast")).to_have_attribute("data-on", "true")
    await expect(air.find("forecast-outcome").last).to_contain_text("France")
    plate = await air.box("forecast")
    assert plate["x"] + plate["width"] <= 0.9 * 1280 + 1
    assert plate["y"] >= 0.1 * 720
    usual = await look(browser, f"{server.url}/overlay/{room}", ready=False)
    await usual.is_painted()
    await expect(usual.find("forecast")).to_have_attribute("data-on", "false")

    # The end is certain, and nothing less is shown as certain.
    await tell(server, room, now - 1000, outcome="away")
    await expect(ann.find("forecast-share")).to_have_text(["0%", "0%", "100%"])

    # A model with other outcomes.
    await tell(server, room, outcome=None, model="cricket", innings=1, runs=6, balls=6, wickets=0)
    await expect(ann.find("forecast-outcome")).to_have_count(2)
    await ann.is_painted()
    assert (ann.faults, air.faults) == ([], [])


async def test_a_goal_is_not_told_before_the_picture_has_reached_it(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    server = live_server
    server.make_room(room, tick=50, max_latency=600_000)
    bo = await watch(browser, server, room, query="&behind=500", locale="zh-CN", size=PHONE)
    now = await bo.page.evaluate("Math.round(window.grandstand.live.now())")
    await tell(server, room, now - 590_000, **TOLD, home_score=0, away_score=0)
    await expect(bo.find("forecast-outcome").nth(1)).to_contain_text("平局")
    await tell(server, room, minute=70, home_score=1)
    known = "[...window.grandstand.live.state.overlays.values()].flat()"
    await bo.page.wait_for_function(f"() => {known}.some(({{data}}) => data.because)")
    here = "window.grandstand.live.overlays().map(({data}) => data.because ?? null)"
    assert await bo.page.evaluate(here) == [None]
    await expect(bo.find("forecast-because")).to_be_hidden()
    chart = await bo.box("forecast")
    assert chart["x"] + chart["width"] <= PHONE[0]
