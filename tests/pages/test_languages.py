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


MISNAMED = """() => {
  const seen = (one) => {
    const copy = one.cloneNode(true);
    for (const part of copy.querySelectorAll("[aria-hidden=true]")) part.remove();
    return copy.textContent.trim();
  };
  return [...document.querySelectorAll("button[aria-label], a[aria-label]")]
    .map((one) => [seen(one), one.getAttribute("aria-label")])
    .filter(([text]) => /\\p{L}/u.test(text))
    .filter(([text, name]) => !name.toLowerCase().includes(text.toLowerCase()));
}"""
"""Buttons that nobody can press by saying what they see: [what is seen, the button's name]."""
TURNED = """() => {
  const isTurned = (value, number, unit) => {
    const all = document.createTreeWalker(value, NodeFilter.SHOW_TEXT);
    const text = all.nextNode();
    const [left, right] = [number, unit].map((letter) => {
      const range = document.createRange();
      range.setStart(text, text.data.indexOf(letter));
      range.setEnd(text, text.data.indexOf(letter) + 1);
      return range.getBoundingClientRect().left;
    });
    return left >= right;
  };
  const of = (test) => document.querySelector(`[data-test=${test}]`);
  const values = [of("card-value"), of("follow-value"), of("entity-value").querySelector("dd")];
  return [
    ...values.filter((value) => isTurned(value, "7", "m")),
    ...[of("card-title")].filter((value) => isTurned(value, "1", "m")),
  ].map((one) => one.outerHTML);
}"""
"""Where a unit stands before its number."""


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
    body = {"entity": "athlete:1", "name": "Ada", "values": {"jump": {"value": 7.22, "unit": "m"}}}
    stats = f"/v1/rooms/{room}/stats"
    await live_server.produce("POST", stats, {**body, "audience": "followers"})
    card = {**body, "name": "100 m, semi-final", "duration": 0}
    await live_server.produce("POST", stats, card)
    await ann.find("follow-begin").click()
    await ann.find("finder-row").locator('[data-test="follow-toggle"]').click()
    await ann.page.keyboard.press("Escape")
    options = ann.find("language").locator("option")
    codes = await options.evaluate_all("all => all.map(option => option.value)")
    assert len(codes) >= 12
    for code in codes[1:]:
        await shown_in(ann, code)
        await expect(ann.find("poll-card")).to_be_visible()
        cut_off = await ann.page.evaluate(CUT_OFF)
        await ann.find("follow-row").click()
        await expect(ann.find("entity-value")).to_be_visible()
        assert await ann.page.evaluate(MISNAMED) == [], code
        await expect(ann.find("card")).to_be_visible()
        assert await ann.page.evaluate(TURNED) == [], code
        await ann.page.keyboard.press("Escape")
        await ann.find("open-settings").click()
        assert cut_off + await ann.page.evaluate(CUT_OFF) == [], code
        await ann.page.keyboard.press("Escape")
        writing = "rtl" if code == "ar" else "ltr"
        await expect(ann.page.locator("html")).to_have_attribute("dir", writing)
    await ann.page.reload()
    await expect(ann.page.locator("html")).to_have_attribute("lang", codes[-1])
