"""The model in the control room: what it suggests, what people do with it, and its switches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from grandstand.store.store import open_store
from grandstand.wire.highlights import Highlight
from playwright.async_api import Browser, Locator, expect

from tests.conftest import making
from tests.pages.browsing import Sight, leave, look
from tests.server import ServerProcess
from tests.translation.services import Service, service
from tests.valkey import valkey
from tests.viewer import viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK, PHONE = (1440, 900), (390, 844)
QUESTION = {"question": "Who scores next?", "options": ["Nine", "<b>Another</b>"]}
TOPIC = "Viewers cheer the goal."
INSULT = "you are an idiot"
PEAK = "Viewers cheer a goal after the penalty."
ANSWER = "Your comment was taken for an insult. A person looks at it now."
TOO_WIDE = """() => {
  const all = [...document.querySelectorAll("dialog[open], main")];
  return all.filter((one) => one.scrollWidth > innerWidth).map((one) => one.className);
}"""


def think(data: dict[str, Any]) -> object:
    """What the model says to each feature's data."""
    if "run_down" in data:
        return {"questions": [{**QUESTION, "comments": [1], "run_down": [1]}]}
    if "category" in data:
        return {"text": ANSWER, "words": [1]}
    if "cues" in data:
        return {"text": PEAK, "comments": [1], "cues": [1], "stats": []}
    return {"topics": [{"text": TOPIC, "comments": [1]}]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[Service]:
    async with service() as there:
        yield there


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def store_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    store_url: str,
    model: Service,
) -> AsyncIterator[ServerProcess]:
    """A server with a model that suggests."""
    environment = {
        "GRANDSTAND_ASSISTANT": f"openai:{model.url}/v1#tiny",
        "GRANDSTAND_ASSISTANT_PRICE": "1000000",
        "GRANDSTAND_TRANSLATION_PRICE": "20",
        "GRANDSTAND_TRANSLATION_CHARS_PER_SHOW": "1000",
    }
    with making(request.config, tmp_path_factory.mktemp("assistant")) as make:
        made = make(redis_url=store_url, environment=environment)
        yield await asyncio.to_thread(made.start)


async def set_scene(server: ServerProcess, store_url: str, room: str) -> None:
    """A room where viewers cheered a goal, which is a highlight, and one of them appeals."""
    settings = {"moderation": {"level": 2}, "selection": {"novelty": 0}}
    server.make_room(room, tick=50, lang="en", **settings)
    items = [{"id": "a", "kind": "note", "title": "The second half"}]
    await server.produce("PUT", f"/v1/rooms/{room}/rundown", {"version": 0, "items": items})
    await server.produce("POST", f"/v1/rooms/{room}/cues", {"name": "penalty"})
    said = {"ann": "what a goal!", "bo": "what a goal!", "cy": "<i>wow</i>", "di": INSULT}
    for name, text in said.items():
        async with viewing(server.url, room, server.token(name), name=name) as one:
            answer = await one.ask({"type": "comment", "id": name, "text": text})
            if text == INSULT:
                assert answer["code"] == "rejected"
                await one.ask({"type": "appeal", "message": name, "text": "It is a quote"})
    now = (await server.produce("GET", f"/v1/rooms/{room}"))["now"]
    begin = now // 60_000 * 60_000 - 5000  # the list ends with the last minute that is over
    stirred = Highlight(4.2, ["goal"], [], begin, begin, begin + 110_000, id="highlight-a")
    store = await open_store(store_url)
    try:
        assert await store.highlights.keep(room, 0, b"", {}, [stirred], 0)
        await store.translations.keep(room, "es", {}, 1500, 0)
    finally:
        await store.close()


async def at_desk(browser: Browser, server: ServerProcess, room: str, **options: Any) -> Sight:
    address = f"{server.url}/producer?room={room}#token={server.producer_token}"
    return await look(browser, address, **options)


async def suggested(console: Sight, feature: str) -> Locator:
    """Ask the model, and wait for what it suggests, which must be marked as its own."""
    async with console.page.expect_response(f"**/assistant/{feature}") as told:
        await console.find(f"ask-{feature}").click()
    name = (await (await told.value).json())["id"]
    found = console.find(f"suggested-{feature}")
    await expect(found).to_have_attribute("data-id", name)  # in the place of those before
    await expect(found.locator('[data-test="made-by"]')).to_contain_text("tiny")
    return found


