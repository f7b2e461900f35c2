"""A viewer, a producer and an overlay as their pages show them, for the tests to act through."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from playwright.async_api import Browser, Locator, Page, async_playwright, expect

CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXPECT_MS = 10_000
"""How long a page may take to show a thing; no claim about speed."""


class LiveServer(Protocol):
    """A running server with a room ``gala`` that lets guests comment and vote."""

    @property
    def url(self) -> str:
        """Like ``http://127.0.0.1:8000``."""

    @property
    def producer_token(self) -> str:
        """Lets a page be the producer of every room."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's Chromium if it has one, else Playwright's own; with a profile of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGS
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Sight:
    """One page in a browser of its own, and every fault it had."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def find(self, test: str) -> Locator:
        """The element that carries ``data-test=test``."""
        return self.page.locator(f'[data-test="{test}"]')

    def poll(self, question: str) -> Locator:
        """The card or row of a poll, on the viewer's page or the console."""
        return self.page.locator('[data-test="poll-card"], [data-test="poll-row"]').filter(
            has_text=question
        )

    async def is_live(self) -> None:
        """Waits for the connection to be live."""
        await expect(self.find("status")).to_have_attribute("data-phase", "live", timeout=EXPECT_MS)

    async def say(self, text: str) -> None:
        """Sends a comment."""
        await self.find("text").fill(text)
        await self.find("send").click()

    async def is_told(self, code: str) -> None:
        """Waits for what became of one's last comment: an ack's status or an error's code."""
        await expect(self.find("own-status")).to_have_attribute(
            "data-code", code, timeout=EXPECT_MS
        )

    async def bullet(self, text: str) -> dict[str, Any]:
        """Waits for a comment to fly over the stage: {id, text, x, y, own, count}."""
        found = await self.page.wait_for_function(
            "text => window.grandstand.bullets().find(bullet => bullet.text === text)",
            arg=text,
            timeout=EXPECT_MS,
        )
        bullet: dict[str, Any] = await found.json_value()
        return bullet

    async def bullets(self) -> list[dict[str, Any]]:
        """What is on the stage now."""
        shown: list[dict[str, Any]] = await self.page.evaluate("window.grandstand.bullets()")
        return shown

    async def lacks_bullet(self, text: str) -> None:
        """Waits until no comment of that text is on the stage."""
        await self.page.wait_for_function(
            "text => !window.grandstand.bullets().some(bullet => bullet.text === text)",
            arg=text,
            timeout=EXPECT_MS,
        )


async def look(
    browser: Browser, url: str, *, size: tuple[int, int] = (1280, 720), ready: bool = True
) -> Sight:
    """Opens ``url`` in a fresh context, so that it is a viewer of its own; collects its faults."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-US", timezone_id="UTC"
    )
    page = await context.new_page()
    sight = Sight(page)
    page.on("pageerror", lambda error: sight.faults.append(str(error)))
    page.on(
        "console",
        lambda line: sight.faults.append(line.text) if "Content Security" in line.text else None,
    )
    await page.goto(url)
    if ready:
        await sight.is_live()
    return sight


async def watch(
    browser: Browser, server: LiveServer, *, size: tuple[int, int] = (1280, 720)
) -> Sight:
    """A guest on the viewer's page."""
    return await look(browser, f"{server.url}/?room=gala", size=size)


async def produce(browser: Browser, server: LiveServer) -> Sight:
    """A producer on the console."""
    return await look(browser, f"{server.url}/producer?room=gala#token={server.producer_token}")
