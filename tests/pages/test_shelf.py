"""What else is on, beside the picture: told soon after a follow, by keys, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.pages.browsing import watch
from tests.server import ServerProcess
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = (390, 844)


async def test_the_shelf_tells_of_a_room_by_what_one_follows_and_leads_there(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    server, final = live_server, f"final-{room[:50]}"
    server.make_room(room, tick=50)
    server.make_room(final, tick=50, title="The final 决赛")
    for where in (room, final):
        body = {"entity": "athlete:zoe", "name": "Zoë", "audience": "followers", "values": {"a": 1}}
        await server.produce("POST", f"/v1/rooms/{where}/stats", body)
    ann = await watch(browser, server, room, locale="zh-CN", size=PHONE)
    shelf, rooms = ann.find("shelf"), ann.find("shelf-room")
    await expect(rooms.filter(has_text="The final")).to_have_count(1)
    await expect(rooms.filter(has_text="关注")).to_have_count(0)

    await ann.find("follow-begin").click()
    await ann.find("finder").locator('[data-test="follow-toggle"]').click()
    await ann.page.keyboard.press("Escape")
    await expect(rooms.first).to_contain_text("The final 决赛 你关注了Zoë")
    assert await ann.broken_rules() == []
    stage, line = await ann.box("stage"), await ann.box("shelf")
    assert stage["y"] + stage["height"] <= line["y"]
    assert line["x"] >= 0
    assert line["x"] + line["width"] <= PHONE[0]

    await ann.page.keyboard.press("f")
    await expect(shelf).to_be_hidden()
    await ann.page.keyboard.press("f")
    await rooms.first.focus()
    await ann.page.keyboard.press("Enter")
    await expect(ann.page).to_have_url(re.compile(rf"\?room={final}"))
    await expect(ann.find("title")).to_have_text("The final 决赛")
    assert ann.faults == []


async def test_a_page_from_a_server_that_recommends_nothing_has_no_shelf(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    live_server.make_room(room, tick=50)
    ann = await watch(browser, live_server, room)
    asked: list[str] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=404, json={"code": "not_found"})

    await ann.intercept("**/v1/recommendations*", refuse)
    await ann.page.reload()
    await until(lambda: asked)
    await ann.is_painted()
    await expect(ann.find("shelf")).to_be_hidden()
    assert f"room={room}" in asked[0]
