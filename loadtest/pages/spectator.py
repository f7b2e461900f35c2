"""A viewer's page in a browser context of its own, and the instruments to look at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Browser, CDPSession, Page, WebSocket

OBSERVER = (Path(__file__).parent / "observer.js").read_text("utf-8")
DENSE = "localStorage.setItem('grandstand.taste', JSON.stringify({ density: 'many' }))"
"""A script by which all bullets come to the stage, also those that find no lane free."""

SIZE = (640, 640)
"""Small: two browsers, a server and an encoder share the machine."""

_decode = msgspec.msgpack.Decoder().decode


@dataclass
class Spectator:
    """The page, its debugging session, what its socket brought, and its faults."""

    page: Page
    cdp: CDPSession
    received: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    async def observed(self) -> dict[str, Any]:
        """What the observer noted."""
        found: dict[str, Any] = await self.page.evaluate("window.observed")
        return found

    async def first_bullet(self, timeout_s: float = 30) -> None:
        """Waits until a bullet was on the stage."""
        await self.page.wait_for_function(
            "() => window.observed.marks['first bullet']", timeout=timeout_s * 1000
        )

    async def metrics(self) -> dict[str, float]:
        """Chromium's counters of the page: times in s."""
        told = await self.cdp.send("Performance.getMetrics")
        return {one["name"]: float(one["value"]) for one in told["metrics"]}

    async def leave(self) -> None:
        """Closes the context."""
        await self.page.context.close()

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._take)

    def _take(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            self.received.append(_decode(payload))


async def spectator(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = SIZE,
    scripts: tuple[str, ...] = (OBSERVER,),
    keep_received: bool = False,
) -> Spectator:
    """Opens a page with the observer in it."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="en-US",
        timezone_id="UTC",
    )
    page = await context.new_page()
    one = Spectator(page, await context.new_cdp_session(page))
    page.on("pageerror", lambda error: one.faults.append(str(error)))
    if keep_received:
        page.on("websocket", one._listen)
    for script in scripts:
        await page.add_init_script(script)
    await one.cdp.send("Performance.enable")
    await page.goto(url)
    return one
