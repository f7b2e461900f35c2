"""A viewer, a producer and an overlay as their pages show them, for the tests to act through."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.async_api import Browser, Locator, Page, Route, async_playwright, expect

from tests.waiting import PATIENCE_S, until

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
CLIENT = Path(__file__).parents[2] / "client_demo"
AXE = CLIENT / "node_modules/axe-core/axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EXPECT_MS = 1000 * PATIENCE_S
"""How long a page may take to show a thing; no claim about speed."""
expect.set_options(timeout=EXPECT_MS)


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
    is_left: bool = False
    """Whether it has nothing on it and waits for the next viewer."""

    def find(self, test: str) -> Locator:
        """The element that carries ``data-test=test``."""
        return self.page.locator(f'[data-test="{test}"]')

    def poll(self, question: str) -> Locator:
        """The card or row of a poll, on the viewer's page or the console."""
        return self.page.locator('[data-test="poll-card"], [data-test="poll-row"]').filter(
            has_text=question
        )

    async def broken_rules(self) -> list[str]:
        """What axe finds wrong with the page as it stands: WCAG A and AA, and best practice."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text("utf-8"))
        run = "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})"
        found = await self.page.evaluate(run, AXE_TAGS)
        return [
            f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    async def box(self, test: str) -> dict[str, float]:
        """Where an element lies on the screen: {x, y, width, height}."""
        box = await self.find(test).first.bounding_box()
        assert box is not None, f"{test} is not on the screen"
        return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}

    async def is_live(self) -> None:
        """Waits for the connection to be live."""
        await expect(self.find("status")).to_have_attribute("data-phase", "live", timeout=EXPECT_MS)

    async def is_painted(self) -> None:
        """Waits until what has happened so far can be seen."""
        await self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    async def intercept(
        self, pattern: str, act: Callable[[Route], Awaitable[None]], times: int | None = None
    ) -> None:
        """Routes the page's requests of a pattern to ``act``, from its very next one on.

        Playwright's ``route`` alone returns before the page's own process has heard of it: under
        load a request that it sent just after still went to the server.
        """

        async def here(route: Route) -> None:
            await route.fulfill(body="here")

        async def is_heard() -> bool:
            asked = "fetch('/is-this-heard').then(answer => answer.text())"
            return bool(await self.page.evaluate(asked) == "here")

        await self.page.route(pattern, act, times=times)
        await self.page.route("**/is-this-heard", here)
        await until(is_heard)
        await self.page.unroute("**/is-this-heard")

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
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = (1280, 720),
    ready: bool = True,
    locale: str = "en-US",
    **context_options: Any,
) -> Sight:
    """Opens ``url`` in a fresh context, so that it is a viewer of its own; collects its faults."""
    sight = None if context_options else await _returned(browser, url, locale, size)
    if sight is None:
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=locale,
            timezone_id="UTC",
            **context_options,
        )
        sight = await blank(context.new_page())
        if not context_options:
            _for_more[sight.page] = (sight, locale)
    await sight.page.goto(url)
    if ready:
        await sight.is_live()
    return sight


_for_more: dict[Page, tuple[Sight, str]] = {}
"""Pages that serve one viewer after the other, by their language. It takes half the time to open a
page of ours where one was before."""


async def _returned(browser: Browser, url: str, locale: str, size: tuple[int, int]) -> Sight | None:
    """One that was left, as if nobody had been there: what was stored for that origin is gone."""
    for page, (sight, language) in _for_more.items():
        if sight.is_left and language == locale and page.context.browser is browser:
            sight.is_left = False
            sight.faults.clear()
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            session = await page.context.new_cdp_session(page)
            parts = urlsplit(url)
            stored = {"origin": f"{parts.scheme}://{parts.netloc}", "storageTypes": "all"}
            await session.send("Storage.clearDataForOrigin", stored)
            await session.detach()
            return sight
    return None


async def leave(sight: Sight) -> None:
    """The viewer goes; the page may serve another."""
    page = sight.page
    await page.unroute_all(behavior="ignoreErrors")  # an answer may be on its way
    await page.evaluate("sessionStorage.clear()")
    await page.goto("about:blank")
    await page.mouse.move(0, 0)
    sight.is_left = True


async def leave_all(browser: Browser) -> None:
    """Ends what all pages do, since they would go on playing."""
    for context in browser.contexts:
        sights = [_for_more[page][0] for page in context.pages if page in _for_more]
        for sight in sights:
            if not sight.is_left:
                await leave(sight)
        if not sights:
            for page in context.pages:
                await page.unroute_all(behavior="ignoreErrors")
            await context.close()


async def refuse(route: Route) -> None:
    """What becomes of a request while the server is away."""
    await route.abort()


async def blank(opening: Any) -> Sight:
    """A page on which nothing is yet, for tests that prepare it."""
    page: Page = await opening
    page.set_default_timeout(2 * EXPECT_MS)
    sight = Sight(page)
    page.on("pageerror", lambda error: sight.faults.append(str(error)))
    page.on(
        "console",
        lambda line: sight.faults.append(line.text) if "Content Security" in line.text else None,
    )
    return sight


async def watch(
    browser: Browser,
    server: LiveServer,
    room: str = "gala",
    *,
    query: str = "",
    **options: Any,
) -> Sight:
    """A guest on the viewer's page."""
    return await look(browser, f"{server.url}/?room={room}{query}", **options)


async def produce(browser: Browser, server: LiveServer) -> Sight:
    """A producer on the console."""
    return await look(browser, f"{server.url}/producer?room=gala#token={server.producer_token}")
