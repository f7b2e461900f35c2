"""Two browsers in one room, as two people would use it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, WebSocketRoute, expect

from tests.pages.browsing import EXPECT_MS, LiveServer, chromium, look, produce, watch


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


async def test_what_one_viewer_types_flies_by_in_the_same_lane_of_both(
    browser: Browser, live_server: LiveServer
) -> None:
    ann = await watch(browser, live_server)
    bo = await watch(browser, live_server)
    await ann.say("what a lovely evening")
    theirs = await bo.bullet("what a lovely evening")
    mine = await ann.bullet("what a lovely evening")
    await ann.is_told("accepted")
    assert (mine["id"], mine["y"]) == (theirs["id"], theirs["y"])
    assert (mine["own"], theirs["own"]) == (True, False)
    before = theirs["x"]
    await bo.page.wait_for_timeout(300)
    [after] = [one for one in await bo.bullets() if one["id"] == theirs["id"]]
    assert after["x"] < before
    await expect(bo.find("viewers")).to_contain_text("viewers", timeout=EXPECT_MS)
    assert ann.faults + bo.faults == []


async def test_an_insult_is_turned_away_and_only_its_author_is_told_why(
    browser: Browser, live_server: LiveServer
) -> None:
    ann = await watch(browser, live_server)
    bo = await watch(browser, live_server)
    await ann.say("you are an idiot")
    await ann.is_told("rejected")
    await expect(ann.find("own-status")).to_contain_text("Not shown")
    await ann.say("sorry, I like the show")
    await bo.bullet("sorry, I like the show")
    await bo.lacks_bullet("you are an idiot")
    await ann.lacks_bullet("you are an idiot")
    assert await bo.find("own-status").text_content() == ""


async def test_a_poll_is_opened_voted_on_closed_and_revealed(
    browser: Browser, live_server: LiveServer
) -> None:
    ann = await watch(browser, live_server)
    bo = await watch(browser, live_server, size=(390, 844))
    console = await produce(browser, live_server)
    question = "Which song shall be the encore?"
    await console.find("poll-question").fill(question)
    await console.find("poll-option-0").fill("The slow one")
    await console.find("poll-option-1").fill("The loud one")
    await console.find("poll-grace").fill("1")
    await console.find("poll-open").click()

    for viewer in (ann, bo):
        card = viewer.poll(question)
        await expect(card).to_have_attribute("data-status", "open", timeout=EXPECT_MS)
        await expect(card.locator('[data-test="poll-question"]')).to_have_text(question)
    await ann.poll(question).locator('[data-test="option-0"]').click()
    await bo.poll(question).locator('[data-test="option-1"]').click()
    for viewer in (ann, bo, console):
        for option in (0, 1):
            tally = viewer.poll(question).locator(f'[data-test="tally-{option}"]')
            await expect(tally).to_have_attribute("data-votes", "1", timeout=EXPECT_MS)
    state = ann.poll(question).locator('[data-test="vote-state"]')
    await expect(state).to_have_attribute("data-state", "accepted")
    await expect(ann.poll(question).locator('[data-test="option-1"]')).to_be_disabled()

    await console.poll(question).locator('[data-test="poll-close"]').click()
    for viewer in (ann, bo, console):
        card = viewer.poll(question)
        await expect(card).to_have_attribute("data-status", "closed", timeout=EXPECT_MS)
    await console.poll(question).locator('[data-test="poll-reveal"]').click()
    for viewer in (ann, bo):
        card = viewer.poll(question)
        await expect(card).to_have_attribute("data-status", "revealed", timeout=EXPECT_MS)
        await expect(card.locator('[data-test="poll-voters"]')).to_have_attribute(
            "data-voters", "2"
        )
    assert ann.faults + bo.faults + console.faults == []


async def test_a_quiz_shows_its_answer_only_once_revealed(
    browser: Browser, live_server: LiveServer
) -> None:
    ann = await watch(browser, live_server)
    console = await produce(browser, live_server)
    await console.find("poll-kind").select_option("quiz")
    await console.find("poll-question").fill("Who wrote it?")
    await console.find("poll-option-0").fill("She did")
    await console.find("poll-option-1").fill("He did")
    await console.find("poll-answer").select_option("1")
    await console.find("poll-show-tally").select_option("revealed")
    await console.find("poll-grace").fill("0")
    await console.find("poll-open").click()
    card = ann.poll("Who wrote it?")
    await card.locator('[data-test="option-1"]').click()
    hidden = console.poll("Who wrote it?").locator('[data-test="tally-1"]')
    await expect(hidden).to_have_attribute("data-votes", "1", timeout=EXPECT_MS)
    await expect(card.locator('[data-test="tally-1"]')).to_have_attribute("data-votes", "")
    assert await card.locator(".option.right").count() == 0
    await console.poll("Who wrote it?").locator('[data-test="poll-close"]').click()
    await (
        console.poll("Who wrote it?").locator('[data-test="poll-reveal"]').click(timeout=EXPECT_MS)
    )
    await expect(card.locator(".option.right")).to_have_text("He did1 · 100 %", timeout=EXPECT_MS)


async def test_a_poll_without_a_question_is_refused_beside_its_field(
    browser: Browser, live_server: LiveServer
) -> None:
    console = await produce(browser, live_server)
    await console.find("poll-option-0").fill("a")
    await console.find("poll-option-1").fill("b")
    await console.find("poll-open").click()
    await expect(console.find("fault-question")).not_to_be_empty(timeout=EXPECT_MS)


async def test_a_retracted_comment_leaves_the_stage_at_once(
    browser: Browser, live_server: LiveServer
) -> None:
    ann = await watch(browser, live_server)
    bo = await watch(browser, live_server)
    console = await produce(browser, live_server)
    await ann.say("this will be taken back")
    await bo.bullet("this will be taken back")
    row = console.find("recent").filter(has_text="this will be taken back")
    await row.locator('[data-test="retract"]').click(timeout=EXPECT_MS)
    await bo.lacks_bullet("this will be taken back")
    await ann.lacks_bullet("this will be taken back")
    await ann.is_told("retracted")


async def test_a_held_comment_flies_once_a_moderator_approves_it(
    browser: Browser, live_server: LiveServer
) -> None:
    ann = await watch(browser, live_server)
    bo = await watch(browser, live_server)
    console = await produce(browser, live_server)
    await ann.say("shut up and play the song")
    await ann.is_told("held")
    row = console.find("held").filter(has_text="shut up and play the song")
    await expect(row).to_be_visible(timeout=EXPECT_MS)
    await bo.lacks_bullet("shut up and play the song")
    await row.locator('[data-test="approve"]').click()
    await bo.bullet("shut up and play the song")
    await ann.is_told("approved")
    await expect(row).to_have_count(0, timeout=EXPECT_MS)


async def test_the_shield_closes_the_composer_until_it_is_lowered(
    browser: Browser, live_server: LiveServer
) -> None:
    ann = await watch(browser, live_server)
    console = await produce(browser, live_server)
    await console.find("shield").check()
    await expect(ann.find("text")).to_be_disabled(timeout=EXPECT_MS)
    await console.find("shield").uncheck()
    await expect(ann.find("text")).to_be_enabled(timeout=EXPECT_MS)


async def test_a_viewer_whose_connection_broke_comes_back_and_misses_nothing(
    browser: Browser, live_server: LiveServer
) -> None:
    bo = await watch(browser, live_server)
    ann = await look(browser, f"{live_server.url}/?room=gala", ready=False)
    sockets: list[WebSocketRoute] = []

    def pass_on(route: WebSocketRoute) -> None:
        sockets.append(route)
        route.connect_to_server()

    await ann.page.route_web_socket("**/live", pass_on)
    await ann.page.reload()
    await ann.is_live()
    await sockets[0].close(code=1012)
    await bo.say("said while you were away")
    await ann.bullet("said while you were away")
    assert len(sockets) == 2
    await ann.say("back again")
    await bo.bullet("back again")


async def test_the_overlay_shows_the_poll_over_a_transparent_page(
    browser: Browser, live_server: LiveServer
) -> None:
    console = await produce(browser, live_server)
    overlay = await look(browser, f"{live_server.url}/overlay/gala", size=(1920, 1080), ready=False)
    await console.find("poll-question").fill("Who enters next?")
    await console.find("poll-option-0").fill("The drummer")
    await console.find("poll-option-1").fill("The singer")
    await console.find("poll-open").click()
    await expect(overlay.find("question")).to_have_text("Who enters next?", timeout=EXPECT_MS)
    await expect(overlay.find("tally-1")).to_be_attached()
    background = await overlay.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgba(0, 0, 0, 0)"
    assert overlay.faults == []
