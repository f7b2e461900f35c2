"""Polls whose result is more than a winner, from the console's form to all pages' result.

One show goes through them all: its pages stay open.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.pages.browsing import Sight, leave_all, look, watch
from tests.server import ServerProcess
from tests.viewer import viewing

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True)
class Stage:
    """A room, its producer's console, a viewer's page and the overlay."""

    server: ServerProcess
    room: str
    console: Sight
    ann: Sight
    plate: Sight

    async def translate(self, language: str) -> None:
        """Have the overlay speak a language."""
        await self.plate.page.goto(f"{self.server.url}/overlay/{self.room}?lang={language}")

    def faults(self) -> list[str]:
        """All pages'."""
        return self.console.faults + self.ann.faults + self.plate.faults


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(chrome: Browser, live_server: ServerProcess) -> AsyncIterator[Stage]:
    """The one that all tests share."""
    room = live_server.make_room("kinds", tick=50, title="The show")
    yield Stage(
        live_server,
        room,
        await at_desk(chrome, live_server, room),
        await watch(chrome, live_server, room),
        await overlay(chrome, live_server, room),
    )
    await leave_all(chrome)


async def at_desk(browser: Browser, server: ServerProcess, room: str) -> Sight:
    """A producer at the console."""
    token = server.token("producer", role="producer")
    url = f"{server.url}/producer?room={room}#token={token}"
    return await look(browser, url, size=(1440, 900))


async def overlay(browser: Browser, server: ServerProcess, room: str) -> Sight:
    """The overlay of the room."""
    return await look(browser, f"{server.url}/overlay/{room}", size=(960, 540), ready=False)


async def vote(stage: Stage, poll: str, *choices: int) -> None:
    """One vote each of as many people."""
    for number, choice in enumerate(choices):
        token = stage.server.token(f"voter {number}")
        async with viewing(stage.server.url, stage.room, token) as voter:
            await voter.knows(poll)
            assert (await voter.vote(poll, choice))["type"] == "ack"


async def lasts_a_minute(console: Sight) -> None:
    """Have the poll in the form open for a minute, whatever the one before it left there."""
    await console.find("poll-duration").fill("60")
    await console.find("poll-grace").fill("15")


async def finish(row: Locator) -> None:
    """Close a poll on the console, and count at once."""
    await row.locator('[data-test="poll-close"]').click()
    await row.locator('[data-test="poll-count-now"]').click()
    await expect(row).to_have_attribute("data-status", "closed")


def part(card: Locator, test: str) -> Locator:
    return card.locator(f'[data-test="{test}"]')


async def test_a_rating_is_opened_given_in_stars_and_shown_as_its_mean(stage: Stage) -> None:
    console, ann, plate = stage.console, stage.ann, stage.plate
    await console.find("poll-kind").select_option("rating")
    await expect(console.find("poll-option-0")).to_have_count(0)
    await console.find("poll-question").fill("How was it?")
    await console.find("poll-scale").fill("11")
    await console.find("poll-open").click()
    await expect(console.find("fault-scale")).not_to_be_empty()
    await console.find("poll-scale").fill("4")
    await console.find("poll-open").click()
    row, card = console.poll("How was it?"), ann.poll("How was it?")
    await expect(card).to_have_attribute("data-status", "open")
    await expect(card.locator("input[type=radio]")).to_have_count(4)
    await expect(part(card, "poll-figure")).to_be_hidden()
    await part(card, "option-3").click()
    poll = await card.get_attribute("data-poll")
    assert poll
    await vote(stage, poll, 1, 1)
    for where in (part(card, "poll-figure"), part(row, "poll-figure"), plate.find("figure")):
        await expect(where).to_have_text("2.7")
    await expect(part(card, "tally-1")).to_have_attribute("data-votes", "2")
    await expect(part(card, "tally-1")).to_have_text("67%")
    await expect(plate.find("tally-3")).to_have_text("33%")
    assert await ann.broken_rules() + await console.broken_rules() == []
    await finish(row)
    await part(row, "poll-reveal").click()
    await expect(card).to_have_attribute("data-status", "revealed")
    await expect(plate.find("foot")).to_have_text("Result · 3 votes")
    await part(row, "poll-again").click()
    await expect(console.find("poll-scale")).to_have_value("4")
    assert stage.faults() == []


