"""The control room: a producer, two moderators and the keys they press, in real Chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.conftest import MakeServer
from tests.pages.browsing import AXE, AXE_TAGS, Sight, leave, look, refuse
from tests.server import ServerProcess
from tests.viewer import Viewer, viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

BACKOFF_MS = 40_000
"""The longest pause between two attempts to come back is 30 s."""
QUIET_POLL = {"kind": "single", "question": "Who wins?", "options": ["Red", "Blue"]}
LONG = "W<b>o</b>rds & <img src=x onerror=alert(1)> " + "ä" * 100


@pytest.fixture
def stage(live_server: ServerProcess, room: str) -> str:
    """A room of this test's own."""
    return live_server.make_room(
        room, moderation={"level": 2}, title="The show", max_latency=5000, tick=50
    )


@asynccontextmanager
async def at_desk(
    browser: Browser,
    server: ServerProcess,
    room: str,
    *,
    role: str = "producer",
    size: tuple[int, int] = (1440, 900),
    language: str = "en-US",
    faultless: bool = True,
) -> AsyncIterator[Sight]:
    """Someone at the console, which must have had no fault at the end."""
    token = server.token(role, role=role)
    address = f"{server.url}/producer?room={room}#token={token}"
    sight = await look(browser, address, size=size, locale=language)
    try:
        yield sight
        assert not faultless or sight.faults == []
    finally:
        await leave(sight)


async def press(sight: Sight, *keys: str) -> None:
    for key in keys:
        await sight.page.keyboard.press(key)


async def shows(sight: Sight, test: str, text: str | None = None, count: int = 1) -> Locator:
    """Waits until so many elements of that name, with that text, are there."""
    found = sight.find(test)
    if text is not None:
        found = found.filter(has_text=text)
    await expect(found).to_have_count(count)
    return found


async def is_phase(sight: Sight, question: str, phase: str) -> Locator:
    """Waits until a poll is in a phase; its row."""
    row = sight.poll(question)
    await expect(row).to_have_attribute("data-status", phase)
    return row


async def opened(server: ServerProcess, room: str, **changes: Any) -> str:
    """A poll opened by a producer elsewhere."""
    body = {**QUIET_POLL, "duration": 60, "grace": 0, **changes}
    poll = await server.produce("POST", f"/v1/rooms/{room}/polls", body)
    return str(poll["id"])


async def set_for_later(server: ServerProcess, room: str, question: str) -> None:
    """A poll that opens in an hour, set by a producer elsewhere."""
    now = (await server.produce("GET", f"/v1/rooms/{room}"))["now"]
    times = {"opens_at": now + 3_600_000, "closes_at": now + 3_660_000}
    await server.produce(
        "POST", f"/v1/rooms/{room}/polls", {**QUIET_POLL, "question": question, **times}
    )


async def come(stack: AsyncExitStack, server: ServerProcess, room: str, name: str) -> Viewer:
    """A viewer of that name, who stays as long as ``stack``."""
    return await stack.enter_async_context(viewing(server.url, room, server.token(name), name=name))


async def hold(server: ServerProcess, room: str, *said: str) -> None:
    """Comments that moderation holds, each of a viewer of its own, ``v0`` and so on."""
    for number, text in enumerate(said):
        async with viewing(server.url, room, server.token(f"v{number}"), name=f"v{number}") as one:
            assert (await one.comment(f"shut up you lot {text}"))["status"] == "held"


# --- polls ---------------------------------------------------------------------------------------