async def use_a_question(console: Sight) -> None:
    """Let the model suggest questions, and put the one that it suggests into the form."""
    found = await suggested(console, "poll-questions")
    await expect(found.locator("h3")).to_have_text(QUESTION["question"])
    await expect(found.locator(".options li")).to_have_text(QUESTION["options"])
    basis = found.locator('[data-test="basis"]')
    await expect(basis.nth(0)).to_contain_text("The second half")
    await expect(basis.nth(1)).to_contain_text("what a goal!")
    await expect(basis.nth(1)).to_contain_text("×2")
    await console.find("use-question").press("Enter")
    form = console.find("poll-form")
    await expect(form.locator('[data-test="made-by"]')).to_contain_text("tiny")
    await expect(console.find("poll-question")).to_be_focused()
    await expect(console.find("poll-option-1")).to_have_value("<b>Another</b>")


async def became(server: ServerProcess, room: str, feature: str, *counts: int) -> None:
    """Wait until so many suggestions were sent as they were, changed, dismissed."""

    async def is_so() -> bool:
        found = (await server.produce("GET", f"/v1/rooms/{room}/assistant"))["features"]
        one = next(each for each in found if each["feature"] == feature)
        return tuple(one.get(name, 0) for name in ("sent", "changed", "dismissed")) == counts

    await until(is_so)


async def questions_are_sent_changed_and_dismissed(
    console: Sight, server: ServerProcess, room: str
) -> None:
    await use_a_question(console)
    await console.find("poll-open").click()
    opened = console.poll("Who scores next?").locator('[data-test="made-by"]')
    await expect(opened).to_contain_text("tiny")
    await expect(console.find("poll-form").locator('[data-test="made-by"]')).to_have_count(0)
    await became(server, room, "poll-questions", 1, 0, 0)
    await console.find("use-question").click()  # of those that came together the first one counts
    await expect(console.find("poll-question")).to_have_value("Who scores next?")
    await console.find("poll-question").fill("And then?")
    await console.find("poll-open").click()
    await expect(console.poll("And then?")).to_have_count(1)
    await expect(console.poll("And then?").locator('[data-test="made-by"]')).to_have_count(0)
    await expect(console.find("said")).to_have_text("On air: And then?")
    await use_a_question(console)
    await console.find("poll-question").fill("Who scores the next goal?")
    await console.find("poll-open").click()
    await became(server, room, "poll-questions", 1, 1, 0)
    await suggested(console, "poll-questions")
    await console.find("dismiss-poll-questions").press("Enter")
    await expect(console.find("suggested-poll-questions")).to_have_count(0)
    await expect(console.find("ask-poll-questions")).to_be_focused()
    await became(server, room, "poll-questions", 1, 1, 1)


async def an_answer_is_changed_and_goes_out_with_the_decision(
    console: Sight, server: ServerProcess, room: str
) -> None:
    await expect(console.find("appeal")).to_contain_text("Its author says: “It is a quote”")
    await console.find("held").locator(".said-text").click()
    found = await suggested(console, "appeal")
    await expect(found.locator('[data-test="decision"]')).to_contain_text("taken for insult")
    await expect(found.locator('[data-test="decision"] .mark')).to_have_text(["idiot"])
    await expect(found.locator('[data-test="draft"]')).to_have_text(ANSWER)
    await found.locator('[data-test="use-draft"]').click()
    await expect(console.find("answer")).to_have_value(ANSWER)
    by = console.find("held").locator('.answering + [data-test="made-by"]')
    await expect(by).to_contain_text("tiny")
    await console.find("answer").fill(f"Hello. {ANSWER}")
    await expect(by).to_have_count(0)
    assert await console.broken_rules() == []
    async with console.page.expect_request("**/reject") as sent:
        await console.find("reject").click()
    assert (await sent.value).post_data_json == {"text": f"Hello. {ANSWER}"}
    await expect(console.find("held")).to_have_count(0)
    await became(server, room, "appeal", 0, 1, 0)