async def test_a_prediction_is_resolved_and_tells_who_was_right(stage: Stage) -> None:
    console, ann, plate = stage.console, stage.ann, stage.plate
    await stage.translate("zh-CN")
    await console.find("poll-kind").select_option("prediction")
    await lasts_a_minute(console)
    await console.find("poll-question").fill("Who will win?")
    await console.find("poll-option-0").fill("Red")
    await console.find("poll-option-1").fill("Blue")
    await console.find("poll-show-tally").select_option("revealed")
    await console.find("poll-open").click()
    row, card = console.poll("Who will win?"), ann.poll("Who will win?")
    await part(card, "option-1").click()
    await expect(part(card, "vote-state")).to_have_attribute("data-state", "accepted")
    poll = await card.get_attribute("data-poll")
    assert poll
    await vote(stage, poll, 0, 0, 1)
    await expect(part(row, "poll-voters")).to_have_attribute("data-voters", "4")
    await finish(row)
    await expect(part(row, "poll-reveal")).to_have_count(0)
    await expect(part(row, "poll-resolve")).to_be_disabled()
    await expect(plate.find("foot")).to_have_text("尚未揭晓")
    await expect(card).to_have_attribute("data-status", "closed")
    await expect(part(card, "tally-0")).to_have_attribute("data-votes", "")
    await expect(part(card, "poll-figure")).to_be_hidden()
    await part(card, "poll-dismiss").click()
    await part(row, "poll-outcome").select_option("1")
    assert await console.broken_rules() == []
    await part(row, "poll-resolve").click()
    await expect(card).to_have_attribute("data-status", "revealed")
    await expect(part(card, "vote-state")).to_have_text("You were right")
    await expect(card.locator(".option.right")).to_contain_text("Blue")
    for where in (part(card, "poll-figure"), part(row, "poll-figure"), plate.find("figure")):
        await expect(where).to_have_text("50%")
    await expect(plate.find("option-1")).to_have_attribute("data-mark", "right")
    await expect(row.locator('[data-right="true"]')).to_contain_text("Blue")
    assert await ann.broken_rules() == []
    assert stage.faults() == []


async def test_a_quiz_tells_who_was_fastest_once_it_is_revealed(stage: Stage) -> None:
    console, ann = stage.console, stage.ann
    await console.find("poll-kind").select_option("quiz")
    await lasts_a_minute(console)
    await console.find("poll-question").fill("Capital of Peru?")
    await console.find("poll-option-0").fill("Quito")
    await console.find("poll-option-1").fill("Lima")
    await console.find("poll-answer").select_option("1")
    await console.find("poll-open").click()
    row, card = console.poll("Capital of Peru?"), ann.poll("Capital of Peru?")
    poll = await card.get_attribute("data-poll")
    assert poll
    await vote(stage, poll, 1, 0, 1)
    await part(card, "option-1").click()
    await expect(part(card, "vote-state")).to_have_attribute("data-state", "accepted")
    await finish(row)
    await expect(part(card, "leaders")).to_be_hidden()
    await part(row, "poll-reveal").click()
    await expect(part(card, "leaders")).to_be_visible()
    await expect(part(card, "leader")).to_have_count(3)
    await expect(part(card, "leader").locator("bdi").first).to_have_text("voter 0")
    await expect(part(card, "leader").first).to_contain_text(re.compile(r"\d\.\d\d s"))
    await expect(card.locator("li.mine")).to_have_count(1)
    assert await ann.broken_rules() == []
    assert stage.faults() == []
