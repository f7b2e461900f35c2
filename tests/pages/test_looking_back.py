"""The viewer's page without a socket, and in the past: one page open for a whole evening."""

from __future__ import annotations

import math
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, ViewportSize, WebSocket, expect

from tests.pages.browsing import EXPECT_MS, Sight, blank, watch
from tests.pages.picture import on_air
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 720}
PAST_S = 70
MAX_LATENCY_MS = 10_000
BEHIND = re.compile("behind live")
OF_ALL = re.compile(" of ")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def stream(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The URL of a live picture that has been on air for a while."""
    async with on_air(tmp_path_factory.mktemp("picture"), PAST_S) as url:
        yield url


async def look_back_to(sight: Sight, at: float) -> None:
    """Moves the picture to two seconds before a moment, by the bar."""
    lag_s = (await playhead(sight) - at) / 1000 + 2
    bar = sight.find("seek")
    now_s = await sight.page.evaluate("document.querySelector('video').currentTime")
    await bar.fill(str(round(now_s - lag_s)))


async def playhead(sight: Sight) -> float:
    """The moment that the page shows."""
    found = await sight.page.wait_for_function(
        "() => window.grandstand.live.playhead() || undefined"
    )
    at: float = await found.json_value()
    return at


async def test_who_has_no_socket_sees_all_takes_part_and_looks_back(
    browser: Browser, live_server: ServerProcess, room: str, stream: str
) -> None:
    server, path = live_server, f"/v1/rooms/{room}"
    server.make_room(room, stream=stream, max_latency=MAX_LATENCY_MS)
    ann = await watch(browser, server, room, query="&transport=segments&silence=2", ready=False)
    sockets: list[WebSocket] = []
    ann.page.on("websocket", lambda socket: sockets.append(socket))
    await ann.is_live()
    await expect(ann.find("stage")).to_have_attribute("data-picture", "playing")

    async with viewing(server.url, room, server.token("bo")) as bo:
        # By segments alone: a comment, a poll at its moment, a card.
        poll = {"kind": "single", "question": "Which?", "options": ["Slow", "Loud"], "grace": 8_000}
        opened = await server.produce("POST", f"{path}/polls", {**poll, "duration": 20})
        stats = {"entity": "athlete:1", "name": "Bolt", "values": {"speed": 9}}
        await server.produce("POST", f"{path}/stats", stats)
        await bo.insist({"type": "comment", "text": "a lovely evening"})
        then = await ann.bullet("a lovely evening")
        await expect(ann.poll("Which?")).to_be_visible()
        assert await playhead(ann) >= opened["opens_at"]
        await expect(ann.find("card")).to_contain_text("Bolt")
        assert sockets == []

        # A vote opens a socket, which is given back after a silence.
        await ann.poll("Which?").locator('[data-test="option-1"]').click()
        await expect(ann.find("vote-state")).to_contain_text("Your vote counts")
        await until(lambda: len(sockets) == 1 and sockets[0].is_closed())
        await bo.insist({"type": "comment", "text": "still here"})
        await ann.bullet("still here")
        assert len(sockets) == 1
        assert (await server.produce("GET", f"{path}/polls/{opened['id']}"))["tally"] == [0, 1]

        # Back to what nobody can take part in any more.
        at = await ann.page.evaluate("window.grandstand.live.state.recent[0].at")
        await ann.page.wait_for_function(
            "past => window.grandstand.live.now() > past",
            arg=at + MAX_LATENCY_MS + 4_000,
            timeout=2 * EXPECT_MS,
        )
        await ann.lacks_bullet("a lovely evening")
        await look_back_to(ann, at)
        await expect(ann.find("replay")).to_be_visible()
        again = await ann.bullet("a lovely evening")
        assert (again["id"], again["own"]) == (then["id"], False)
        assert await playhead(ann) >= at
        assert not [one for one in await ann.bullets() if one["text"] == "still here"]
        await expect(ann.find("list")).not_to_contain_text("still here")
        await expect(ann.poll("Which?")).to_contain_text("votes can't be cast")
        await expect(ann.poll("Which?").locator("input").first).to_be_disabled()
        await expect(ann.find("card")).to_contain_text("Bolt")
        await expect(ann.find("text")).to_be_disabled()
        await expect(ann.find("status")).to_have_text("Replay")
        await expect(ann.find("seek")).to_have_attribute("aria-valuetext", BEHIND)
        for size in (PHONE, DESK):
            await ann.page.set_viewport_size(size)
            await ann.is_painted()
            stage, mark = await ann.box("stage"), await ann.box("replay")
            assert mark["x"] + mark["width"] <= stage["x"] + stage["width"]
            assert await ann.broken_rules() == []

        # By keys within the past, and to live.
        before = await playhead(ann)
        await ann.page.keyboard.press("ArrowLeft")
        await ann.page.wait_for_function(
            "before => window.grandstand.live.playhead() < before - 5000", arg=before
        )
        await ann.find("replay-live").click()
        await expect(ann.find("replay")).to_be_hidden()
        await expect(ann.find("text")).to_be_enabled()
        await bo.insist({"type": "comment", "text": "back again"})
        await ann.bullet("back again")

        # Last night's show, from its recording.
        await server.produce("PATCH", path, {"stream": f"{stream}?recorded"})
        await expect(ann.find("replay")).to_be_visible()
        await look_back_to(ann, at)
        await ann.bullet("a lovely evening")
        await expect(ann.find("seek")).to_have_attribute("aria-valuetext", OF_ALL)
    assert ann.faults == []


async def test_the_bar_shows_what_the_audience_stirred_at_and_a_chapter_leads_there(
    browser: Browser, live_server: ServerProcess, room: str, stream: str
) -> None:
    live_server.make_room(room, stream=stream)
    begun = time.time() * 1000
    found = [_stirred(begun - ago_s * 1000, *words) for ago_s, words in STIRRED]
    heat = [
        [round(begun - ago_s * 1000), 1 + 5 * math.exp(-(((ago_s - 40) / 4) ** 2))]
        for ago_s in range(60, 10, -1)
    ]

    async def tell(route: Route) -> None:
        await route.fulfill(json={"highlights": found, "heat": heat})

    ann = await blank((await browser.new_context(viewport=DESK)).new_page())
    await ann.page.route("**/highlights*", tell)
    await ann.page.goto(f"{live_server.url}/?room={room}")
    await ann.is_live()
    chapters = ann.find("chapter")
    await expect(chapters).to_have_count(2)
    await expect(chapters.first).to_contain_text("goal · messi · 进球")
    await expect(ann.find("heat")).to_be_visible()
    for size in (PHONE, DESK):
        await ann.page.set_viewport_size(size)
        await ann.is_painted()
        assert await ann.broken_rules() == []
        row = await ann.box("chapters")
        assert row["x"] + row["width"] <= size["width"]
    await chapters.first.click()
    await ann.page.wait_for_function(
        "at => Math.abs(window.grandstand.live.playhead() - at) < 5000",
        arg=found[0]["from"],
        timeout=EXPECT_MS,
    )
    assert ann.faults == []


STIRRED = ((45, ("goal", "messi", "进球", "lol")), (20, ()))


def _stirred(at: float, *words: str) -> dict[str, Any]:
    begin = round(at)
    return {
        "id": f"highlight-{begin}",
        "strength": 4.2,
        "words": words,
        "comments": [],
        "from": begin,
        "noticed": begin + 5000,
        "until": begin + 9000,
    }