async def each_switch_acts(console: Sight, server: ServerProcess, room: str) -> None:
    await console.find("settings").click()
    state = console.find("assistant-state")
    await expect(state).to_contain_text("tiny suggests")
    await expect(console.find("figures-poll-questions")).to_have_text(
        "asked 4 · sent as it was 1 · changed 1 · dismissed 2"
    )
    await expect(console.find("assistant-spent")).to_contain_text("Cost: ")
    await expect(console.find("sent-es")).to_have_text(
        "Spanish: 1,500 of 1,000 characters · Cost: 0.03 · used up: originals are shown"
    )
    await console.find("switch-poll-questions").click()
    await expect(console.find("ask-poll-questions")).to_have_count(0)
    await expect(console.find("ask-summary")).to_have_count(1)
    settings = (await server.produce("GET", f"/v1/rooms/{room}"))["settings"]
    assert settings["assistant"]["poll-questions"] is False
    await console.find("assistant-off").press("Enter")
    await expect(console.find("assistant-off-no")).to_be_focused()
    assert await console.broken_rules() == []
    await console.find("assistant-off-yes").click()
    await expect(state).to_contain_text("off: it is switched off in all rooms (since ")
    for test in ("assistant", "ask-peak", "ask-appeal"):
        await expect(console.find(test)).to_have_count(0)
    await expect(console.find("assistant-on")).to_be_focused()
    await console.page.keyboard.press("Enter")
    await expect(state).to_contain_text("tiny suggests")
    await console.page.keyboard.press("Escape")
    await expect(console.find("ask-summary")).to_be_visible()


async def test_a_model_suggests_and_a_person_decides(
    browser: Browser, server: ServerProcess, store_url: str, room: str, model: Service
) -> None:
    model.thinks = think
    await set_scene(server, store_url, room)
    console = await at_desk(browser, server, room, size=DESK)
    await questions_are_sent_changed_and_dismissed(console, server, room)
    await suggested(console, "poll-questions")
    topics = await suggested(console, "summary")
    await expect(topics.locator('[data-test="topic-count"]')).to_have_text("2 comments")
    await expect(topics.locator('[data-test="counted"]')).to_contain_text("3 comments from")
    peak = await suggested(console, "peak")
    await expect(peak.locator('[data-kind="cue"]')).to_contain_text("penalty")
    await expect(peak.locator('[data-kind="comment"]')).to_contain_text("what a goal!")
    await an_answer_is_changed_and_goes_out_with_the_decision(console, server, room)
    assert await console.broken_rules() == []
    await console.find("dismiss-poll-questions").click()
    await became(server, room, "poll-questions", 1, 1, 2)
    await each_switch_acts(console, server, room)
    assert console.faults == []


async def test_on_a_phone_in_chinese_it_fits_and_a_failure_is_said(
    browser: Browser, server: ServerProcess, store_url: str, room: str, model: Service
) -> None:
    await set_scene(server, store_url, room)
    console = await at_desk(browser, server, room, size=PHONE, locale="zh-CN")
    model.thinks = lambda data: {"topics": [{"text": "观众为进球欢呼。", "comments": [1]}]}
    topics = await suggested(console, "summary")
    await expect(topics).to_contain_text("由模型生成：tiny")
    await expect(console.find("fault-poll-questions")).to_have_count(0)
    await console.find("ask-poll-questions").click()
    await expect(console.find("fault-poll-questions")).to_contain_text("isn't JSON of the form")
    for opener in ("tab-moderation", "tab-room", "tab-polls", "settings"):
        await console.find(opener).click()
        assert await console.broken_rules() == []
        assert await console.page.evaluate(TOO_WIDE) == []


async def test_without_a_model_there_is_one_line_in_the_settings(
    browser: Browser, live_server: ServerProcess, room: str
) -> None:
    live_server.make_room(room, tick=50)
    console = await at_desk(browser, live_server, room)
    await console.find("settings").click()
    await expect(console.find("no-assistant")).to_contain_text("No model is set up")
    await expect(console.find("assistant-settings")).to_have_count(0)
    await console.page.keyboard.press("Escape")
    await expect(console.find("assistant")).to_have_count(0)
    await leave(console)
