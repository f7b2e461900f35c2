"""A show of five minutes through the pages alone, in real Chromium; every step is looked at.

    .venv/bin/python -m loadtest.pages.rehearsal [--to docs/screenshots]

A server with its picture and a crowd; at its pages a viewer, one with a phone in Chinese, one at a
television, a producer, and the overlay of the broadcast. They open, talk, moderate, vote, show
cards, lose the network, outlive the server's restart. A step that doesn't come out as it should
ends the rehearsal with exit 1. Screenshots and the clip of the README are left behind.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, expect

from loadtest.pages.cable import Cable, cable
from loadtest.pages.clip import film
from tests.pages.browsing import Sight, chromium, look

CROWD = 20
READY_S = 60.0
STEP_MS = 30_000
"""How long a step may take to show; the shows' own times are the figures of ``loadtest.pages``."""

PULLED_S = 10.0
DOUBTFUL = "shut up and play the next one"
_TOKEN = re.compile(r"/producer#token=(\S+)")


@dataclass
class RunContext:
    """``grandstand demo`` on a port of its own, over restarts."""

    folder: Path
    port: int
    token: str = ""
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Starts it. Raises SystemExit with what it logged if it doesn't come up."""
        log = self.folder / "log"
        told = log.stat().st_size if log.exists() else 0
        command = [sys.executable, "-m", "grandstand", "demo", "--attended", "--crowd", str(CROWD)]
        command += ["--port", str(self.port), "--data-dir", str(self.folder / "data")]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        for _ in range(int(READY_S * 10)):
            if found := _TOKEN.search(log.read_bytes()[told:].decode(errors="replace")):
                self.token = found[1]
                return
            await asyncio.sleep(0.1)
        raise SystemExit(f"the show didn't open:\n{log.read_text(errors='replace')}")

    async def close(self) -> None:
        """Ends it as an operator does; it must end well."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        code = await asyncio.to_thread(self._process.wait, 60)
        self._process = None
        assert code == 0, f"the server ended with {code}"


@dataclass
class Rehearsal:
    """The pages, and what was done at them so far."""

    browser: Browser
    run_context: RunContext
    line: Cable
    to: Path
    began: float = field(default_factory=time.monotonic)
    pages: dict[str, Sight] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Sight:
        return self.pages[name]

    async def shoot(self, name: str, *who: str) -> None:
        """Screenshots ``<name>-<who>``; the overlay's keep what is transparent."""
        for one in who:
            page = self.pages[one].page
            if one == "overlay":
                await page.screenshot(path=self.to / f"{name}-{one}.png", omit_background=True)
            else:
                path = self.to / f"{name}-{one}.jpg"
                await page.screenshot(path=path, type="jpeg", quality=85)

    # --- the steps --------------------------------------------------------------------------------

    async def opening(self) -> None:
        """All come in: picture, title, comments, viewers are there."""
        console = f"{self.run_context.url}/producer?room=gala#token={self.run_context.token}"
        near = f"http://127.0.0.1:{self.line.port}/?room=gala"
        far = f"{self.run_context.url}/?room=gala"
        self.pages["viewer"] = await look(self.browser, near, size=(1280, 720))
        self.pages["console"] = await look(self.browser, console, size=(1440, 900))
        self.pages["phone"] = await look(
            self.browser, far, size=(390, 844), locale="zh-CN", device_scale_factor=2
        )
        overlay = f"{self.run_context.url}/overlay/gala"
        self.pages["overlay"] = await look(self.browser, overlay, size=(1920, 1080), ready=False)
        for one in (self.viewer, self.phone):
            await expect(one.find("stage")).to_have_attribute(
                "data-picture", "playing", timeout=STEP_MS
            )
            await one.page.wait_for_function(
                "() => window.grandstand.bullets().length > 2", timeout=STEP_MS
            )
        await expect(self.viewer.find("viewers")).to_have_text(
            re.compile(r"[2-3]\d viewers"), timeout=STEP_MS
        )
        await self.shoot("open", "viewer", "phone", "console")

    async def commenting(self) -> None:
        """What one says flies by for the other, marked for oneself alone; an insult doesn't."""
        text = "hello from the second row"
        await self.viewer.say(text)
        await self.viewer.is_told("accepted")
        assert (await self.viewer.bullet(text))["own"] is True
        await self._hears(self.phone, text)
        await self.shoot("comment", "viewer", "phone")
        await self.phone.say("you are an idiot")
        await self.phone.is_told("rejected")
        await self.viewer.lacks_bullet("you are an idiot")

    async def filming(self) -> None:
        """The clip of the README."""
        await film(self.viewer.page, self.to / "clip.gif")

    async def moderating(self) -> None:
        """A doubtful comment waits; a key of the console lets it through."""
        await self.phone.say(DOUBTFUL)
        await self.phone.is_told("held")
        console = self.console.page
        held = self.console.find("held").filter(has_text=DOUBTFUL)
        await expect(held).to_be_visible(timeout=STEP_MS)
        await held.click()
        await self.shoot("moderate", "console", "phone")
        await console.keyboard.press("a")
        await expect(held).to_have_count(0, timeout=STEP_MS)
        await self._hears(self.viewer, DOUBTFUL)
        await self.phone.is_told("approved")
        await console.keyboard.press("Escape")

    async def cards(self) -> None:
        """A card comes, changes and goes, for viewers and on the air."""
        form = self.console.find("card-form")
        await form.locator('[data-test="card-name"]').fill("Juggler")
        await form.locator('[data-test="card-values"]').fill("Balls in the air: 7\nSeconds: 12.4")
        await form.locator('[data-test="card-duration"]').fill("20")
        await form.locator('[data-test="card-send"]').click()
        on_air = [self.viewer, self.phone, self.overlay]
        for one in on_air:
            card = one.find("card").filter(has_text="Juggler")
            await expect(card).to_contain_text("12.4", timeout=STEP_MS)
        await self.shoot("card", "viewer", "overlay")
        await form.locator('[data-test="card-values"]').fill("Balls in the air: 9\nSeconds: 15.1")
        await form.locator('[data-test="card-send"]').click()
        for one in on_air:
            card = one.find("card").filter(has_text="Juggler")
            await expect(card).to_contain_text("15.1", timeout=STEP_MS)
        for one in on_air:
            card = one.find("card").filter(has_text="Juggler")
            await expect(card).to_have_count(0, timeout=2 * STEP_MS)

    async def polling(self) -> None:
        """Three keystrokes open a poll; it is voted on, extended, closed and revealed."""
        for key in ("p", "1", "Enter"):
            await self.console.page.keyboard.press(key)
        row = self.console.find("poll-row").first
        await expect(row).to_have_attribute("data-status", "open", timeout=STEP_MS)
        question = await row.locator("h3").inner_text()
        viewers = [self.viewer, self.phone]
        for option, one in enumerate(viewers):
            card = one.poll(question)
            await expect(card).to_have_attribute("data-status", "open", timeout=STEP_MS)
            await card.locator(f'[data-test="option-{option}"]').click()
            state = card.locator('[data-test="vote-state"]')
            await expect(state).to_have_attribute("data-state", "accepted", timeout=STEP_MS)
        await row.locator('[data-test="poll-extend"]').click()
        await asyncio.sleep(8)
        await self.shoot("poll", "viewer", "phone", "console", "overlay")
        await row.locator('[data-test="poll-close"]').click()
        await expect(row).to_have_attribute("data-status", "closed", timeout=2 * STEP_MS)
        await row.locator('[data-test="poll-reveal"]').click()
        for one in viewers:
            await expect(one.poll(question)).to_have_attribute(
                "data-status", "revealed", timeout=STEP_MS
            )
        tallies = [await self._tally(one, question) for one in viewers]
        assert tallies[0] == tallies[1]
        assert sum(tallies[0]) >= 2, tallies
        await self.shoot("result", "viewer", "phone", "overlay")

    async def _tally(self, one: Sight, question: str) -> list[int]:
        bars = one.poll(question).locator("[data-votes]")
        return [int(await bar.get_attribute("data-votes") or 0) for bar in await bars.all()]

    async def losing_the_network(self) -> None:
        """Ten seconds without: said calmly; what was typed meanwhile arrives, once."""
        text = "typed in a tunnel"
        self.line.pull()
        await asyncio.sleep(PULLED_S / 2)
        await self.viewer.say(text)
        await asyncio.sleep(PULLED_S / 2)
        await self.shoot("away", "viewer")
        self.line.plug_in()
        await self.viewer.is_live()
        await self.viewer.is_told("accepted")
        await self._hears(self.phone, text)
        await self._is_playing(self.viewer)
        await self.shoot("back", "viewer")

    async def restarting(self) -> None:
        """The server goes and comes; all pages come back by themselves, the room as it was."""
        await self.run_context.close()
        status = self.viewer.find("status")
        await expect(status).not_to_have_attribute("data-phase", "live", timeout=STEP_MS)
        await self.shoot("restart", "viewer", "console")
        await self.run_context.open()
        for one in (self.viewer, self.phone, self.console):
            await expect(one.find("status")).to_have_attribute(
                "data-phase", "live", timeout=2 * STEP_MS
            )
        await expect(self.console.find("poll-row").first).to_have_attribute(
            "data-status", "revealed", timeout=STEP_MS
        )
        await self._is_playing(self.viewer)
        await self.viewer.say("and we are back")
        await self._hears(self.phone, "and we are back")

    async def _hears(self, one: Sight, text: str) -> None:
        """It is told there, once; on a full stage a comment may find no lane to fly in."""
        said = one.find("list").get_by_text(text, exact=True)
        await expect(said).to_have_count(1, timeout=STEP_MS)

    async def _is_playing(self, one: Sight) -> None:
        """The picture moves: its playhead goes on as fast as time does."""
        await expect(one.find("stage")).to_have_attribute(
            "data-picture", "playing", timeout=STEP_MS
        )
        read = "() => window.grandstand.live.playhead()"
        before = await one.page.evaluate(read)
        await asyncio.sleep(3)
        moved = await one.page.evaluate(read) - before
        assert 2000 < moved < 5000, moved

    async def shielding(self) -> None:
        """The shield stops the room's talk, and lets it go on."""
        await self.console.find("shield").click()
        await expect(self.viewer.find("text")).to_be_disabled(timeout=STEP_MS)
        await self.shoot("shield", "viewer")
        await self.console.find("shield").click()
        await expect(self.viewer.find("text")).to_be_enabled(timeout=STEP_MS)

    async def settling(self) -> None:
        """Settings; the calm list for those who asked for less motion; a television."""
        await self.viewer.find("open-settings").click()
        await expect(self.viewer.find("settings")).to_be_visible()
        await self.shoot("settings", "viewer")
        await self.viewer.page.keyboard.press("Escape")
        await self.viewer.page.emulate_media(reduced_motion="reduce")
        await asyncio.sleep(5)
        await self.shoot("calm", "viewer")
        await self.viewer.page.context.close()
        del self.pages["viewer"]
        url = f"{self.run_context.url}/?room=gala"
        self.pages["television"] = await look(self.browser, url, size=(1920, 1080))
        await self._is_playing(self.television)
        await asyncio.sleep(6)
        await self.shoot("open", "television")

    STEPS: tuple[tuple[int, Callable[[Rehearsal], Awaitable[None]]], ...] = (
        (0, opening),
        (35, commenting),
        (60, filming),
        (75, moderating),
        (95, cards),
        (140, polling),
        (200, losing_the_network),
        (230, restarting),
        (265, shielding),
        (275, settling),
    )
    """Each with the second at which it is due."""

    async def run(self) -> None:
        """All steps, each at its time; and no page had a fault."""
        for due_s, step in self.STEPS:
            await asyncio.sleep(max(0.0, self.began + due_s - time.monotonic()))
            at_s = int(time.monotonic() - self.began)
            print(f"{at_s // 60}:{at_s % 60:02}  {(step.__doc__ or '').strip()}", flush=True)
            try:
                await step(self)
            except BaseException:
                await self.shoot("failed", *self.pages)
                raise
        await asyncio.sleep(max(0.0, self.began + 300 - time.monotonic()))
        faults = {name: one.faults for name, one in self.pages.items() if one.faults}
        assert not faults, faults


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def main() -> None:
    """Rehearses once."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--to", type=Path, default=Path("docs/screenshots"))
    to: Path = options.parse_args().to
    to.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        run_context = RunContext(Path(folder), _free_port())
        stack.push_async_callback(run_context.close)
        await run_context.open()
        line = await stack.enter_async_context(cable(run_context.port))
        browser = await stack.enter_async_context(chromium())
        await Rehearsal(browser, run_context, line, to).run()
    print(f"all steps came out as they should; screenshots in {os.fspath(to)}")


if __name__ == "__main__":
    asyncio.run(main())
