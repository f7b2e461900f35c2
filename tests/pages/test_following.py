"""Following athletes on the viewer's page: finding them, their values at the picture's moment, and
after a reload; and nothing of it where there is nobody to follow."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.pages.browsing import Sight, watch
from tests.server import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

BIG = (1920, 1080)
PHONE = (390, 844)


async def tell(server: ServerProcess, room: str, entity: str, name: str, **values: Any) -> None:
    """What a feed tells the followers of an athlete."""
    body = {"entity": entity, "name": name, "audience": "followers", "values": values}
    await server.produce("POST", f"/v1/rooms/{room}/stats", body)


async def find(sight: Sight, typed: str, name: str) -> None:
    """Types the beginning of a name, and waits until it alone is listed."""
    await sight.find("finder-name").fill(typed)
    await expect(sight.find("finder-entity").locator("bdi")).to_have_text([name])


async def test_an_athlete_is_found_followed_looked_at_and_remembered(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    server = live_server
    server.make_room(room, tick=50, cards="followers")

    async def jumped(value: float, rank: int, best: float) -> None:
        jump = {"value": value, "unit": "m", "rank": rank, "best": best}
        await tell(server, room, "athlete:1", "Zoë Müller", jump=jump)

    values = [{"name": "jump", "unit": "m", "better": "higher"}, {"name": "Mark"}]
    await server.produce("PUT", f"/v1/rooms/{room}/schemas/athlete", {"values": values})
    await jumped(7.9, rank=2, best=8.1)
    await tell(server, room, "athlete:2", "谷爱凌", jump={"value": None, "unit": "m", "best": 8})
    ann = await watch(browser, server, room)
    missing: list[str] = []
    ann.page.on("response", lambda one: missing.append(one.url) if one.status == 404 else None)
    await ann.find("follow-begin").click()
    await expect(ann.find("finder-row")).to_have_count(2)
    await find(ann, "爱凌", "谷爱凌")
    await ann.page.route("**/entities?*", lambda route: route.abort(), times=1)
    await ann.find("finder-name").fill("m")
    await expect(ann.find("finder-row")).to_have_count(0)
    await find(ann, "mul", "Zoë Müller")

    # By keys alone: to the row behind the field, and to its toggle.
    await ann.find("finder-name").press("Tab")
    await ann.page.keyboard.press("Tab")
    await ann.page.keyboard.press("Enter")
    toggle = ann.find("finder").locator('[data-test="follow-toggle"]')
    await expect(toggle).to_have_attribute("aria-label", re.compile("^Following Zoë"))
    await ann.page.keyboard.press("Escape")
    await expect(ann.find("follow-find")).to_be_focused()
    await expect(ann.find("follow-row")).to_contain_text("7.9 m 2nd")

    # What changes comes by itself, as does what rules say of it to followers alone.
    await jumped(8.2, rank=1, best=8.1)
    await expect(ann.find("follow-row")).to_contain_text("8.2 m 1st")
    await expect(ann.find("sentence-text")).to_contain_text("Zoë Müller")
    await expect(ann.find("sentence-text")).to_contain_text("8.2")

    # The sheet has all that is known, also while a sentence of before is there.
    await jumped(8.3, rank=1, best=8.2)
    await expect(ann.find("follow-row")).to_contain_text("8.3 m 1st")
    await ann.find("follow-row").click()
    await expect(ann.find("entity-value")).to_contain_text("8.3 m")
    await expect(ann.find("entity-value")).to_contain_text("1st · best 8.2 m")
    assert await ann.broken_rules() == []
    await ann.page.keyboard.press("Escape")

    # A card of everyone's names her too, and leads to the same.
    card = {"entity": "athlete:1", "name": "Long jump", "values": {"Mark": 8.2}, "duration": 0}
    await server.produce("POST", f"/v1/rooms/{room}/stats", card)
    await ann.find("card-name").click()
    await expect(ann.find("entity-name")).to_have_text("Zoë Müller")
    await ann.page.keyboard.press("Escape")

    # One about a meet, of which the room tells nothing more, does not.
    table = {"entity": "meet:1", "name": "Results", "values": {"Ada": 8.2}, "duration": 0}
    await server.produce("POST", f"/v1/rooms/{room}/stats", table)
    await expect(ann.find("card").get_by_text("Results")).to_be_visible()

    # So does a card about a team, of which the room tells only since.
    await tell(server, room, "team:1", "Club", points=3)
    of_team = {"entity": "team:1", "name": "Table", "values": {"Points": 3}, "duration": 0}
    await server.produce("POST", f"/v1/rooms/{room}/stats", of_team)
    await ann.find("card-name").get_by_text("Table").click()
    await expect(ann.find("entity-name")).to_have_text("Club")
    await ann.page.keyboard.press("Escape")

    # In full screen it is below the picture, and covers nothing of it.
    await ann.page.keyboard.press("f")
    await ann.page.set_viewport_size({"width": BIG[0], "height": BIG[1]})
    await ann.page.wait_for_function("() => document.querySelector('main > #follows')")
    await ann.is_painted()
    stage, line = await ann.box("stage"), await ann.box("follows")
    assert stage["y"] + stage["height"] <= line["y"]
    assert line["y"] + line["height"] <= BIG[1]

    await ann.page.reload()
    await ann.is_live()
    await expect(ann.find("follow-row")).to_contain_text("8.3 m 1st")
    await ann.find("follow-row").click()
    await ann.find("entity").locator('[data-test="follow-toggle"]').click()
    await ann.page.keyboard.press("Escape")
    await expect(ann.find("follow-row")).to_have_count(0)
    await expect(ann.find("follow-begin")).to_be_visible()
    assert (ann.faults, missing) == ([], [])


async def test_a_value_isnt_told_before_the_picture_has_reached_it(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    server = live_server
    server.make_room(room, tick=50, max_latency=600_000)
    await tell(server, room, "athlete:1", "Ada", lane=4)
    ann = await watch(browser, server, room, query="&behind=500", locale="zh-CN", size=PHONE)
    followed = [{"entity": "athlete:1", "name": "Ada", "kind": "athlete"}]
    keep = "([key, all]) => localStorage.setItem(key, JSON.stringify(all))"
    await ann.page.evaluate(keep, [f"grandstand.follows.{room}", followed])
    await ann.page.reload()
    await ann.is_live()
    await expect(ann.find("follow-row")).to_contain_text("还没有数据")
    await ann.find("follow-find").click()
    await expect(ann.find("finder-row")).to_contain_text("选手")
    await ann.find("finder-entity").click()
    await expect(ann.find("entity-value")).to_contain_text("马上就来")
    assert await ann.broken_rules() == []
    assert ann.faults == []


async def test_a_room_without_entities_shows_nothing_of_it(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    live_server.make_room(room, tick=50)
    ann = await watch(browser, live_server, room)
    body = {"entity": "athlete:1", "name": "Ada", "values": {"lane": 4}, "duration": 0}
    await live_server.produce("POST", f"/v1/rooms/{room}/stats", body)
    await expect(ann.find("card")).to_contain_text("Ada")
    await ann.page.keyboard.press("a")
    await expect(ann.find("follows")).to_be_hidden()
    await expect(ann.find("finder")).to_be_hidden()
    await expect(ann.find("card-name")).to_have_count(0)
    await ann.page.keyboard.press("s")
    await expect(ann.find("key-s")).to_be_visible()
    await expect(ann.find("key-a")).to_be_hidden()
    assert ann.faults == []
