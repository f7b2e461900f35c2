"""The viewer's page in real browsers, as people use it and as streams and servers treat it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, WebSocketRoute, expect

from tests.pages.browsing import (
    CLIENT,
    EXPECT_MS,
    Sight,
    blank,
    look,
    watch,
)
from tests.pages.picture import on_air
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = (390, 844)
LANDSCAPE = (640, 360)
TELEVISION = (1920, 1080)
MARKUP = "<img src=x onerror=\"document.title='hacked'\"><b>bold</b>"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def stream(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The URL of a live picture; begun at once, so that one can soon be far behind it."""
    async with on_air(tmp_path_factory.mktemp("picture")) as url:
        yield url


@pytest.fixture
def server(live_server: ServerProcess, room: str) -> ServerProcess:
    """The module's server, with this test's own room."""
    live_server.make_room(room, moderation={"level": 2}, tick=50)
    return live_server


async def open_poll(server: ServerProcess, room: str, **fields: Any) -> str:
    body: dict[str, Any] = {"kind": "single", "question": "Which?", "options": ["Slow", "Loud"]}
    body |= {"duration": 120, "grace": 0, **fields}
    poll: str = (await server.produce("POST", f"/v1/rooms/{room}/polls", body))["id"]
    return poll


async def step(server: ServerProcess, room: str, poll: str, name: str) -> None:
    """A step that may have to wait until the votes are counted."""
    path = f"/v1/rooms/{room}/polls/{poll}/{name}"

    async def is_taken() -> bool:
        return (await server.ask("POST", path, {}, server.producer_token)).status != 409

    await until(is_taken)


async def lasts(stream: str, segments: int) -> None:
    """Waits until the stream has so many of its seconds."""
    async with httpx2.AsyncClient() as http:

        async def is_long_enough() -> bool:
            return (await http.get(stream)).text.count("#EXTINF") >= segments

        await until(is_long_enough)


async def waiting_comment(server: ServerProcess, room: str) -> dict[str, Any]:
    """The one that waits for a moderator, once its commit has told of it."""
    held: list[dict[str, Any]] = []

    async def is_there() -> bool:
        held[:] = (await server.produce("GET", f"/v1/rooms/{room}/held"))["comments"]
        return bool(held)

    await until(is_there)
    return held[0]


# --- what is said ---------------------------------------------------------------------------------