async def test_three_keystrokes_put_a_poll_before_the_viewers(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    bo = await look(browser, f"{live_server.url}/?room={stage}")
    async with at_desk(browser, live_server, stage) as console:
        await press(console, "p", "1", "Enter")
        card = bo.poll("Yes or no?")
        await expect(card).to_have_attribute("data-status", "open")
        await expect(console.find("on-air")).to_have_attribute("data-on", "true")
        await is_phase(console, "Yes or no?", "open")
        await expect(console.find("palette")).to_have_count(0)
    await leave(bo)


async def test_the_preview_shows_what_goes_out_and_escape_keeps_it_in(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with at_desk(browser, live_server, stage) as console:
        preview = console.find("preview")
        await press(console, "p", "Enter")
        await expect(preview).to_contain_text("Yes or no?")
        await press(console, "3")
        await expect(preview).to_contain_text("How many stars?")
        await expect(preview.locator("li")).to_have_text(["1", "2", "3", "4", "5"])
        await expect(preview).to_contain_text("Open 60 s, 5 s more for late viewers")
        await press(console, "Escape")
        await expect(console.find("palette")).to_have_count(0)
        await press(console, "p", "3", "Enter")
        await is_phase(console, "How many stars?", "open")
        [poll] = (await live_server.produce("GET", f"/v1/rooms/{stage}/polls"))["polls"]
        assert poll["kind"] == "rating"
        assert [option["text"] for option in poll["options"]] == ["1", "2", "3", "4", "5"]
        assert (poll["closes_at"] - poll["opens_at"], poll["grace"], poll["change"]) == (
            *(60_000, 5_000),
            True,
        )


async def test_a_second_enter_opens_no_second_poll(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with at_desk(browser, live_server, stage) as console:
        await press(console, "p", "2")
        await console.find("put-on-air").evaluate("one => { one.click(); one.click(); }")
        await is_phase(console, "A or B?", "open")
        polls = (await live_server.produce("GET", f"/v1/rooms/{stage}/polls"))["polls"]
        assert len(polls) == 1


async def test_a_quiz_waits_for_its_answer_which_a_letter_gives(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with at_desk(browser, live_server, stage) as console:
        await press(console, "p", "5", "Enter")
        await expect(console.find("palette-fault")).to_contain_text("Which answer is right?")
        await press(console, "c", "Enter")
        row = await is_phase(console, "Which answer is right?", "open")
        await row.locator('[data-test="poll-close"]').click()
        await (
            (await is_phase(console, "Which answer is right?", "counting"))
            .locator('[data-test="poll-count-now"]')
            .click()
        )
        row = await is_phase(console, "Which answer is right?", "closed")
        await row.locator('[data-test="poll-reveal"]').click()
        await expect(row.locator('[data-right="true"]')).to_contain_text("C")


async def test_a_poll_of_ones_own_is_kept_and_the_last_comes_again(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with at_desk(browser, live_server, stage) as console:
        await console.find("poll-question").fill(LONG)
        await console.find("poll-option-0").fill("<i>left</i>")
        await console.find("poll-option-1").fill("right")
        await console.find("poll-duration").fill("90")
        await console.find("keep-template").click()
        await console.find("poll-open").click()
        row = await is_phase(console, LONG, "open")
        await expect(row.locator("h3")).to_have_text(LONG)
        await expect(row.locator("b, i, img").filter(has_text="left")).to_have_count(0)
        await expect(console.find("poll-question")).to_have_value("")
        await console.page.reload()
        await console.is_live()
        for key in ("6", "0"):
            await press(console, "p", key)
            await expect(console.find("preview").locator("h3")).to_have_text(LONG)
            await press(console, "Enter")
            await expect(console.find("palette")).to_have_count(0)
        await expect(console.poll(LONG)).to_have_count(3)
        await press(console, "p", "6")
        await console.find("remove-template").click()
        await expect(console.find("template-6")).to_have_count(0)


async def test_a_poll_is_watched_extended_closed_and_revealed(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    poll = await opened(live_server, stage, show_tally="revealed", grace=4000)
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(at_desk(browser, live_server, stage))
        voters = [await come(stack, live_server, stage, f"v{number}") for number in range(3)]
        row = await is_phase(console, "Who wins?", "open")
        await expect(row).to_contain_text("Viewers don't see the tally")
        for number, voter in enumerate(voters):
            await voter.knows(poll)
            assert (await voter.vote(poll, min(number, 1)))["type"] == "ack"
        await expect(row.locator('[data-test="tally-1"]')).to_have_attribute("data-votes", "2")
        await expect(row.locator('[data-test="poll-voters"]')).to_have_text("3 voters")
        rate = row.locator('[data-test="poll-rate"]')
        await expect(rate).not_to_have_text("0.0/s")
        before = voters[0].picture.polls[poll]["closes_at"]
        await row.locator('[data-test="poll-extend"]').click()
        await voters[0].sees(lambda picture: picture.polls[poll]["closes_at"] == before + 30_000)
        await expect(row.locator('[data-test="poll-time"]')).to_contain_text("1:")
        await row.locator('[data-test="poll-close"]').click()
        await expect(row.locator('[data-test="poll-time"]')).to_contain_text("late votes for")
        await row.locator('[data-test="poll-count-now"]').click()
        await row.locator('[data-test="poll-reveal"]').click()
        await is_phase(console, "Who wins?", "revealed")
        await voters[0].sees(lambda picture: picture.polls[poll].get("tally") == [1, 2])
        await row.locator('[data-test="poll-again"]').click()
        await expect(console.find("poll-question")).to_have_value("Who wins?")


async def test_a_poll_set_for_later_waits_on_the_console_alone(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(at_desk(browser, live_server, stage))
        ann = await come(stack, live_server, stage, "ann")
        await set_for_later(live_server, stage, "In an hour?")
        row = await is_phase(console, "In an hour?", "waiting")
        await expect(row.locator('[data-test="poll-time"]')).to_contain_text("opens in ")
        await expect(row.locator('[data-test="poll-unseen"]')).to_be_visible()
        await expect(row.locator('[data-test="poll-voters"]')).to_have_text("")
        await opened(live_server, stage)
        await ann.sees(lambda picture: picture.polls)
        assert [poll["question"] for poll in ann.picture.polls.values()] == ["Who wins?"]


async def test_a_poll_is_cancelled_only_once_it_was_asked_twice(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await opened(live_server, stage)
    async with at_desk(browser, live_server, stage) as console:
        row = await is_phase(console, "Who wins?", "open")
        await row.locator('[data-test="poll-cancel"]').click()
        await row.locator('[data-test="poll-cancel-no"]').click()
        await row.locator('[data-test="poll-cancel"]').click()
        await row.locator('[data-test="poll-cancel-yes"]').click()
        await is_phase(console, "Who wins?", "cancelled")


async def test_the_audience_of_a_poll_is_shown_with_an_estimate_and_what_a_longer_grace_gains(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    live_server.make_room(stage, max_latency=600_000, guests="vote")
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(at_desk(browser, live_server, stage))
        now = int(await console.page.evaluate("window.grandstand.desk.live.now()"))
        window = {"opens_at": now - 30_000, "closes_at": now - 5000, "grace": 120_000}
        path = f"/v1/rooms/{stage}/polls"
        poll = (await live_server.produce("POST", path, {**QUIET_POLL, **window}))["id"]
        viewers = [await come(stack, live_server, stage, f"v{number}") for number in range(5)]
        for number, viewer in enumerate(viewers):
            if number < 4:
                await viewer.knows(poll)
                vote = await viewer.vote(poll, min(number, 1), at=window["closes_at"] - 100)
                assert vote["type"] == "ack"
            at = viewer.welcome["now"] - (2000 if number < 4 else 300_000)
            told = {"type": "time", "id": "t", "sent": 1, "at": at, "sync": 60}
            assert (await viewer.ask(told))["type"] == "time"
        row = await is_phase(console, "Who wins?", "counting")
        part = {
            name: row.locator(f'[data-test="{name}"]')
            for name in ("poll-seen", "poll-ended", "poll-last-in", "poll-longer", "estimate-1")
        }
        await expect(part["poll-seen"]).to_have_text("80 % have seen the question")
        await expect(part["poll-ended"]).to_have_text("80 % are past its end")
        await expect(part["poll-last-in"]).to_contain_text("99 % past its end in ")
        await expect(part["poll-longer"]).to_contain_text("more than 120 s behind")
        await expect(part["estimate-1"]).to_contain_text(re.compile(r"→ \d+–\d+ %"))
        await expect(console.find("gauge-behind")).to_have_text(re.compile(r"\d\.\d s"))
        await console.page.evaluate(AXE.read_text())
        await is_accessible(console)
        await row.locator('[data-test="poll-wait"]').click()
        await viewers[0].sees(lambda picture: picture.polls[poll]["grace"] > 290_000)
        await expect(part["poll-longer"]).to_have_count(0)


async def test_a_step_that_came_too_late_is_explained(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    poll = await opened(live_server, stage)

    async def be_too_late(route: Route) -> None:
        await live_server.produce("POST", f"/v1/rooms/{stage}/polls/{poll}/cancel")
        await route.continue_()

    async with at_desk(browser, live_server, stage) as console:
        row = await is_phase(console, "Who wins?", "open")
        await console.intercept("**/close", be_too_late)
        await row.locator('[data-test="poll-close"]').click()
        fault = row.locator('[data-test="poll-fault"]')
        await expect(fault).to_have_text("Somebody else was first. It is now: Cancelled.")


async def test_a_poll_with_faults_is_refused_at_its_fields_and_keeps_what_was_typed(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with at_desk(browser, live_server, stage) as console:
        await console.find("poll-option-0").fill("left")
        await console.find("poll-duration").fill("0")
        await console.find("poll-open").click()
        form = console.find("poll-form")
        for field in ("question", "options.1", "duration"):
            await expect(form.locator(f'[data-test="fault-{field}"]')).not_to_be_empty()
        await expect(form.locator('[data-test="fault-options.0"]')).to_be_empty()
        await expect(console.find("poll-option-0")).to_have_value("left")


# --- moderation ----------------------------------------------------------------------------------


async def test_a_poll_is_seen_in_each_language_and_goes_out_as_it_was_seen_and_corrected(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with (
        at_desk(browser, live_server, stage) as desk,
        viewing(live_server.url, stage, live_server.token("eva")) as eva,
    ):
        await desk.find("poll-question").fill("Who scored?")
        await desk.find("poll-option-0").fill("Bo")
        await desk.find("poll-option-1").fill("Well done!")
        await expect(desk.find("poll-languages")).to_have_count(0)
        await live_server.produce("PATCH", f"/v1/rooms/{stage}", {"languages": ["es", "ar"]})
        await desk.find("poll-languages").click()
        spanish = [desk.find(f"poll-text-es-{place}") for place in range(3)]
        await expect(spanish[0]).to_have_value("¿Quién marcó?")
        await expect(spanish[1]).to_have_value("")  # it has none, and is shown as it is
        await expect(desk.find("poll-by-es-0")).to_have_text("Phrase book")
        await expect(desk.find("poll-by-es-1")).to_contain_text("No translation")
        await expect(desk.find("poll-text-ar-0")).to_have_attribute("dir", "rtl")
        assert await desk.broken_rules() == []
        await spanish[2].fill("¡Bravo!")
        await expect(desk.find("poll-by-es-2")).to_have_text("Yours")

        # Another question: its words don't go out before they were looked at again.
        await desk.find("poll-question").fill("What a goal!")
        await expect(desk.find("poll-outdated-es")).to_be_visible()
        await expect(spanish[0]).to_be_disabled()
        assert await desk.broken_rules() == []
        await desk.find("poll-languages").click()
        await expect(desk.find("poll-outdated-es")).to_have_count(0)
        await expect(spanish[0]).to_have_value("Golazo!")
        await expect(spanish[2]).to_have_value("¡Bravo!")
        await eva.ask({"type": "lang", "lang": "es"})
        await desk.find("poll-open").click()
        await expect(desk.find("poll-question")).to_have_value("")
        await expect(desk.find("poll-language-es")).to_have_count(0)
        await until(lambda: any(told.get("polls") for told in told_in_own_language(eva)))
        (poll,) = next(told["polls"] for told in told_in_own_language(eva) if told.get("polls"))
        options = [option["text"] for option in poll["options"]]
        assert (poll["question"], options) == ("Golazo!", ["Bo", "¡Bravo!"])
        assert poll["by"] == "person"

        # An item of the run-down keeps them.
        await desk.find("item-add").click()
        form = desk.find("item-form")
        for field, text in (("question", "Who?"), ("option-0", "A"), ("option-1", "B")):
            await form.locator(f'[data-test="poll-{field}"]').fill(text)
        await form.locator('[data-test="poll-languages"]').click()
        await form.locator('[data-test="poll-text-es-0"]').fill("¿Y quién?")
        assert await desk.broken_rules() == []
        await form.locator('[data-test="item-save"]').click()
        await desk.find("item-edit").click()
        await expect(form.locator('[data-test="poll-text-es-0"]')).to_have_value("¿Y quién?")
        await expect(form.locator('[data-test="poll-by-es-0"]')).to_contain_text("Yours")


def told_in_own_language(viewer: Viewer) -> list[dict[str, Any]]:
    frames = [*viewer.of_type("frame"), *viewer.of_type("welcome")]
    return [frame["translations"] for frame in frames if "translations" in frame]


async def test_the_queue_is_worked_off_by_keys(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await hold(live_server, stage, "and sing", "already", "you lot", "for once")
    async with at_desk(browser, live_server, stage, role="moderator") as desk:
        await shows(desk, "held", count=4)
        first = desk.find("held").first
        await expect(first.locator('[data-test="category"]')).to_have_text("insult")
        await expect(first.locator('[data-test="reason"]')).to_contain_text("the word")
        await expect(desk.find("held-count")).to_have_text("4")

        await press(desk, "j", "j", "k")
        await expect(first).to_have_attribute("data-selected", "true")
        await press(desk, "a")
        await shows(desk, "recent", "shut up you lot and sing")
        await press(desk, "r")
        await shows(desk, "held", "shut up you lot already", 0)
        await expect(desk.find("held").first).to_have_attribute("data-selected", "true")

        await press(desk, "m")
        await shows(desk, "barred", "v2")
        await press(desk, "ArrowDown", "b")
        await expect(desk.find("ban-yes")).to_be_visible()
        await press(desk, "b")
        await expect(desk.find("barred")).to_have_count(2)
        await expect(desk.find("barred").first).to_contain_text("v3")

        async with viewing(live_server.url, stage, live_server.token("v2"), name="v2") as muted:
            assert (await muted.comment("hello"))["code"] == "muted"
            await press(desk, "u")
            await shows(desk, "barred", "v3", 0)
            await press(desk, "u")
            await shows(desk, "barred", count=0)
            await muted.told("notice", "restored")
            assert (await muted.comment("hello again"))["status"] == "accepted"
        async with viewing(live_server.url, stage, live_server.token("v3"), name="v3") as banned:
            assert (await banned.comment("back"))["status"] == "accepted"


async def test_many_are_rejected_at_once_by_author_and_by_what_they_say(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await hold(live_server, stage, "again", "again", "again and for good")
    await hold(live_server, stage, "tonight")
    async with at_desk(browser, live_server, stage, role="moderator") as desk:
        await shows(desk, "held", count=4)
        await press(desk, "j", "t")
        await shows(desk, "held", count=2)
        await shows(desk, "held", "again and for good", 1)
        await press(desk, "j", "k")
        await expect(desk.find("held").first).to_have_attribute("data-selected", "true")
        every = desk.find("held").first.locator('[data-test="rejectUser"]')
        await expect(every).to_contain_text("by this author · 1")
        await every.click()
        await shows(desk, "held", count=1)


async def test_all_of_a_category_are_rejected_at_once_and_all_that_are_old(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async def aged(route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        for comment in told["comments"]:
            comment["at"] -= 11 * 60_000
        await route.fulfill(response=answer, json=told)

    await hold(live_server, stage, "one", "two", "three")
    async with at_desk(browser, live_server, stage, role="moderator") as desk:
        await shows(desk, "held", count=3)
        await shows(desk, "rejectOld", count=0)
        await desk.page.route("**/held?*", aged)
        old = await shows(desk, "rejectOld")
        await expect(old).to_have_text("Reject 3 older than 10 minutes")
        async with desk.page.expect_request("**/held/decide") as asked:
            await old.click()
        body = (await asked.value).post_data_json
        assert body is not None
        assert body.keys() == {"decision", "before"}
        await press(desk, "j")
        await expect(desk.find("rejectCategory")).to_contain_text("for insult · 3")
        await press(desk, "c")
        await shows(desk, "held", count=0)
        await shows(desk, "rejectOld", count=0)


async def test_letters_do_nothing_while_someone_types_or_has_them_off(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await hold(live_server, stage, "and sing")
    async with at_desk(browser, live_server, stage) as console:
        await shows(console, "held")
        await press(console, "j")
        await console.find("poll-question").press_sequentially("par")
        await expect(console.find("poll-question")).to_have_value("par")
        await expect(console.find("palette")).to_have_count(0)
        await console.find("title").click()
        await press(console, "?")
        await console.find("keys-on").uncheck()
        await press(console, "Escape", "j", "a", "p")
        await expect(console.find("palette")).to_have_count(0)
        await expect(console.find("held")).to_have_count(1)


async def test_what_one_moderator_decided_leaves_the_others_desk(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await hold(live_server, stage, "and sing", "already")
    async with (
        at_desk(browser, live_server, stage, role="moderator") as one,
        at_desk(browser, live_server, stage) as other,
    ):
        await shows(one, "held", count=2)
        await shows(other, "held", count=2)
        await one.find("held").first.locator('[data-test="approve"]').click()
        await shows(other, "held", count=1)
        await shows(other, "recent", "shut up you lot and sing")
        row = await shows(other, "recent", "shut up you lot and sing")
        await row.locator('[data-test="retract"]').click()
        await shows(one, "recent", count=0)


async def test_a_decision_that_failed_puts_the_comment_back_and_says_so(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await hold(live_server, stage, "and sing")
    async with at_desk(browser, live_server, stage) as console:
        await shows(console, "held")
        await console.intercept("**/approve", refuse)
        await press(console, "j", "a")
        fault = console.find("held").locator('[data-test="comment-fault"]')
        await expect(fault).to_contain_text("Not done: The server cannot be reached")
        await console.page.unroute("**/approve")
        await console.find("approve").click()
        await shows(console, "held", count=0)
        await shows(console, "recent", "shut up you lot and sing")


async def test_the_list_stands_still_under_the_finger(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(at_desk(browser, live_server, stage))
        ann = await come(stack, live_server, stage, "ann")
        await ann.comment("the first of them")
        row = await shows(console, "recent", "the first of them")
        await row.hover()
        await ann.comment("one that comes meanwhile")
        await expect(console.find("passed")).to_contain_text("1 newer")
        await expect(console.find("recent")).to_have_count(1)
        await console.find("title").hover()
        await expect(console.find("recent")).to_have_count(2)


async def test_a_moderators_token_gives_the_moderators_desk_alone(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with at_desk(browser, live_server, stage, role="moderator") as desk:
        for absent in ("poll-form", "poll-list", "cue-form", "settings"):
            await expect(desk.find(absent)).to_have_count(0)
        await expect(desk.find("held-list")).to_be_attached()
        await expect(desk.find("shield")).to_be_disabled()
        await expect(desk.find("level")).to_be_disabled()
        await press(desk, "p")
        await expect(desk.find("palette")).to_have_count(0)


async def test_shield_and_level_reach_the_room_and_the_other_console(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with (
        at_desk(browser, live_server, stage) as one,
        at_desk(browser, live_server, stage) as other,
    ):
        await one.find("shield").check()
        await expect(other.find("shield")).to_be_checked()
        await expect(other.find("shield-lamp")).to_be_visible()
        await one.find("level").select_option("4")
        await expect(other.find("level")).to_have_value("4")
        await one.intercept(f"**/v1/rooms/{stage}", refuse)
        await one.find("shield").evaluate("one => one.click()")
        await shows(one, "unsent-one", "Shield down")
        await expect(one.find("shield")).to_be_checked()


# --- the room ------------------------------------------------------------------------------------


async def test_a_cue_is_given_now_or_for_later_and_bad_data_is_told(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(at_desk(browser, live_server, stage))
        ann = await come(stack, live_server, stage, "ann")
        await console.find("cue-name").fill("goal")
        await console.find("cue-data").fill("{not json")
        await console.find("cue-send").click()
        await expect(console.find("fault-data")).to_contain_text("not a JSON object")
        await console.find("cue-data").fill('{"team": "home"}')
        await console.find("cue-send").click()
        await expect(console.find("cue-done")).to_contain_text("goal")
        await ann.sees(lambda picture: picture.cues)
        [cue] = ann.picture.cues.values()
        assert (cue["name"], cue["data"]) == ("goal", {"team": "home"})
        await console.find("cue-in").fill("90")
        await console.find("cue-send").click()
        await shows(console, "cue", "in 1:")
        await console.find("cue-in").fill("4000")
        await console.find("cue-send").click()
        await expect(console.find("fault-at")).to_contain_text("must lie between")


async def test_a_room_is_made_entered_and_changed_with_faults_at_their_fields(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with at_desk(browser, live_server, stage) as console:
        await console.find("rooms").click()
        await console.find("new-room").fill("Not A Room")
        await console.find("create-room").click()
        await expect(console.find("fault-room")).to_contain_text("must be 1 to 64")
        await console.find("new-room").fill("made-here")
        await console.find("new-title").fill("A <new> room")
        await console.find("create-room").click()
        await expect(console.find("title")).to_have_text("A <new> room")
        await console.is_live()
        assert "room=made-here" in console.page.url

        await console.find("settings").click()
        await console.find("setting-tick").fill("1")
        await console.find("setting-stream").fill("ftp://nowhere")
        await console.find("setting-budget").fill("12")
        await console.find("setting-languages").fill("es, english")
        await console.find("save-settings").click()
        await expect(console.find("fault-tick")).to_have_text("At least 50")
        await expect(console.find("fault-stream")).not_to_be_empty()
        await expect(console.find("fault-budget")).to_be_empty()
        await expect(console.find("fault-languages")).not_to_be_empty()
        await console.find("setting-tick").fill("500")
        await console.find("setting-stream").fill("/stream/live.m3u8")
        await console.find("setting-moderation.level").select_option("3")
        await console.find("setting-selection.novelty").fill("0.5")
        await console.find("setting-transport").select_option("auto")
        await console.find("setting-sockets").fill("300")
        await console.find("setting-lang").fill("en")
        await console.find("setting-languages").fill("es, zh-Hans")
        await console.find("save-settings").click()
        await expect(console.find("settings-done")).to_have_text("Saved.")
        settings = (await live_server.produce("GET", "/v1/rooms/made-here"))["settings"]
        assert (settings["tick"], settings["budget"], settings["stream"]) == (
            *(500, 12),
            "/stream/live.m3u8",
        )
        assert (settings["transport"], settings["sockets"]) == ("auto", 300)
        assert (settings["lang"], settings["languages"]) == ("en", ["es", "zh-Hans"])
        assert settings["moderation"]["level"] == 3
        assert settings["selection"] == {"novelty": 0.5, "fairness": 1, "moment": 1, "least": 0}
        await console.find("dialog-close").click()

        await console.find("rooms").click()
        await console.find(f"room-{stage}").click()
        await expect(console.find("title")).to_have_text("The show")
        await console.page.go_back()
        await expect(console.find("title")).to_have_text("A <new> room")


async def test_a_dialog_opened_the_moment_after_another_shut_stays(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    """The first one's `close` comes later than its end, and a quick Enter may come between."""
    async with at_desk(browser, live_server, stage) as console:
        await console.find("settings").click()
        await console.find("delete-room").click()
        await expect(console.find("delete-typed")).to_be_focused()
        await console.page.evaluate(
            """async () => {
                const find = (test) => document.querySelector(`[data-test="${test}"]`);
                const first = find("delete-dialog");
                const closed = new Promise((resolve) => first.addEventListener("close", resolve));
                find("delete-no").click();
                while (first.isConnected) await null;
                find("delete-room").click();
                await closed;
                await new Promise(requestAnimationFrame);
            }"""
        )
        assert await console.find("delete-typed").count() == 1


async def test_a_room_is_deleted_by_typing_its_id_and_all_pages_tell(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await opened(live_server, stage)
    bo = await look(browser, f"{live_server.url}/?room={stage}")
    await expect(bo.poll("Who wins?")).to_be_visible()
    async with (
        at_desk(browser, live_server, stage) as console,
        at_desk(browser, live_server, stage, role="moderator") as other,
    ):
        await console.find("settings").click()
        asked, typed, yes = (console.find(f"delete-{what}") for what in ("room", "typed", "yes"))
        for how in ("Escape", "Cancel"):
            await asked.click()
            await expect(typed).to_be_focused()
            await expect(console.find("delete-dialog")).to_contain_text("cannot be undone")
            await expect(console.find("delete-viewers")).to_contain_text("3 people")
            await typed.fill(stage)
            if how == "Escape":
                await press(console, "Escape")
            else:
                await console.find("delete-no").click()
            await expect(typed).to_have_count(0)
            await expect(asked).to_be_focused()
        await press(console, "Enter")
        for wrong in ("", "The show", stage[:-1], f"{stage}x", stage.upper()):
            await typed.fill(wrong)
            await expect(yes).to_be_disabled()
            await press(console, "Enter")
        await console.page.evaluate(AXE.read_text())
        await is_accessible(console, '[data-test="delete-dialog"]')
        await typed.fill(stage)
        await expect(yes).to_be_enabled()
        await console.intercept("**/v1/rooms/*confirm=*", refuse)
        await press(console, "Enter")
        await expect(console.find("delete-fault")).to_contain_text("cannot be reached")
        assert (await live_server.produce("GET", f"/v1/rooms/{stage}"))["room"] == stage
        await console.page.unroute("**/v1/rooms/*confirm=*")
        await press(console, "Enter")
        told = console.find("deleted-which")
        await expect(told).to_have_text("“The show” has been deleted.")
        await expect(told).to_be_focused()
        await expect(console.find("new-room")).to_be_visible()
        await expect(console.find(f"room-{stage}")).to_have_count(0)
        await expect(console.find("settings-dialog")).to_have_count(0)
        await is_accessible(console)
        await expect(other.find("deleted-which")).to_contain_text("has been deleted")
        gone = await live_server.ask("GET", f"/v1/rooms/{stage}", None, live_server.producer_token)
        assert gone.status == 404
        await expect(bo.find("status")).to_have_attribute("data-phase", "ended")
        await expect(bo.find("status")).to_have_text("This room has ended")
        await expect(bo.find("note")).to_contain_text("Nothing more will come")
        await expect(bo.find("live")).to_have_text("The broadcast is over")
        await expect(bo.find("live")).to_be_disabled()
        await expect(bo.find("text")).to_be_disabled()
        await expect(bo.poll("Who wins?")).to_have_count(0)
        await console.find("new-room").fill(stage)
        await console.find("create-room").click()
        await console.is_live()
        await expect(console.find("settings-dialog")).to_have_count(0)
        await expect(bo.find("status")).to_have_attribute("data-phase", "ended")
    await leave(bo)


async def test_the_gauges_tell_how_the_room_does(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(at_desk(browser, live_server, stage))
        ann = await come(stack, live_server, stage, "ann")
        for number in range(5):
            await ann.comment(f"what a show, number {number}")
        await expect(console.find("gauge-viewers")).to_have_text("2")
        await live_server.ask("POST", f"/v1/rooms/{stage}/present")
        await expect(console.find("gauge-viewers")).to_have_text("102")
        await expect(console.find("gauges")).to_contain_text("about 100 by segments")
        await expect(console.find("gauge-people")).to_have_text("1")
        await expect(console.find("gauge-rate")).not_to_have_text("0.0")
        await expect(console.find("gauge-latency")).to_contain_text("ms")
        await expect(console.find("gauge-durability")).to_have_text("on disk")
        line = console.find("sparkline").locator("polyline")
        await expect(line).to_have_attribute("points", re.compile(r"\S \S"))
        await expect(console.find("crowd-900")).to_have_text(re.compile(r"\d"))
        await expect(console.find("crowd-plot").locator("canvas")).to_be_visible()
        now = await console.page.evaluate("window.grandstand.desk.live.now()")
        clock = await console.find("programme-clock").text_content()
        seconds = sum(
            int(part) * by for part, by in zip(str(clock).split(":"), (3600, 60, 1), strict=True)
        )
        assert abs(seconds - now / 1000 % 86_400) < 5


# --- the gate ------------------------------------------------------------------------------------


async def test_a_token_is_asked_for_and_a_bad_one_told_why(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    gate = await look(browser, f"{live_server.url}/producer?room={stage}", ready=False)
    await gate.find("gate-token").fill("not a token")
    await gate.find("gate-enter").click()
    await expect(gate.find("refused-why")).to_contain_text("not valid")
    await expect(gate.find("status")).to_have_count(0)
    for token, why in (
        (live_server.token("p", role="producer", rooms=("other",)), "not for this room"),
        (live_server.token("v"), "viewer's token"),
    ):
        await gate.find("another-token").click()
        await gate.find("gate-token").fill(token)
        await gate.find("gate-enter").click()
        await expect(gate.find("refused-why")).to_contain_text(why)
    await gate.find("another-token").click()
    await gate.find("gate-token").fill(live_server.producer_token)
    await gate.find("gate-enter").click()
    await gate.is_live()
    assert gate.faults == []
    await leave(gate)


async def test_a_room_that_is_missing_can_be_made_at_the_gate(
    browser: Browser, live_server: ServerProcess
) -> None:
    url = f"{live_server.url}/producer?room=not-yet#token={live_server.producer_token}"
    gate = await look(browser, url, ready=False)
    await gate.find("create-missing").click()
    await gate.is_live()
    await expect(gate.find("title")).to_have_text("not-yet")
    assert "token" not in gate.page.url
    await leave(gate)


# --- a bad night ---------------------------------------------------------------------------------


async def test_a_restart_loses_nothing_that_was_typed_or_done(
    browser: Browser, make_server: MakeServer
) -> None:
    server = make_server().start()
    server.make_room("gala", moderation={"level": 2})
    await opened(server, "gala", duration=3600)
    async with at_desk(browser, server, "gala") as console:
        row = await is_phase(console, "Who wins?", "open")
        server.kill()
        await expect(console.find("status")).to_have_attribute("data-phase", "lost")
        await expect(console.find("away")).to_be_visible()
        await console.find("poll-question").fill("Typed while away")
        await row.locator('[data-test="poll-close"]').click()
        await shows(console, "unsent-one", "Close: Who wins?")
        await expect(console.find("send-unsent")).to_be_disabled()
        await console.find("poll-open").click()
        await expect(console.find("poll-form-fault")).to_contain_text("cannot be reached")
        server.start()
        live = console.page.locator('[data-phase="live"]')
        await expect(live).to_be_visible(timeout=BACKOFF_MS)
        await expect(console.find("away")).to_have_count(0)
        await expect(console.find("poll-question")).to_have_value("Typed while away")
        await expect(row).to_have_attribute("data-status", "open")
        await console.find("send-unsent").click()
        await is_phase(console, "Who wins?", "closed")
        await expect(console.find("unsent")).to_have_count(0)


async def test_on_a_phone_the_panels_are_tabs_and_nothing_sticks_out(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    await opened(live_server, stage, question=LONG, options=["x" * 100, "y" * 100])
    await hold(live_server, stage, "a" * 82)
    async with at_desk(browser, live_server, stage, size=(390, 844)) as console:
        await is_phase(console, LONG, "open")
        await expect(console.find("poll-list")).to_be_visible()
        await expect(console.find("held-list")).to_be_hidden()
        await expect(console.find("tab-moderation")).to_contain_text("1")
        for tab, panel in (
            *(("moderation", "held-list"), ("room", "cue-form"), ("polls", "poll-form")),
        ):
            await console.find(f"tab-{tab}").click()
            await expect(console.find(panel)).to_be_visible()
            wide = await console.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, tab


async def test_the_consoles_are_accessible_in_both_languages(
    browser: Browser, live_server: ServerProcess, stage: str
) -> None:
    poll = await opened(live_server, stage, grace=5000)
    await opened(live_server, stage, question="And then?", show_tally="revealed")
    await set_for_later(live_server, stage, "In an hour?")
    await hold(live_server, stage, "and sing", "already")
    await live_server.produce("POST", f"/v1/rooms/{stage}/cues", {"name": "goal"})
    async with viewing(live_server.url, stage, live_server.token("ann"), name="ann") as ann:
        await ann.vote(poll, 0)
        await ann.comment("lovely")
    axe = AXE.read_text()
    for language, size in (("en-US", (1440, 900)), ("zh-CN", (390, 844))):
        async with at_desk(browser, live_server, stage, size=size, language=language) as desk:
            await shows(desk, "held", count=2)
            await press(desk, "j", "m")
            await shows(desk, "barred")
            await desk.page.evaluate(axe)
            await is_accessible(desk)
            for tab in ("moderation", "room"):
                if size[0] < 700:
                    await desk.find(f"tab-{tab}").click()
                    await is_accessible(desk)
            await press(desk, "p", "5")
            await is_accessible(desk, "dialog")
            await press(desk, "Escape")
            for dialog in ("settings", "rooms", "keys"):
                await desk.find(dialog).click()
                await expect(desk.find(f"{dialog}-dialog")).to_be_visible()
                await is_accessible(desk, "dialog")
                await press(desk, "Escape")
    gate = await look(browser, f"{live_server.url}/producer?room={stage}", ready=False)
    await expect(gate.find("gate")).to_be_visible()
    await gate.page.evaluate(axe)
    await is_accessible(gate)
    await leave(gate)


async def is_accessible(sight: Sight, part: str = "body") -> None:
    """Raises unless axe finds nothing against WCAG A and AA, and best practice."""
    found = await sight.page.evaluate(
        """async ([part, runOnly]) => (await axe.run(part, {runOnly, resultTypes: ["violations"]}))
            .violations.map(one => `${one.id}: ${one.nodes.map(node => node.html).join(" | ")}`)""",
        [part, AXE_TAGS],
    )
    assert found == []
