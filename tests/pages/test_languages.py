"""The viewer's page in each of its languages, on a phone: no text is cut off or leaves it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.pages.browsing import Sight, watch
from tests.server import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = (390, 844)
CUT_OFF = """() => {
  const shown = (one) => one.checkVisibility({ checkVisibilityCSS: true });
  const isCut = (one) =>
    one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
  const isOutside = (one) => {
    const { left, right, width } = one.getBoundingClientRect();
    return width > 1 && (left < -1 || right > innerWidth + 1) && !one.closest(".unseen, canvas");
  };
  const all = (what) => [...document.querySelectorAll(what)].filter(shown);
  return [
    ...all("button, select, legend, .segments span, h2").filter(isCut),
    ...all("body *").filter(isOutside),
  ].map((one) => `${one.tagName} ${one.className} ${one.textContent.slice(0, 60)}`);
}"""


async def shown_in(page: Sight, code: str) -> None:
    """Choose a language as a viewer does, and wait for the page in it."""
    async with page.page.expect_event("load"):
        await page.find("language").evaluate(
            "(menu, code) => { menu.value = code; menu.dispatchEvent(new Event('change')); }", code
        )
    await expect(page.page.locator("html")).to_have_attribute("lang", code)
    await page.is_live()


async def test_each_language_fits_on_a_phone(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    live_server.make_room(room, tick=50)
    question = {"kind": "rating", "question": "?", "scale": 5, "duration": 120}
    await live_server.produce("POST", f"/v1/rooms/{room}/polls", question)
    ann = await watch(browser, live_server, room, size=PHONE, locale="tlh")
    await expect(ann.page.locator("html")).to_have_attribute("lang", "en")
    options = ann.find("language").locator("option")
    codes = await options.evaluate_all("all => all.map(option => option.value)")
    assert len(codes) >= 12
    for code in codes[1:]:
        await shown_in(ann, code)
        await expect(ann.find("poll-card")).to_be_visible()
        cut_off = await ann.page.evaluate(CUT_OFF)
        await ann.find("open-settings").click()
        assert cut_off + await ann.page.evaluate(CUT_OFF) == [], code
        await ann.page.keyboard.press("Escape")
        writing = "rtl" if code == "ar" else "ltr"
        await expect(ann.page.locator("html")).to_have_attribute("dir", writing)
    await ann.page.reload()
    await expect(ann.page.locator("html")).to_have_attribute("lang", codes[-1])
