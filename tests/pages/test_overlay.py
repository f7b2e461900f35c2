"""The overlay page in a real browser, as OBS shows it: over a picture, and for hours alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from tests.pages.browsing import EXPECT_MS, Sight, blank, look
from tests.server import ServerProcess
from tests.viewer import viewing

pytestmark = pytest.mark.asyncio(loop_scope="session")

FULL_HD = (1920, 1080)
SMALL = (960, 540)
MARKUP = "<img src=x onerror=\"document.title='hacked'\"><b>bold</b>"
LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
BOLT: dict[str, Any] = {"entity": "athlete:1", "name": "100 m", "values": {"speed": 1}}

WATCH_CARDS = """() => {
  window.seen = [];
  const look = () => {
    const cards = [...document.querySelectorAll('[data-test="card"]')];
    const said = cards.map((card) => card.innerText.replace(/\\s+/g, " ")).join(" | ");
    const last = window.seen.at(-1);
    if (said !== last?.said) window.seen.push({ said, at: window.grandstand.live.playhead() });
    requestAnimationFrame(look);
  };
  look();
}"""
"""Notes at which moment of the broadcast the cards on the screen changed."""

PIXEL = """async ([image, x, y]) => {
  const answer = await fetch(`data:image/png;base64,${image}`);
  const bitmap = await createImageBitmap(await answer.blob());
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return [...context.getImageData(x, y, 1, 1).data];
}"""


@pytest.fixture
def server(live_server: ServerProcess, room: str) -> ServerProcess:
    """The module's server, with this test's own room."""
    live_server.make_room(room, tick=50)
    return live_server


async def overlay(
    browser: Browser, server: ServerProcess, room: str, asked: str = "", **options: Any
) -> Sight:
    """The page, once it knows the room."""
    url = f"{server.url}/overlay/{room}{asked}"
    sight = await look(browser, url, **{"size": SMALL, "ready": False, **options})
    await knows(sight)
    return sight


async def knows(sight: Sight) -> None:
    await sight.page.wait_for_function("() => window.grandstand?.live.state", timeout=EXPECT_MS)


async def open_poll(server: ServerProcess, room: str, **fields: Any) -> str:
    body: dict[str, Any] = {"kind": "single", "question": "Who enters next?", "grace": 0}
    body |= {"options": ["The drummer", "The singer", "Nobody"], "duration": 300, **fields}
    poll: str = (await server.produce("POST", f"/v1/rooms/{room}/polls", body))["id"]
    return poll


async def vote(server: ServerProcess, room: str, poll: str, *choices: int) -> None:
    """One vote each of as many people."""
    for number, choice in enumerate(choices):
        async with viewing(server.url, room, server.token(f"voter {number}")) as voter:
            await voter.knows(poll)
            assert (await voter.vote(poll, choice))["type"] == "ack"


async def step(server: ServerProcess, room: str, poll: str, name: str, **body: Any) -> None:
    await server.produce("POST", f"/v1/rooms/{room}/polls/{poll}/{name}", body)


async def tell(server: ServerProcess, room: str, **update: Any) -> dict[str, Any]:
    """An update of a card; what became of it."""
    answer = await server.produce("POST", f"/v1/rooms/{room}/stats", {**BOLT, **update})
    result: dict[str, Any] = answer["stats"][0]
    return result


async def marks(sight: Sight) -> list[str]:
    found: list[str] = await sight.page.eval_on_selector_all(
        ".bars li", "options => options.map((option) => option.dataset.mark)"
    )
    return found


async def seen(sight: Sight) -> list[tuple[str, float]]:
    """What the cards said, and from which moment of the broadcast on."""
    return [(each["said"], each["at"]) for each in await sight.page.evaluate("window.seen")]


async def shows_card(sight: Sight, text: str) -> None:
    await expect(sight.find("card").filter(has_text=text)).to_be_visible(timeout=EXPECT_MS)


async def pixel(page: Page, helper: Page, x: int, y: int) -> list[int]:
    """Red, green, blue and alpha of the page alone, as a video mixer gets them."""
    image = base64.b64encode(await page.screenshot(omit_background=True)).decode()
    found: list[int] = await helper.evaluate(PIXEL, [image, x, y])
    return found


async def test_the_page_is_transparent_but_for_its_plates(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room, size=FULL_HD)
    helper = await browser.new_page()
    await open_poll(server, room)
    await expect(sight.find("poll")).to_be_visible(timeout=EXPECT_MS)
    box = await sight.box("poll")
    for corner in ((0, 0), (1919, 0), (0, 1079), (1919, 1079), (960, 300)):
        assert await pixel(sight.page, helper, *corner) == [0, 0, 0, 0]
    await sight.page.wait_for_function(
        "() => getComputedStyle(document.getElementById('poll')).opacity === '1'",
        timeout=EXPECT_MS,
    )
    inside = await pixel(sight.page, helper, int(box["x"]) + 60, int(box["y"]) + 12)
    assert inside[3] > 200
    assert sight.faults == []


async def test_a_poll_has_bars_and_in_the_end_a_winner_and_then_goes(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room, "?result=2")
    poll = await open_poll(server, room)
    await expect(sight.find("question")).to_have_text("Who enters next?", timeout=EXPECT_MS)
    await expect(sight.find("poll")).to_have_attribute("data-phase", "open")
    await vote(server, room, poll, 1, 1, 0)
    await expect(sight.find("tally-1")).to_have_text("67%", timeout=EXPECT_MS)
    assert await marks(sight) == ["", "", ""]
    fill = sight.page.locator(".fill").nth(1)
    assert float(await fill.evaluate("bar => bar.style.getPropertyValue('--share')")) == 2 / 3
    await step(server, room, poll, "close", grace=0)
    await expect(sight.find("poll")).to_have_attribute("data-phase", "closed", timeout=EXPECT_MS)
    assert await marks(sight) == ["other", "winner", "other"]
    await expect(sight.find("foot")).to_have_text("Result · 3 votes")
    await expect(sight.find("poll")).to_be_hidden(timeout=EXPECT_MS)
    await expect(sight.find("question")).to_have_text("Who enters next?")  # while it fades


async def test_a_poll_opens_at_its_moment_of_the_picture(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    live = await overlay(browser, server, room)
    behind = await overlay(browser, server, room, "?behind=4000")
    now = await live.page.evaluate("window.grandstand.live.now()")
    opens_at = int(now) + 1_000
    fields = {"opens_at": opens_at, "closes_at": opens_at + 60_000, "duration": None}
    body = {name: value for name, value in fields.items() if value}
    question = {"kind": "single", "question": "Now?", "options": ["yes", "no"], **body}
    await server.produce("POST", f"/v1/rooms/{room}/polls", question)
    shown = """() => {
      const on = document.getElementById("poll").dataset.on === "true";
      return on && window.grandstand.live.playhead();
    }"""
    moments = []
    for sight in (live, behind):
        found = await sight.page.wait_for_function(shown, timeout=EXPECT_MS)
        moments.append(await found.json_value())
        if sight is live:
            assert not await behind.page.evaluate(shown)
    assert min(moments) >= opens_at


async def test_a_tie_has_two_winners_and_a_hidden_tally_tells_nothing(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room)
    poll = await open_poll(server, room, show_tally="revealed")
    await expect(sight.find("poll")).to_be_visible(timeout=EXPECT_MS)
    await vote(server, room, poll, 0, 1)
    await step(server, room, poll, "close", grace=0)
    await expect(sight.find("poll")).to_have_attribute("data-phase", "closed", timeout=EXPECT_MS)
    await expect(sight.find("foot")).to_have_text("Result follows")
    await expect(sight.find("tally-0")).to_have_text("")
    assert await marks(sight) == ["", "", ""]
    await step(server, room, poll, "reveal")
    await expect(sight.find("foot")).to_have_text("A tie · 2 votes", timeout=EXPECT_MS)
    assert await marks(sight) == ["winner", "winner", "other"]


async def test_a_quizs_answer_stands_out_once_it_is_revealed(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room, "?lang=zh-CN")
    poll = await open_poll(server, room, kind="quiz", answer=2)
    await expect(sight.find("kind")).to_have_text("竞答", timeout=EXPECT_MS)
    await vote(server, room, poll, 0)
    await step(server, room, poll, "close", grace=0)
    await expect(sight.find("poll")).to_have_attribute("data-phase", "closed", timeout=EXPECT_MS)
    assert await marks(sight) == ["", "", ""]
    await step(server, room, poll, "reveal")
    await expect(sight.find("option-2")).to_have_attribute("data-mark", "right", timeout=EXPECT_MS)
    await expect(sight.find("foot")).to_have_text("答案 · 1 人投票")


async def test_a_card_comes_changes_and_goes_at_its_moments(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sights = [await overlay(browser, server, room, f"?behind={ms}") for ms in (0, 2_500)]
    for sight in sights:
        await sight.page.evaluate(WATCH_CARDS)
    at = int(await sights[0].page.evaluate("window.grandstand.live.now()"))
    updates = [(1_000, 11), (1_900, 12), (1_500, 99), (1_900, 12), (6_000, 13)]
    lines = [{**BOLT, "at": at + ms, "values": {"speed": speed}} for ms, speed in updates]
    lines[-1]["duration"] = 1
    body = "\n".join(map(json.dumps, lines)).encode()
    answer = await server.produce("POST", f"/v1/rooms/{room}/stats", body)
    fates = [each["status"] for each in answer["stats"]]
    assert fates == ["taken", "taken", "late", "repeated", "waiting"]
    for sight in sights:
        await sight.page.wait_for_function("() => window.seen.length >= 5", timeout=EXPECT_MS)
        noted = await seen(sight)
        said = ["", "100 m speed 11", "100 m speed 12", "100 m speed 13", ""]
        assert [each for each, _ in noted] == said
        moments = (at + 1_000, at + 1_900, at + 6_000, at + 7_000)
        for (_, shown_at), due_at in zip(noted[1:], moments, strict=True):
            assert shown_at >= due_at
        assert sight.faults == []


async def test_a_card_is_taken_away_at_its_moment(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room)
    await tell(server, room, duration=0)
    await shows_card(sight, "100 m")
    await sight.page.evaluate(WATCH_CARDS)
    at = int(await sight.page.evaluate("window.grandstand.live.now()")) + 800
    await tell(server, room, at=at, values=None)
    await expect(sight.find("card")).to_have_count(0, timeout=EXPECT_MS)
    assert (await seen(sight))[-1][1] >= at


async def test_who_comes_while_an_update_waits_sees_the_card_as_it_is(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    first = await overlay(browser, server, room)
    now = int(await first.page.evaluate("window.grandstand.live.now()"))
    await tell(server, room, at=now - 1_000, duration=0)
    await tell(server, room, at=now + 1_800_000, values={"speed": 2})
    second = await overlay(browser, server, room)
    for sight in (first, second):
        await expect(sight.find("card-value")).to_have_text("1", timeout=EXPECT_MS)


async def test_the_newest_cards_are_shown_each_in_its_place(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room)
    for number in range(6):
        await tell(server, room, name=f"lane {number}", duration=0)
        await expect(sight.find("card-title").filter(has_text=f"lane {number}")).to_be_attached(
            timeout=EXPECT_MS
        )
    titles = ["lane 5", "lane 4", "lane 3", "lane 2"]
    await expect(sight.find("card-title")).to_have_text(titles)
    await tell(server, room, name="lane 2", values={"speed": 7}, duration=0)
    await tell(server, room, name="lane 0", values={"speed": 7}, duration=0)
    await shows_card(sight, "7")
    await expect(sight.find("card-title")).to_have_text(titles)
    await tell(server, room, name="lane 4", values=None)
    await expect(sight.find("card-title")).to_have_text(["lane 5", "lane 3", "lane 2", "lane 1"])


async def test_what_is_asked_for_is_shown_and_nothing_else(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    await tell(server, room, duration=0)
    await open_poll(server, room)
    cards = await blank((await browser.new_context()).new_page())
    warnings: list[str] = []
    cards.page.on("console", lambda line: warnings.append(line.text))
    await cards.page.goto(f"{server.url}/overlay/{room}?show=cards,ticker")
    await shows_card(cards, "100 m")
    await expect(cards.find("poll")).to_be_hidden()
    await expect(cards.find("pulse")).to_be_hidden()
    assert [each for each in warnings if "ticker" in each] == ["Grandstand: show= knows no ticker"]

    await server.ask("POST", f"/v1/rooms/{room}/present")  # as one in a hundred without a socket do
    viewers = await overlay(browser, server, room, "?show=viewers,poll")
    await expect(viewers.find("viewers")).to_have_text("102 watching", timeout=EXPECT_MS)
    await expect(viewers.find("poll")).to_be_visible(timeout=EXPECT_MS)
    await expect(viewers.find("excitement")).to_have_count(0)
    await expect(viewers.find("card")).to_have_count(0)


async def test_a_studios_own_style_and_the_themes_take_effect(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room, "?theme=light")
    await open_poll(server, room)
    await tell(server, room, duration=0)
    await shows_card(sight, "100 m")
    colour = "plate => getComputedStyle(plate).backgroundColor"
    for test in ("poll", "card"):
        assert await sight.find(test).evaluate(colour) == "rgba(255, 255, 255, 0.94)"
    before = await sight.box("poll")
    # As OBS puts it in; a policy that forbade it would leave the page as it was.
    await sight.page.add_style_tag(
        content=":root { --plate: rgb(10, 20, 30) !important; --scale: 0.5; --safe-x: 100px; }"
    )
    for test in ("poll", "card"):
        assert await sight.find(test).evaluate(colour) == "rgb(10, 20, 30)"
    after = await sight.box("poll")
    assert after["width"] == pytest.approx(before["width"] / 2, abs=2)
    assert after["x"] == pytest.approx(100, abs=1)
    assert sight.faults == []


@pytest.mark.parametrize("size", [FULL_HD, (1280, 720), (1080, 1920)])
async def test_the_longest_words_stay_within_the_picture(
    browser: Browser, server: ServerProcess, room: str, size: tuple[int, int]
) -> None:
    sight = await overlay(browser, server, room, size=size)
    options = [f"{number} {LONG}"[:100] for number in range(20)]
    asked = f"{LONG} {LONG} {MARKUP}"
    await open_poll(server, room, question=asked, options=options, by=LONG[:100])
    values = {f"{number} {LONG}"[:40]: LONG[:60] for number in range(12)}
    for name in (LONG, MARKUP, "最长的中文标题" * 14):
        await tell(server, room, entity=f"team:{LONG}"[:100], name=name, values=values, duration=0)
    await expect(sight.find("poll")).to_be_visible(timeout=EXPECT_MS)
    await shows_card(sight, "最长")
    await sight.page.wait_for_function(  # what comes in is still on its way
        "() => document.getAnimations().every((one) => one.playState !== 'running')"
    )
    width, height = size  # a television may cut off the outer 5 %
    for test in ("poll", "card", "pulse"):
        for found in await sight.find(test).all():
            if not await found.is_visible():
                continue
            box = await found.bounding_box()
            assert box is not None
            assert box["x"] >= width * 0.05 - 1
            assert box["x"] + box["width"] <= width * 0.95 + 1
            assert box["y"] >= height * 0.05 - 1
            assert box["y"] + box["height"] <= height * 0.95 + 1
    lost = "plate => plate.scrollHeight - plate.clientHeight"
    assert await sight.find("poll").evaluate(lost) <= 1
    last = await sight.box("option-19")
    poll = await sight.box("poll")
    assert last["y"] + last["height"] <= poll["y"] + poll["height"]
    assert await sight.page.title() == "Grandstand overlay"
    assert await sight.page.locator("b, img").count() == 0


async def test_while_the_connection_is_lost_the_picture_stays(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    routed: list[WebSocketRoute] = []
    sight = await blank((await browser.new_context()).new_page())

    def pass_on(route: WebSocketRoute) -> None:
        routed.append(route)
        route.connect_to_server()

    await sight.page.route_web_socket("**/live", pass_on)
    await sight.page.goto(f"{server.url}/overlay/{room}")
    await knows(sight)
    poll = await open_poll(server, room)
    await tell(server, room, duration=0)
    await shows_card(sight, "100 m")
    await expect(sight.find("poll")).to_contain_text("%", timeout=EXPECT_MS)
    await sight.page.evaluate(
        """() => {
          window.hidden = 0;
          const poll = document.getElementById("poll");
          new MutationObserver(() => { window.hidden += poll.dataset.on !== "true"; })
            .observe(poll, { attributes: true });
        }"""
    )
    texts = await sight.page.inner_text("body")
    await routed[-1].close(code=1011, reason="lost")
    await expect(sight.page.locator("body")).to_have_attribute("data-phase", "lost")
    assert await sight.page.evaluate("window.hidden") == 0
    await shows_card(sight, "100 m")
    now = await sight.page.inner_text("body")
    assert {*now.split()} - {*texts.split()} <= {*now.split(":")} | {
        word
        for word in now.split()
        if ":" in word  # the poll's clock goes on
    }
    await vote(server, room, poll, 1)
    await expect(sight.find("tally-1")).to_have_text("100%", timeout=EXPECT_MS)
    await expect(sight.page.locator("body")).to_have_attribute("data-phase", "live")
    assert await sight.page.evaluate("window.hidden") == 0


async def test_a_room_without_guests_is_shown_to_who_brings_a_token(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    server.make_room(room, guests="none", tick=50)
    await tell(server, room, duration=0)
    nobody = await look(browser, f"{server.url}/overlay/{room}", ready=False)
    await expect(nobody.page.locator("body")).to_have_attribute(
        "data-phase", "ended", timeout=EXPECT_MS
    )
    assert (await nobody.page.inner_text("body")).strip() == ""
    token = server.token("obs", role="producer", rooms=(room,))
    sight = await overlay(browser, server, room, f"#token={token}")
    await shows_card(sight, "100 m")
    assert token not in sight.page.url


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_nothing_is_hard_to_read(
    browser: Browser, server: ServerProcess, room: str, theme: str
) -> None:
    sight = await overlay(
        browser, server, room, f"?theme={theme}", reduced_motion="reduce", color_scheme="dark"
    )
    poll = await open_poll(server, room)
    await tell(server, room, entity="team:Real Madrid", duration=0)
    await shows_card(sight, "100 m")
    await vote(server, room, poll, 1, 0, 0)
    await step(server, room, poll, "close", grace=0)
    await expect(sight.find("poll")).to_have_attribute("data-phase", "closed", timeout=EXPECT_MS)
    # Over nothing there is no contrast to tell: the worst picture for each theme.
    ground = "#fff" if theme == "dark" else "#000"
    await sight.page.add_style_tag(content=f"html {{ background: {ground} !important; }}")
    assert await sight.broken_rules() == []
    assert await sight.page.evaluate("document.getAnimations().length") == 0


async def test_a_number_that_changed_glows_and_one_that_stayed_does_not(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    sight = await overlay(browser, server, room)
    await tell(server, room, values={"speed": 1, "lane": 4}, duration=0)
    await shows_card(sight, "speed")
    await sight.page.evaluate(
        """() => {
          window.glowed = [];
          const look = () => {
            for (const one of document.getAnimations())
              if (one.effect.pseudoElement) window.glowed.push(one.effect.target.dataset.label);
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    await tell(server, room, values={"speed": 2, "lane": 4}, duration=0)
    await sight.page.wait_for_function("() => window.glowed.length > 0", timeout=EXPECT_MS)
    await shows_card(sight, "2")
    assert set(await sight.page.evaluate("window.glowed")) == {"speed"}


def telling(kind: str, data: dict[str, Any]) -> Callable[[WebSocketRoute], None]:
    """The room's socket, whose welcome tells of one overlay more."""

    def tell(route: WebSocketRoute) -> None:
        upstream = route.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            told = msgspec.msgpack.decode(message)
            if told["type"] == "welcome":
                now = told["now"]
                found = {"id": f"{kind}-1", "kind": kind, "at": now - 1, "data": data}
                told["overlays"] += [{**found, "expires_at": now + 3_600_000}]
            route.send(msgspec.msgpack.encode(told))

        upstream.on_message(pass_on)

    return tell


async def test_what_the_audience_stirs_at_is_shown_where_it_was_asked_for(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    data = {"strength": 4.2, "words": ["goal", "进球", MARKUP, "lol"], "comments": []}
    for asked, is_on in (("?show=highlight,viewers&lang=en", "true"), ("", "false")):
        sight = await blank((await browser.new_context()).new_page())
        await sight.page.route_web_socket("**/live", telling("highlight", data))
        await sight.page.goto(f"{server.url}/overlay/{room}{asked}")
        await knows(sight)
        await expect(sight.find("pulse")).to_have_attribute("data-on", "true")
        await expect(sight.find("highlight")).to_have_attribute("data-on", is_on)
        if is_on == "true":
            await expect(sight.find("highlight-words")).to_have_text(f"goal · 进球 · {MARKUP}")
            await expect(sight.find("highlight-strength")).to_have_text("×4.2")
            plate, pulse = await sight.box("highlight"), await sight.box("pulse")
            assert plate["x"] + plate["width"] < pulse["x"]
        assert sight.faults == []


async def test_a_score_and_a_sentence_keep_clear_of_a_signer_and_of_subtitles(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    match: dict[str, Any] = {"entity": "match:1", "name": "Final", "duration": 0}
    await tell(server, room, **match, values={"Real Madrid": 2, "FC Barcelona": 1})
    sight = await blank((await browser.new_context(reduced_motion="reduce")).new_page())
    await sight.page.set_viewport_size({"width": FULL_HD[0], "height": FULL_HD[1]})
    said = {"text": f"Madrid leads. {MARKUP}", "by": "tiny"}
    await sight.page.route_web_socket("**/live", telling("sentence", said))
    asked = "?show=poll,pulse,viewers,cards,score,sentence&safe=5,45,20,5&lang=en"
    await sight.page.goto(f"{server.url}/overlay/{room}{asked}")
    await expect(sight.find("score-value")).to_have_text(["2", "1"])
    await expect(sight.find("card")).to_have_count(0)
    await expect(sight.find("sentence-text")).to_have_text(said["text"])
    await expect(sight.find("sentence-by")).to_have_text("Written by a machine: tiny")
    await expect(sight.find("pulse")).to_have_attribute("data-on", "true")
    score, sentence, pulse = [await sight.box(part) for part in ("score", "sentence", "pulse")]
    for part in (score, sentence, pulse):
        assert part["x"] + part["width"] <= 0.55 * FULL_HD[0] + 1
    assert sentence["y"] + sentence["height"] <= 0.8 * FULL_HD[1] + 1
    assert pulse["y"] >= score["y"] + score["height"]
    await sight.page.add_style_tag(content="html { background: #fff !important; }")
    broken = await sight.broken_rules()  # the heading is the poll's question
    assert [rule for rule in broken if not rule.startswith("page-has-heading-one")] == []

    await tell(server, room, **match, values={"Real Madrid": 3, "FC Barcelona": 1})
    await expect(sight.find("score-value")).to_have_text(["3", "1"])
    await open_poll(server, room)
    await expect(sight.find("poll")).to_be_visible()
    await expect(sight.find("sentence")).to_be_hidden()
    poll, score = await sight.box("poll"), await sight.box("score")
    assert poll["y"] >= score["y"] + score["height"]
    assert sight.faults == []
