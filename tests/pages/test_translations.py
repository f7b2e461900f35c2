"""The viewer's page in a room that is translated: the translation, and the original a tap away."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.pages.browsing import EXPECT_MS, watch
from tests.server import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_others_say_is_shown_in_ones_own_language_with_the_original_a_tap_away(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    live_server.make_room(room, lang="en", languages=["es"], tick=50)
    ann = await watch(browser, live_server, room, locale="en-GB")
    maria = await watch(browser, live_server, room, locale="es-MX")
    poll = {"kind": "single", "question": "who scored?", "options": ["we", "they"], "duration": 120}
    await live_server.produce("POST", f"/v1/rooms/{room}/polls", poll)
    await ann.say("good game")
    line = maria.find("list").locator("li")
    await expect(line).to_contain_text("bien jugado", timeout=EXPECT_MS)
    said, mark = line.locator(".said"), line.locator('[data-test="translation-mark"]')
    await expect(said).to_have_attribute("lang", "es")
    await mark.click()
    await expect(said).to_have_text("good game")
    await mark.click()
    await expect(said).to_have_text("bien jugado")
    card = maria.find("poll-card")
    question = await card.locator('[data-test="poll-question"]').text_content()
    assert question != "who scored?"
    await card.locator('[data-test="translation-mark"]').click()
    await expect(card.locator('[data-test="poll-question"]')).to_have_text("who scored?")
    await expect(ann.find("list")).to_contain_text("good game")
    await expect(ann.find("list").locator('[data-test="translation-mark"]')).to_have_count(0)

    await maria.find("open-settings").click()
    await maria.find("taste-originals").check()
    await maria.page.keyboard.press("Escape")
    await ann.say("what a goal")
    await expect(maria.find("list")).to_contain_text("what a goal", timeout=EXPECT_MS)
    assert ann.faults + maria.faults == []