async def test_what_one_viewer_types_flies_by_in_the_same_lane_of_both(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    bo = await watch(browser, server, room)
    await ann.say("what a lovely evening")
    theirs = await bo.bullet("what a lovely evening")
    mine = await ann.bullet("what a lovely evening")
    await ann.is_told("accepted")
    assert (mine["id"], mine["y"]) == (theirs["id"], theirs["y"])
    assert (mine["own"], theirs["own"]) == (True, False)
    await bo.page.wait_for_function(
        "before => window.grandstand.bullets().some(({id, x}) => id === before.id && x < before.x)",
        arg=theirs,
    )
    await expect(bo.find("viewers")).to_contain_text("viewers", timeout=EXPECT_MS)
    await expect(bo.find("list")).to_contain_text("what a lovely evening", timeout=EXPECT_MS)
    await expect(bo.find("log")).to_contain_text("what a lovely evening", timeout=EXPECT_MS)
    assert ann.faults + bo.faults == []


async def test_an_insult_is_turned_away_and_only_its_author_is_told_why(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    bo = await watch(browser, server, room)
    await ann.say("you are an idiot")
    await ann.is_told("rejected")
    await expect(ann.find("own-status")).to_contain_text("Not shown")
    await ann.say("sorry, I like the show")
    await bo.bullet("sorry, I like the show")
    await bo.lacks_bullet("you are an idiot")
    await ann.lacks_bullet("you are an idiot")
    assert await bo.find("own-status").text_content() == ""


async def test_who_was_turned_away_can_ask_a_moderator_who_answers(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    await ann.say("you are an idiot")
    await ann.find("appeal").press("Enter")
    await expect(ann.find("appeal-word")).to_be_focused()
    assert await ann.broken_rules() == []
    await ann.page.keyboard.type("a quote")
    await ann.page.keyboard.press("Enter")
    await ann.is_told("held")
    await expect(ann.find("own-status")).to_contain_text("A moderator will look at it")
    await expect(ann.find("text")).to_be_focused()
    await expect(ann.find("appeal-word")).to_have_count(0)
    asked = await waiting_comment(server, room)
    assert asked["appeal"] == "a quote"
    word = {"text": f"Not to a player. {MARKUP}", "by": "tiny"}
    await server.produce("POST", f"/v1/rooms/{room}/comments/{asked['id']}/reject", word)
    await ann.is_told("rejected")
    await expect(ann.find("answer")).to_have_text(word["text"])
    await expect(ann.find("answer-by")).to_have_text("Written by a machine: tiny")
    await expect(ann.find("appeal")).to_have_count(0)  # there is none against an answer
    await ann.say("nobody likes you")
    held = await waiting_comment(server, room)
    await server.produce("POST", f"/v1/rooms/{room}/comments/{held['id']}/reject", {})
    await ann.is_told("rejected")
    await expect(ann.find("answer")).to_have_count(0)
    await ann.find("appeal").click()
    await ann.find("appeal-send").click()
    await expect(ann.find("own-status")).to_contain_text("A moderator will look at it")
    assert (await waiting_comment(server, room))["text"] == "nobody likes you"
    assert ann.faults == []


async def test_a_retracted_comment_leaves_the_stage_at_once(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    bo = await watch(browser, server, room)
    await ann.say("this will be taken back")
    bullet = await bo.bullet("this will be taken back")
    await expect(bo.find("list")).to_contain_text("taken back", timeout=EXPECT_MS)
    await server.produce("POST", f"/v1/rooms/{room}/comments/{bullet['id']}/retract", {})
    await bo.lacks_bullet("this will be taken back")
    await ann.lacks_bullet("this will be taken back")
    await ann.is_told("retracted")
    await expect(bo.find("list")).not_to_contain_text("taken back", timeout=EXPECT_MS)


async def test_a_held_comment_flies_once_a_moderator_approves_it(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    bo = await watch(browser, server, room)
    await ann.say("shut up, you lot, and play the song")
    await ann.is_told("held")
    await bo.lacks_bullet("shut up, you lot, and play the song")
    held = await waiting_comment(server, room)
    await server.produce("POST", f"/v1/rooms/{room}/comments/{held['id']}/approve", {})
    await bo.bullet("shut up, you lot, and play the song")
    await ann.is_told("approved")


async def test_a_comment_flies_as_its_author_chose_and_counts_its_characters(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room, size=PHONE)
    await ann.find("looks-open").click()
    await ann.find("mode-top").check()
    await ann.find("colour-8314111").check()
    await ann.find("text").fill("好" * 101)
    await expect(ann.find("counter")).to_have_text("-1")
    await expect(ann.find("send")).to_be_disabled()
    await ann.find("text").fill("at the top")
    await expect(ann.find("counter")).to_have_text("90")
    await ann.page.keyboard.press("Enter")
    bullet = await ann.bullet("at the top")
    stage = await ann.box("stage")
    assert bullet["y"] < stage["height"] / 3
    await ann.page.wait_for_function("() => window.grandstand.live.state.recent.length > 0")
    [shown] = await ann.page.evaluate("window.grandstand.live.state.recent")
    assert (shown["mode"], shown["color"]) == ("top", 8314111)


# --- polls ----------------------------------------------------------------------------------------


async def with_another_vote(route: Route) -> None:
    """A receipt that was changed on its way: of a vote that this viewer didn't cast."""
    answer = await route.fetch()
    receipt = await answer.json()
    await route.fulfill(response=answer, json=receipt | {"choices": [0]})


async def test_a_poll_is_opened_voted_on_closed_and_revealed(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    bo = await watch(browser, server, room, size=PHONE)
    question = "Which song shall be the encore?"
    poll = await open_poll(server, room, question=question, audit="receipts")
    await bo.page.route("**/receipt", with_another_vote)
    for viewer in (ann, bo):
        card = viewer.poll(question)
        await expect(card).to_have_attribute("data-status", "open", timeout=EXPECT_MS)
        await expect(card.locator('[data-test="poll-question"]')).to_have_text(question)
    await ann.poll(question).locator('[data-test="option-0"]').click()
    await bo.poll(question).locator('[data-test="option-1"]').click()
    for viewer in (ann, bo):
        for option in (0, 1):
            tally = viewer.poll(question).locator(f'[data-test="tally-{option}"]')
            await expect(tally).to_have_attribute("data-votes", "1", timeout=EXPECT_MS)
    state = ann.poll(question).locator('[data-test="vote-state"]')
    await expect(state).to_have_attribute("data-state", "accepted")
    await expect(ann.poll(question).locator('[data-test="option-1"]')).to_be_disabled()
    for name, status in (("close", "closed"), ("reveal", "revealed")):
        await step(server, room, poll, name)
        for viewer in (ann, bo):
            card = viewer.poll(question)
            await expect(card).to_have_attribute("data-status", status, timeout=EXPECT_MS)
    voters = bo.poll(question).locator('[data-test="poll-voters"]')
    await expect(voters).to_have_attribute("data-voters", "2")
    outcome = bo.poll(question).locator('[data-test="poll-outcome"]')
    await expect(outcome).to_have_text(re.compile("^A tie: .+, .+ with 1 vote each$"))
    assert await bo.poll(question).locator(".option.winner").count() == 2
    for viewer, found in ((ann, "counted"), (bo, "wrong")):  # each page computes it by itself
        proof = viewer.poll(question).locator('[data-test="vote-proof"]')
        await expect(proof).to_have_attribute("data-state", found, timeout=EXPECT_MS)
    await ann.find("poll-dismiss").click()
    await expect(ann.find("poll-card")).to_have_count(0)
    assert ann.faults + bo.faults == []


async def test_a_quiz_shows_its_answer_only_once_revealed(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    quiz = {"kind": "quiz", "answer": 1, "show_tally": "revealed", "by": "tiny"}
    poll = await open_poll(server, room, **quiz)
    card = ann.find("poll-card")
    await expect(card.locator('[data-test="poll-by"]')).to_have_text("Written by a machine: tiny")
    await card.locator('[data-test="option-1"]').click(timeout=EXPECT_MS)
    await expect(card.locator('[data-test="vote-state"]')).to_have_attribute(
        "data-state", "accepted", timeout=EXPECT_MS
    )
    await expect(card.locator('[data-test="tally-1"]')).to_have_attribute("data-votes", "")
    assert await card.locator(".option.right").count() == 0
    await step(server, room, poll, "close")
    await step(server, room, poll, "reveal")
    right = card.locator(".option.right")
    await expect(right).to_contain_text("Right answer", timeout=EXPECT_MS)
    await expect(right).to_contain_text("1 · 100%")


async def test_a_vote_is_cast_by_keyboard_alone_and_arrows_only_choose(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    await open_poll(server, room, question="One of them?")
    several = await open_poll(
        server, room, kind="multiple", question="Several?", options=["a", "b", "c"], max_choices=2
    )
    one = ann.poll("One of them?")
    await expect(one).to_be_visible(timeout=EXPECT_MS)
    await one.locator("input").first.focus()
    await ann.page.keyboard.press("Space")
    await ann.page.keyboard.press("ArrowDown")
    await expect(one.locator("input").nth(1)).to_be_checked()
    await ann.is_painted()
    assert await ann.page.evaluate("window.grandstand.live.unacknowledged.length") == 0
    await expect(one.locator('[data-test="vote-state"]')).to_have_attribute("data-state", "none")
    await ann.page.keyboard.press("Enter")
    await expect(one.locator('[data-test="tally-1"]')).to_have_attribute(
        "data-votes", "1", timeout=EXPECT_MS
    )
    boxes = ann.poll("Several?").locator("input")
    await boxes.nth(0).focus()
    await ann.page.keyboard.press("Space")
    await ann.page.keyboard.press("Tab")
    await ann.page.keyboard.press("Space")
    await expect(boxes.nth(2)).to_be_disabled()
    await ann.page.keyboard.press("Tab")
    await ann.page.keyboard.press("Enter")
    for option, votes in enumerate(("1", "1", "0")):
        tally = ann.poll("Several?").locator(f'[data-test="tally-{option}"]')
        await expect(tally).to_have_attribute("data-votes", votes, timeout=EXPECT_MS)
    assert several


async def test_a_vote_is_remembered_over_a_reload_and_forgotten_once_the_poll_is_cancelled(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    poll = await open_poll(server, room, show_tally="voted")
    await ann.find("option-1").click(timeout=EXPECT_MS)
    await expect(ann.find("vote-state")).to_have_attribute(
        "data-state", "accepted", timeout=EXPECT_MS
    )
    await ann.page.reload()
    await expect(ann.find("vote-state")).to_have_attribute(
        "data-state", "accepted", timeout=EXPECT_MS
    )
    await expect(ann.find("option-1")).to_contain_text("Your choice")
    await expect(ann.find("option-0")).to_be_disabled()
    await step(server, room, poll, "cancel")
    await expect(ann.find("poll-card")).to_have_attribute(
        "data-status", "cancelled", timeout=EXPECT_MS
    )
    await expect(ann.find("poll-card")).not_to_contain_text("Your choice")
    kept = await ann.page.evaluate(
        "Object.entries(sessionStorage).filter(([k]) => /votes/.test(k))"
    )
    assert [value for _, value in kept] == ["[]"]


# --- what keeps a viewer from speaking ------------------------------------------------------------


async def test_shield_mute_and_haste_close_the_composer_and_say_until_when(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    path = f"/v1/rooms/{room}"
    await server.produce("PATCH", path, {"shield": True})
    await expect(ann.find("text")).to_be_disabled(timeout=EXPECT_MS)
    await expect(ann.find("text")).to_have_attribute("placeholder", re.compile("moderators"))
    await server.produce(
        "PATCH", path, {"shield": False, "comment_interval": 60, "comment_burst": 1}
    )
    await expect(ann.find("text")).to_be_enabled(timeout=EXPECT_MS)
    await ann.say("the first one")
    await ann.is_told("accepted")
    await ann.say("too soon")
    await ann.is_told("rate_limited")
    await expect(ann.find("text")).to_have_value("too soon")
    await expect(ann.find("send")).to_be_disabled()
    await expect(ann.find("send")).to_have_text(re.compile(r"\d+"))
    me = await ann.page.evaluate("window.grandstand.live.state.viewer.id")
    await server.produce("POST", f"{path}/viewers/{me}/mute", {"duration": 90})
    await expect(ann.find("text")).to_be_disabled(timeout=EXPECT_MS)
    await ann.find("text").evaluate("field => { field.value = '' }")
    await expect(ann.find("text")).to_have_attribute("placeholder", re.compile(r"1:[0-2]\d|1:30"))
    await server.produce("POST", f"{path}/viewers/{me}/restore", {})
    await expect(ann.find("text")).to_be_enabled(timeout=EXPECT_MS)
    await ann.is_told("restored")


async def test_a_guest_who_may_only_watch_is_told_so(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"guests": "watch"})
    ann = await watch(browser, server, room)
    await expect(ann.find("text")).to_be_disabled(timeout=EXPECT_MS)
    await expect(ann.find("text")).to_have_attribute("placeholder", "You are watching")


async def test_a_banned_viewer_and_one_without_a_room_are_told_why_it_is_over(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    me = await ann.page.evaluate("window.grandstand.live.state.viewer.id")
    await server.produce("POST", f"/v1/rooms/{room}/viewers/{me}/ban", {})
    lost = await watch(browser, server, "no-such-room", ready=False, locale="zh-CN")
    for viewer, why in ((ann, "banned"), (lost, "没有这个房间")):
        status = viewer.find("status")
        await expect(status).to_have_attribute("data-phase", "ended", timeout=EXPECT_MS)
        await expect(status).to_contain_text(why)
        await expect(viewer.find("text")).to_be_disabled()
        await expect(viewer.find("text")).to_have_attribute("placeholder", re.compile(why))
    assert ann.faults + lost.faults == []


async def test_a_guest_whose_device_is_banned_is_told_so_and_what_to_do(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    me = await ann.page.evaluate("window.grandstand.live.state.viewer.id")
    await server.produce("POST", f"/v1/rooms/{room}/viewers/{me}/ban", {})
    await expect(ann.find("status")).to_have_attribute("data-phase", "ended")
    await expect(ann.find("note")).to_contain_text("tell the people who run the show")
    for locale, what, advice in (
        ("en-US", "this device is banned", "come again tomorrow"),
        ("zh-CN", "此设备已被封禁", "明天再来"),
    ):
        state = await ann.page.context.storage_state()
        again = await watch(browser, server, room, ready=False, locale=locale, storage_state=state)
        await expect(again.find("status")).to_contain_text(what)
        await expect(again.find("note")).to_contain_text(advice)
        await expect(again.find("text")).to_be_disabled()
        assert again.faults == []


async def test_each_close_code_that_is_final_has_words_of_its_own(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await blank(browser.new_page())
    codes = [1009, 3003, 3009, 3503, 4000, 4004]
    coming = iter(codes)

    async def turn_away(route: WebSocketRoute) -> None:
        await route.close(code=next(coming), reason="a reason of the server's")

    await ann.page.route_web_socket("**/live", turn_away)
    told = set()
    for _ in codes:
        await ann.page.goto(f"{server.url}/?room={room}")
        await expect(ann.find("status")).to_have_attribute("data-phase", "ended", timeout=EXPECT_MS)
        told.add(await ann.find("status").text_content())
    assert len(told) == len(codes)
    assert not any("a reason" in str(words) for words in told)


# --- the connection -------------------------------------------------------------------------------


async def test_a_viewer_whose_connection_broke_sees_it_comes_back_and_misses_nothing(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    bo = await watch(browser, server, room)
    ann = await blank((await browser.new_context(locale="en-US")).new_page())
    sockets: list[WebSocketRoute] = []

    def pass_on(route: WebSocketRoute) -> None:
        sockets.append(route)
        if len(sockets) != 2:
            route.connect_to_server()

    await ann.page.route_web_socket("**/live", pass_on)
    await ann.page.goto(f"{server.url}/?room={room}")
    await ann.is_live()
    await sockets[0].close(code=1012)
    await expect(ann.find("status")).to_have_attribute("data-phase", "lost", timeout=EXPECT_MS)
    await expect(ann.find("status")).to_contain_text("Connection lost")
    await ann.say("written while away")
    await ann.is_told("waiting")
    await bo.say("said while you were away")
    await until(lambda: len(sockets) == 2)
    await sockets[1].close(code=1012)
    await ann.is_live()
    await expect(ann.find("status")).to_have_text("Connected again")
    await ann.bullet("said while you were away")
    await bo.bullet("written while away")
    await ann.is_told("accepted")
    assert len(sockets) == 3
    assert ann.faults == []


async def test_broken_frames_and_unknown_fields_leave_the_page_as_it_is(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await blank(browser.new_page())
    sockets: list[WebSocketRoute] = []

    def pass_on(route: WebSocketRoute) -> None:
        route.connect_to_server()
        sockets.append(route)

    await ann.page.route_web_socket("**/live", pass_on)
    await ann.page.goto(f"{server.url}/?room={room}")
    await ann.is_live()
    for broken in (
        b"\xc1",
        b"\x81\xa4type",
        b"\x81\xa4type\xa5frame",
        b"\x82\xa4type\xa5frame\xa8comments\x2a",
        b"\x82\xa4type\xa5frame\xa8comments\x91\xc0",
        b"\x82\xa4type\xa5frame\xa5polls\x91\x81\xa2id\x01",
        b"\x82\xa4type\xa5frame\xa6gauges\xc0",
        b"\x82\xa4type\xa8surprise\xa1a\x01",
        "no bytes at all",
    ):
        sockets[0].send(broken)
    await ann.say("still here")
    await ann.bullet("still here")
    await expect(ann.find("status")).to_have_attribute("data-phase", "live")
    assert len(sockets) == 1
    assert ann.faults == []


async def test_nothing_piles_up_while_the_page_is_in_the_background(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    # A hidden page gets no animation frames: so does this one, until it is told that it's back.
    ann = await blank(browser.new_page())
    await ann.page.add_init_script(
        """
        const real = requestAnimationFrame;
        let held = [];
        window.hidden = false;
        window.requestAnimationFrame = act => window.hidden ? held.push(act) : real(act);
        window.comeBack = () => { window.hidden = false; for (const act of held) real(act); };
        """
    )
    await ann.page.goto(f"{server.url}/?room={room}")
    await ann.is_live()
    await ann.page.evaluate("window.hidden = true")
    async with viewing(server.url, room, server.token("crowd")) as crowd:
        await asyncio.gather(*(crowd.comment(f"comment {i}") for i in range(500)))

        async def one_has_flown_past() -> bool:
            """Not each is shown: after so many at once most are left out."""
            await crowd.comment("flown past")
            shown: bool = await ann.page.evaluate(
                """text => {
                    const {live} = window.grandstand;
                    const seen = live.state.recent.filter(one => one.at <= live.playhead());
                    return seen.some(one => one.text === text);
                }""",
                "flown past",
            )
            return shown

        await until(one_has_flown_past)
        sizes = await ann.page.evaluate("window.grandstand.field.sizes")
        assert sizes["waiting"] + sizes["flying"] == 0
        await ann.page.evaluate("window.comeBack()")

        async def flies() -> bool:
            """Not each does."""
            await crowd.comment("now you are back")
            return any(bullet["text"] == "now you are back" for bullet in await ann.bullets())

        await until(flies)
    sizes = await ann.page.evaluate("window.grandstand.field.sizes")
    assert sizes["waiting"] < 300
    assert await ann.page.locator("#list li").count() <= 40
    assert await ann.page.locator("#log p").count() <= 12
    assert ann.faults == []


# --- the picture ----------------------------------------------------------------------------------

WATCH_DUE = """() => {
    window.seen = [];
    window.grandstand.live.on("comment", ({comment}) => {
        const {live} = window.grandstand;
        window.seen.push({text: comment.text, early: comment.at - live.playhead(),
                          behind: live.now() - comment.at});
    });
}"""


async def test_a_comment_flies_over_the_frame_it_was_said_at_however_far_behind_one_watches(
    browser: Browser, server: ServerProcess, room: str, stream: str
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"stream": stream})
    await lasts(stream, 10)
    ann = await watch(browser, server, room)
    bo = await watch(browser, server, room, query="&behind=9")
    for viewer in (ann, bo):
        await expect(viewer.find("stage")).to_have_attribute(
            "data-picture", "playing", timeout=3 * EXPECT_MS
        )
        await viewer.page.wait_for_function("() => window.grandstand.live.source === 'picture'")
        await viewer.page.evaluate(WATCH_DUE)
    await ann.say("did you see that?")
    for viewer in (ann, bo):
        await viewer.page.wait_for_function("() => window.seen.length > 0")
    [near], [far] = [await viewer.page.evaluate("window.seen") for viewer in (ann, bo)]
    assert near["early"] <= 0
    assert far["early"] <= 0
    assert far["behind"] > 7000
    await expect(bo.find("live")).to_have_attribute("data-late", "true")
    await bo.find("live").click()
    await expect(bo.find("live")).to_have_attribute("data-late", "false", timeout=3 * EXPECT_MS)
    assert ann.faults + bo.faults == []


async def test_nothing_is_shown_while_the_picture_is_still_to_come(
    browser: Browser, server: ServerProcess, room: str, stream: str
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"stream": stream})
    ann = await watch(browser, server, room)
    await ann.say("said before")
    await ann.is_told("accepted")
    bo = await blank((await browser.new_context(locale="en-US")).new_page())
    held: list[Route] = []
    await bo.page.route("**/hls.min.mjs", lambda route: held.append(route))
    await bo.page.goto(f"{server.url}/?room={room}")
    await bo.is_live()
    await bo.page.evaluate(
        "new Promise(done => { let frames = 0; "
        "window.grandstand.live.on('frame', () => (frames += 1) === 20 && done()) })"
    )
    assert await bo.page.evaluate("Number.isNaN(window.grandstand.live.playhead())")
    assert await bo.bullets() == []
    await held[0].continue_()
    await bo.page.wait_for_function("() => window.grandstand.live.source === 'picture'")
    assert bo.faults == []


async def test_sound_pause_and_full_screen_are_a_press_away(
    browser: Browser, server: ServerProcess, room: str, stream: str
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"stream": stream})
    ann = await watch(browser, server, room)
    stage = ann.find("stage")
    await expect(stage).to_have_attribute("data-picture", "playing", timeout=3 * EXPECT_MS)
    video = ann.find("video")
    assert await video.evaluate("video => video.muted")
    await ann.find("sound").click()
    assert not await video.evaluate("video => video.muted")
    await ann.find("play").click()
    await expect(stage).to_have_attribute("data-picture", "paused")
    before = await ann.page.evaluate("window.grandstand.live.playhead()")
    now = await ann.page.evaluate("window.grandstand.live.now()")
    await ann.page.wait_for_function("now => window.grandstand.live.now() > now + 300", arg=now)
    assert await ann.page.evaluate("window.grandstand.live.playhead()") == before
    await ann.page.locator("h1").click()
    await ann.page.keyboard.press("Space")
    await expect(stage).to_have_attribute("data-picture", "playing", timeout=EXPECT_MS)
    await open_poll(server, room)
    await ann.find("full").click()
    await ann.page.wait_for_function("() => document.fullscreenElement !== null")
    await expect(ann.find("poll-card")).to_be_visible(timeout=3 * EXPECT_MS)
    await is_apart(ann, "stage", "poll-card")
    await ann.page.keyboard.press("c")
    await expect(ann.find("text")).to_be_focused()
    await is_apart(ann, "stage", "composer")
    await ann.page.keyboard.press("Escape")
    await ann.find("full").click()
    await ann.page.wait_for_function("() => document.fullscreenElement === null")
    assert ann.faults == []


@pytest.mark.parametrize(
    ("fault", "why"), [("no-date", "does not say"), ("date-off", "clock is off")]
)
async def test_a_stream_whose_date_is_missing_or_a_day_off_is_told_of_once_and_comments_go_on(
    browser: Browser, server: ServerProcess, room: str, stream: str, fault: str, why: str
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"stream": stream})
    ann = await blank((await browser.new_context(locale="en-US")).new_page())

    spoilt = 0

    async def spoil(route: Route) -> None:
        nonlocal spoilt
        spoilt += 1
        answer = await route.fetch()
        text = await answer.text()
        if fault == "no-date":
            text = re.sub(r"#EXT-X-PROGRAM-DATE-TIME:.*\n", "", text)
        else:
            text = re.sub(r"(#EXT-X-PROGRAM-DATE-TIME:20)\d\d", r"\g<1>21", text)
        await route.fulfill(response=answer, body=text)

    await ann.page.route("**/*.m3u8", spoil)
    await ann.page.goto(f"{server.url}/?room={room}")
    await expect(ann.find("note")).to_contain_text(why, timeout=3 * EXPECT_MS)
    await ann.find("note-close").click()
    await ann.say("I can still be read")
    await ann.bullet("I can still be read")
    assert await ann.page.evaluate("window.grandstand.live.source") == "room"
    before = spoilt
    await until(lambda: spoilt > before + 2)
    await ann.is_painted()
    await expect(ann.find("note")).to_be_hidden()
    assert ann.faults == []


async def test_a_picture_that_cannot_be_had_is_tried_again_while_comments_go_on(
    browser: Browser, server: ServerProcess, room: str, stream: str
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"stream": stream})
    ann = await blank((await browser.new_context(locale="en-US")).new_page())
    await ann.page.route("**/*.m3u8", lambda route: route.fulfill(status=404))
    await ann.page.goto(f"{server.url}/?room={room}")
    await expect(ann.find("picture-state")).to_contain_text(
        "cannot be reached", timeout=3 * EXPECT_MS
    )
    await ann.say("no picture here")
    await ann.bullet("no picture here")
    await ann.page.unroute("**/*.m3u8")
    await expect(ann.find("stage")).to_have_attribute(
        "data-picture", "playing", timeout=3 * EXPECT_MS
    )
    await ann.page.wait_for_function("() => window.grandstand.live.source === 'picture'")
    assert ann.faults == []


async def test_a_picture_that_has_ended_is_not_called_live(
    browser: Browser, server: ServerProcess, room: str, stream: str
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"stream": stream})
    ann = await watch(browser, server, room)
    await expect(ann.find("live")).to_be_enabled()

    async def end(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=await answer.text() + "#EXT-X-ENDLIST\n")

    await ann.page.route("**/*.m3u8", end)
    await expect(ann.find("stage")).to_have_attribute("data-picture", "ended")
    await expect(ann.find("live")).to_have_text("The broadcast is over")
    await expect(ann.find("live")).to_be_disabled()
    assert ann.faults == []


# --- taste and keys -------------------------------------------------------------------------------


async def test_settings_hold_at_once_and_over_a_reload(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    await ann.find("open-settings").click()
    await expect(ann.find("settings")).to_be_visible()
    await ann.find("taste-size").fill("150")
    await ann.find("area-half").check()
    await ann.find("taste-opacity").fill("50")
    await ann.page.keyboard.press("Escape")
    await expect(ann.find("settings")).to_be_hidden()
    await expect(ann.find("open-settings")).to_be_focused()
    await ann.page.reload()
    await ann.is_live()
    await ann.find("open-settings").click()
    await expect(ann.find("taste-size")).to_have_value("150")
    await expect(ann.find("area-half")).to_be_checked()
    assert await ann.page.evaluate("document.getElementById('bullets').style.opacity") == "0.5"
    await ann.find("reset").click()
    await expect(ann.find("taste-size")).to_have_value("100")
    await ann.find("close-settings").click()
    await expect(ann.find("settings")).to_be_hidden()


async def test_only_comments_worth_it_fly_for_one_who_wants_the_best_but_ones_own_always(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await blank(browser.new_page())
    await ann.page.add_init_script("localStorage.setItem('grandstand.taste', '{\"minWeight\": 9}')")
    await ann.page.goto(f"{server.url}/?room={room}")
    await ann.is_live()
    async with viewing(server.url, room, server.token("crowd")) as crowd:
        await crowd.comment("of little weight")
        await crowd.sees(lambda picture: picture.recent)
    await ann.page.wait_for_function("() => window.grandstand.live.state.recent.length > 0")
    await ann.say("of mine")
    await ann.bullet("of mine")
    await ann.lacks_bullet("of little weight")


async def test_a_browser_that_keeps_nothing_shows_the_page_all_the_same(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await blank(browser.new_page())
    await ann.page.add_init_script(
        """
        const get = () => { throw new DOMException("not here", "SecurityError"); };
        for (const name of ["localStorage", "sessionStorage"])
            Object.defineProperty(window, name, {get});
        """
    )
    await ann.page.goto(f"{server.url}/?room={room}")
    await ann.is_live()
    await ann.page.keyboard.press("d")
    await expect(ann.find("bullets-on")).to_have_attribute("data-on", "false")
    await ann.page.keyboard.press("d")
    await ann.say("kept nowhere")
    await ann.bullet("kept nowhere")
    assert ann.faults == []


async def test_keys_act_but_never_while_somebody_types(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room)
    toggle = ann.find("bullets-on")
    await ann.page.keyboard.press("d")
    await expect(toggle).to_have_attribute("data-on", "false")
    await ann.page.keyboard.press("c")
    await expect(ann.find("text")).to_be_focused()
    await ann.page.keyboard.type("d s f m l c")
    await expect(ann.find("text")).to_have_value("d s f m l c")
    await expect(toggle).to_have_attribute("data-on", "false")
    await expect(ann.find("settings")).to_be_hidden()
    await ann.page.keyboard.press("Escape")
    await expect(ann.find("text")).not_to_be_focused()
    await ann.page.keyboard.press("s")
    await expect(ann.find("settings")).to_be_visible()
    await ann.find("taste-keys").uncheck()
    await ann.page.keyboard.press("Escape")
    await ann.page.keyboard.press("d")
    await expect(toggle).to_have_attribute("data-on", "false")


async def test_who_asked_for_less_motion_gets_a_list_in_which_nothing_flies(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    ann = await watch(browser, server, room, reduced_motion="reduce")
    async with viewing(server.url, room, server.token("crowd", name="Bo")) as crowd:
        await crowd.comment("how calm this is")
        await expect(ann.find("list")).to_contain_text("how calm this is", timeout=EXPECT_MS)
    await expect(ann.find("list")).to_contain_text("Bo")
    assert await ann.bullets() == []
    await expect(ann.find("bullets-on")).to_be_hidden()


# --- bad input, and all kinds of screens ----------------------------------------------------------


async def is_apart(sight: Sight, one: str, other: str) -> None:
    """Neither covers any of the other."""
    a, b = await sight.box(one), await sight.box(other)
    beside = a["x"] + a["width"] <= b["x"] + 1 or b["x"] + b["width"] <= a["x"] + 1
    above = a["y"] + a["height"] <= b["y"] + 1 or b["y"] + b["height"] <= a["y"] + 1
    assert beside or above, f"{one} {a} and {other} {b}"


async def test_markup_in_names_questions_and_comments_is_text(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    name = (MARKUP + "x" * 100)[:100]
    await server.produce(
        "PATCH", f"/v1/rooms/{room}", {"title": MARKUP, "moderation": {"level": 0}}
    )
    token = server.token("marked", name=name)
    ann = await look(browser, f"{server.url}/?room={room}#token={token}")
    await open_poll(server, room, question=MARKUP, options=[MARKUP, "b"])
    await expect(ann.find("poll-question")).to_have_text(MARKUP, timeout=EXPECT_MS)
    await expect(ann.find("option-0")).to_contain_text(MARKUP)
    await ann.say(MARKUP)
    await ann.bullet(MARKUP)
    await expect(ann.find("list")).to_contain_text(MARKUP, timeout=EXPECT_MS)
    await expect(ann.find("log")).to_contain_text(MARKUP, timeout=EXPECT_MS)
    await expect(ann.find("title")).to_have_text(MARKUP)
    assert await ann.page.locator("main img, main b, #log img, header img").count() == 0
    assert await ann.page.title() == MARKUP
    assert "token" not in ann.page.url
    assert ann.faults == []


@pytest.mark.parametrize("size", [(360, 640), LANDSCAPE, PHONE, TELEVISION])
async def test_long_words_break_and_nothing_covers_the_picture(
    browser: Browser, server: ServerProcess, room: str, size: tuple[int, int]
) -> None:
    await server.produce("PATCH", f"/v1/rooms/{room}", {"title": "W" * 100})
    ann = await watch(browser, server, room, size=size)
    options = [f"{i:02}" + "W" * 78 for i in range(20)]
    await open_poll(server, room, question="W" * 100, options=options)
    await expect(ann.find("poll-card")).to_be_visible(timeout=EXPECT_MS)
    for part in ("composer", "poll-card"):
        await is_apart(ann, "stage", part)
    stage = await ann.box("stage")
    assert stage["height"] >= 0.25 * min(size)
    inside = await ann.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert inside
    assert await ann.find("status").evaluate("line => line.scrollWidth <= line.clientWidth")
    composer = await ann.box("composer")
    assert composer["y"] + composer["height"] <= size[1] + 1
    last = ann.find("option-19")
    await last.scroll_into_view_if_needed()
    await last.click()
    await expect(ann.find("vote-state")).to_have_attribute(
        "data-state", "accepted", timeout=EXPECT_MS
    )
    assert ann.faults == []


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
async def test_the_page_breaks_no_rule_of_accessibility(
    browser: Browser, server: ServerProcess, room: str, locale: str
) -> None:
    ann = await watch(browser, server, room, locale=locale)
    language = await ann.page.locator("html").get_attribute("lang")
    assert language == locale.partition("-")[0]
    await open_poll(server, room, kind="multiple", question="One?", options=["a", "b"])
    await open_poll(server, room, kind="prediction", question="Three?")
    rating = {"kind": "rating", "question": "Four?", "scale": 5, "duration": 120}
    await server.produce("POST", f"/v1/rooms/{room}/polls", rating)
    poll = await open_poll(server, room, kind="quiz", question="Two?", answer=0, audit="receipts")
    await ann.poll("Two?").locator('[data-test="option-0"]').click(timeout=EXPECT_MS)
    await expect(ann.poll("Two?").locator('[data-test="vote-state"]')).to_have_attribute(
        "data-state", "accepted", timeout=EXPECT_MS
    )
    await step(server, room, poll, "close")
    await step(server, room, poll, "reveal")
    await expect(ann.poll("Two?").locator(".option.right")).to_be_visible(timeout=EXPECT_MS)
    proof = ann.poll("Two?").locator('[data-test="vote-proof"]')
    await expect(proof).to_have_attribute("data-state", "counted", timeout=EXPECT_MS)
    await expect(ann.poll("Two?").locator('[data-test="leader"]')).to_have_count(1)
    for question in ("Three?", "Four?"):
        await expect(ann.poll(question)).to_be_visible()
    await ann.say("hello")
    await ann.is_told("accepted")
    await expect(ann.find("list")).to_contain_text("hello", timeout=EXPECT_MS)
    for width, height in ((1280, 900), PHONE):
        await ann.page.set_viewport_size({"width": width, "height": height})
        if await ann.find("looks").is_hidden():
            await ann.find("looks-open").click()
        assert await ann.broken_rules() == []
        await ann.find("open-settings").click()
        await expect(ann.find("settings")).to_be_visible()
        assert await ann.broken_rules() == []
        await ann.page.keyboard.press("Escape")
        await expect(ann.find("settings")).to_be_hidden()


async def test_a_browser_without_scripts_or_modules_is_told_so(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    bare = await watch(browser, server, room, ready=False, java_script_enabled=False)
    await expect(bare.page.locator(".no-script")).to_contain_text("JavaScript")
    old = await blank((await browser.new_context(locale="zh-CN")).new_page())
    await old.page.route("**/viewer/main.js", lambda route: route.abort())
    await old.page.goto(f"{server.url}/?room={room}")
    assert await old.page.locator("script[nomodule]").get_attribute("src") == "/client/nomodule.js"
    await old.page.evaluate((CLIENT / "nomodule.js").read_text("utf-8"))
    await expect(old.page.locator("[role=alert]")).to_contain_text("浏览器太旧")
