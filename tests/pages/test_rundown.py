"""The run-down on the console: two producers prepare a show and go through it.

One of them stays for all tests: each begins with a show in place of the one before.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Route, expect

from tests.pages.browsing import EXPECT_MS, Sight
from tests.pages.test_producer import at_desk, press
from tests.server import ServerProcess
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

Item = dict[str, Any]
POLL = {"kind": "single", "question": "Who?", "options": ["A", "B"], "duration": 600}


def notes(count: int) -> list[Item]:
    return [{"id": f"n{n}", "kind": "note", "title": f"Note {n}"} for n in range(count)]


async def put(server: ServerProcess, room: str, items: list[Item]) -> None:
    path = f"/v1/rooms/{room}/rundown"
    version = (await server.produce("GET", path))["version"]
    await server.produce("PUT", path, {"version": version, "items": items})


async def begin(desk: Sight, server: ServerProcess, room: str, items: list[Item]) -> None:
    """Have a show of these, none of which went yet, until the desk shows it."""
    await put(server, room, items)
    path = f"/v1/rooms/{room}/rundown"
    version = (await server.produce("GET", path))["version"]
    await server.produce("POST", f"{path}/reset", {"version": version})
    await is_state(desk, items[0]["title"], "Next")


@pytest.fixture(scope="module")
def stage(live_server: ServerProcess) -> str:
    """The room of all tests."""
    return live_server.make_room("stage", title="The show", tick=50)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(chrome: Browser, live_server: ServerProcess, stage: str) -> AsyncIterator[Sight]:
    """A producer who stays."""
    async with at_desk(chrome, live_server, stage) as sight:
        yield sight


def item(sight: Sight, title: str) -> Locator:
    return sight.find("item").filter(has_text=title)


async def order(sight: Sight, *titles: str) -> None:
    """Waits until the items stand in this order."""
    await expect(sight.find("item").locator(".item-title")).to_have_text([*titles])


async def is_state(sight: Sight, title: str, state: str) -> None:
    await expect(item(sight, title).locator('[data-test="item-state"]')).to_have_text(state)


async def steady(sight: Sight) -> None:
    """Waits until GO would act: looked for at each painting, of which the page has few."""
    would_act = """() => document.querySelector("[data-test=go][aria-disabled=false]") !== null"""
    await sight.page.wait_for_function(would_act, timeout=EXPECT_MS)


async def test_two_producers_prepare_a_show_and_go_through_it(
    chrome: Browser, live_server: ServerProcess, stage: str, desk: Sight
) -> None:
    ann = desk
    async with at_desk(chrome, live_server, stage) as bo:
        await expect(ann.find("show")).to_have_count(0)
        await ann.find("item-add").click()
        form = ann.find("item-form")
        await form.locator('[data-test="poll-question"]').fill("Who?")
        await form.locator('[data-test="poll-option-0"]').fill("A")
        await form.locator('[data-test="item-save"]').click()
        await expect(form.locator('[data-test="fault-options.1"]')).not_to_be_empty()
        await form.locator('[data-test="poll-option-1"]').fill("B")
        await form.locator('[data-test="item-save"]').click()
        await expect(form).to_have_count(0)
        await bo.find("item-add").click()
        await bo.find("item-kind").select_option("cue")
        await bo.find("item-form").locator('[data-test="cue-name"]').fill("goal")
        await bo.find("item-save").click()
        await ann.find("item-add").click()
        await ann.find("item-kind").select_option("note")
        await ann.find("item-title").fill("Welcome")
        await ann.find("item-expected").fill("2020-01-01T20:00:00")
        await ann.find("item-save").click()
        for sight in (ann, bo):
            await order(sight, "Who?", "goal", "Welcome")
        await expect(bo.find("rundown-others")).to_contain_text("added “Welcome”")

        # Ann moves by keys, Bo by the mouse.
        await item(ann, "Welcome").locator('[data-test="item-handle"]').focus()
        await press(ann, "ArrowUp", "ArrowUp")
        await order(bo, "Welcome", "Who?", "goal")
        await expect(ann.find("said")).to_contain_text("place 1 of 3")
        await expect(item(ann, "Welcome").locator('[data-test="item-handle"]')).to_be_focused()
        handle = await item(bo, "goal").locator('[data-test="item-handle"]').bounding_box()
        target = await item(bo, "Who?").bounding_box()
        assert handle is not None
        assert target is not None
        await bo.page.mouse.move(handle["x"] + 5, handle["y"] + 5)
        await bo.page.mouse.down()
        await bo.page.mouse.move(target["x"] + 10, target["y"] + 4, steps=4)
        await expect(item(bo, "Who?")).to_have_attribute("data-drop", "true")
        await bo.page.mouse.up()
        for sight in (ann, bo):
            await order(sight, "Welcome", "goal", "Who?")

        # The space bar does the next one, wherever nothing has the focus.
        await expect(bo.find("show-late")).to_contain_text("late")
        await ann.find("title").click()
        await steady(ann)
        await press(ann, "Space", "Space")  # the second comes before anybody could read
        for sight in (ann, bo):
            await expect(sight.find("show-on-air")).to_contain_text("Welcome")
            await expect(sight.find("show-next")).to_contain_text("goal")
            await is_state(sight, "Welcome", "On air")
            await is_state(sight, "goal", "Next")
        await expect(bo.find("rundown-others")).to_contain_text("GO “Welcome”")
        await steady(bo)
        await bo.find("go").click()
        await is_state(ann, "goal", "On air")  # GO waits a moment after others' changes, too
        await steady(ann)
        await item(ann, "Who?").locator('[data-test="item-go"]').click()
        for sight in (ann, bo):
            await is_state(sight, "goal", "Done")
            await is_state(sight, "Who?", "On air")
            await expect(sight.find("show-votes")).to_contain_text("voting")
            await expect(sight.find("show-next")).to_contain_text("End of the run-down")
            await expect(sight.poll("Who?")).to_have_attribute("data-status", "open")
        polls = await live_server.produce("GET", f"/v1/rooms/{stage}/polls")
        assert len(polls["polls"]) == 1
        await bo.find("reset").click()
        await bo.find("reset-yes").click()
        await is_state(ann, "Welcome", "Next")


async def test_the_space_bar_is_for_what_has_the_focus(
    live_server: ServerProcess, stage: str, desk: Sight
) -> None:
    await begin(desk, live_server, stage, notes(3))
    await steady(desk)
    await desk.find("poll-question").focus()
    await press(desk, "Space")
    await desk.find("rundown-list").focus()
    await press(desk, "Space")
    await desk.find("poll-more").focus()
    await press(desk, "Space")
    await expect(desk.find("poll-change")).to_be_visible()
    await desk.find("item-add").focus()
    await press(desk, "Space")
    await expect(desk.find("item-form")).to_be_visible()
    await press(desk, "Escape")
    await expect(desk.find("item-form")).to_have_count(0)
    told = await live_server.produce("GET", f"/v1/rooms/{stage}/rundown")
    assert told["next"] == "n0"
    await desk.find("go").focus()
    await press(desk, "Space")
    await is_state(desk, "Note 0", "On air")
    await steady(desk)
    await desk.page.keyboard.down("Enter")
    for _ in range(3):
        await desk.page.keyboard.down("Enter")  # held
    await desk.page.keyboard.up("Enter")
    await is_state(desk, "Note 1", "On air")
    await steady(desk)
    await is_state(desk, "Note 1", "On air")


async def test_what_two_change_at_once_is_kept_or_told(
    live_server: ServerProcess, stage: str, desk: Sight
) -> None:
    items = notes(3)
    await begin(desk, live_server, stage, items)
    await item(desk, "Note 0").locator('[data-test="item-edit"]').click()
    await desk.find("item-text").fill("mine")
    others = [{**items[0], "title": "Theirs", "body": "their text"}, *items[1:]]
    await put(live_server, stage, others)
    await order(desk, "Theirstheir text", "Note 1", "Note 2")
    await desk.find("item-save").click()
    await expect(desk.find("item-fault")).to_contain_text("It is now “Theirs”")
    await expect(desk.find("item-present")).to_contain_text("their text")
    await expect(desk.find("item-text")).to_have_value("mine")
    await desk.find("item-save").click()
    await order(desk, "Note 0mine", "Note 1", "Note 2")

    # Of others' items nothing is lost, whichever version this page knew.
    async def meanwhile(route: Route) -> None:
        await put(live_server, stage, [*notes(3)[:2], {**items[2], "title": "New"}])
        await route.continue_()

    await desk.intercept("**/rundown", meanwhile, times=1)
    await item(desk, "Note 1").locator('[data-test="item-remove"]').click()
    await order(desk, "Note 0", "New")
    await desk.find("undo-remove").click()
    await order(desk, "Note 0", "Note 1", "New")

    async def is_kept() -> bool:
        told = await live_server.produce("GET", f"/v1/rooms/{stage}/rundown")
        return [each["title"] for each in told["items"]] == ["Note 0", "Note 1", "New"]

    await until(is_kept)  # the page shows it before the server's answer


async def test_an_item_that_cannot_go_is_told_and_a_thousand_are_no_burden(
    live_server: ServerProcess, stage: str, desk: Sight
) -> None:
    late = {**POLL, "opens_at": 1, "closes_at": 2}
    del late["duration"]
    items = [{"id": "late", "kind": "poll", "title": "Too late", "body": late}, *notes(999)]
    await begin(desk, live_server, stage, items)
    await expect(desk.find("item")).to_have_count(1000)
    await steady(desk)
    await desk.find("go").click()
    await expect(desk.find("go-fault")).to_contain_text("“Too late” did not go: is over")
    await expect(desk.find("show-next")).to_contain_text("Too late")
    await item(desk, "Too late").locator('[data-test="item-edit"]').click()
    await expect(desk.find("item-json")).to_have_value(re.compile("opens_at"))
    await press(desk, "Escape")
    await item(desk, "Note 700").locator('[data-test="item-go"]').click()
    await expect(desk.find("show-next")).to_contain_text("Note 701")
    await expect(item(desk, "Note 701")).to_be_in_viewport()


async def test_the_page_has_no_findings_and_fits(
    chrome: Browser, live_server: ServerProcess, stage: str, desk: Sight
) -> None:
    poll = {"id": "who", "kind": "poll", "title": "Who? " * 20, "body": POLL, "expected_at": 1}
    await begin(desk, live_server, stage, [*notes(2), poll])
    await has_no_findings_and_fits(desk, 1440)
    phone = at_desk(chrome, live_server, stage, size=(390, 844), language="zh-CN")
    async with phone as other:
        await other.find("tab-show").click()
        await has_no_findings_and_fits(other, 390)


async def has_no_findings_and_fits(sight: Sight, width: int) -> None:
    await order(sight, "Note 0", "Note 1", "Who? " * 20)
    await steady(sight)
    assert await sight.broken_rules() == []
    assert await sight.page.evaluate("document.documentElement.scrollWidth") <= width
    await item(sight, "Note 1").locator('[data-test="item-edit"]').click()
    await expect(sight.find("item-form")).to_be_visible()
    assert await sight.broken_rules() == []
