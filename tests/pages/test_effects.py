"""The effects desk of the console: effects are made, tried, changed, switched and deleted. And the
highlights, which effects may wait for, as marks to clip by."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Route, ViewportSize, expect

from tests.conftest import making
from tests.effects.mixer import PASSWORD, Mixer, mixer
from tests.pages.browsing import Sight, blank, look
from tests.server import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

DESK: ViewportSize = {"width": 1440, "height": 900}
LINES = """SetInputSettings {"inputName": "song", "inputSettings": {"text": "{winner}"}}

SetCurrentProgramScene {"sceneName": "encore"}"""
REQUESTS = [
    {
        "type": "SetInputSettings",
        "data": {"inputName": "song", "inputSettings": {"text": "{winner}"}},
    },
    {"type": "SetCurrentProgramScene", "data": {"sceneName": "encore"}},
]


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    with making(request.config, tmp_path_factory.mktemp("effects")) as make:
        yield make(environment={"GRANDSTAND_EFFECTS_ALLOW": "127.0.0.1"}).start()


@pytest_asyncio.fixture(loop_scope="session")
async def there() -> AsyncIterator[Mixer]:
    async with mixer() as made:
        yield made


async def at_effects(
    browser: Browser, server: ServerProcess, room: str, **options: object
) -> Sight:
    """A producer whose effects desk is open."""
    address = f"{server.url}/producer?room={room}#token={server.producer_token}"
    console = await look(browser, address, **options)  # type: ignore[arg-type]
    await console.find("effects").click()
    await expect(console.find("effects-dialog")).to_be_visible()
    return console


async def shows_firing(console: Sight, place: int, status: str, answer: str) -> Locator:
    firing = console.find("firing").nth(place)
    await expect(firing).to_have_attribute("data-status", status)
    await expect(firing).to_contain_text(answer)
    return firing


async def test_an_effect_is_made_tried_changed_switched_and_deleted(
    browser: Browser, server: ServerProcess, room: str, there: Mixer
) -> None:
    path = f"/v1/rooms/{server.make_room(room, tick=50)}/effects"
    console = await at_effects(browser, server, room)
    await expect(console.find("effects-none")).to_be_visible()
    await console.find("effect-new").click()
    for name, text in (("id", "encore"), ("title", "<b>Encore</b>"), ("tag", "song")):
        await console.find(f"effect-{name}").fill(text)
    await console.find("effect-winner").select_option("option 1")
    await console.find("effect-after").fill("1.5")
    await console.find("action-url").fill(f"ws://127.0.0.1:{there.port}")
    await console.find("action-password").fill(PASSWORD)
    await console.find("action-requests").fill(LINES)
    await console.find("effect-save").click()

    row = console.find("effect")
    await expect(row.locator("h3")).to_have_text("<b>Encore</b>")
    await expect(row).to_contain_text("tag “song” · option 2 won · 1.5 s later → OBS")
    action = {"kind": "obs", "url": f"ws://127.0.0.1:{there.port}", "requests": REQUESTS}
    assert await server.produce("GET", f"{path}/encore") == {
        "id": "encore",
        "on": {"event": "poll.closed", "tag": "song", "winner": 1},
        "then": [action],
        "title": "<b>Encore</b>",
        "enabled": True,
        "after": 1500,
    }

    await console.find("effect-test").click()
    await shows_firing(console, 0, "done", "OBS 100")
    await expect(console.find("effects-troubled")).to_have_count(0)

    await console.find("effect-edit").click()
    written = re.sub(r"(?<={)(?=\")|(?<=[\"}])(?=})", " ", LINES.replace("\n\n", "\n"))
    await expect(console.find("action-requests")).to_have_value(written)
    await expect(console.find("action-password")).to_have_value("")
    await console.find("effect-title").fill("Encore")
    await console.find("effect-save").click()
    await expect(row.locator("h3")).to_have_text("Encore")
    there.answers = [[600]] * 100
    await console.find("effect-test").click()
    await shows_firing(console, 0, "retrying", "request 1, SetInputSettings: OBS 600")
    await expect(console.find("effects-troubled")).to_contain_text("1 effect in trouble")
    there.answers.clear()
    await (await shows_firing(console, 0, "done", "attempts")).is_visible()
    await expect(console.find("effects-troubled")).to_have_count(0)
    assert len(there.got) >= 3
    assert PASSWORD not in await console.page.content()

    await console.find("effect-enabled").click()
    await expect(row).to_have_attribute("data-enabled", "false")
    assert (await server.produce("GET", f"{path}/encore"))["enabled"] is False
    await console.find("effect-remove").click()
    await console.find("effect-remove-yes").click()
    await expect(row).to_have_count(0)
    assert await server.produce("GET", path) == {"effects": []}
    assert console.faults == []


async def test_what_was_typed_stays_and_its_faults_are_at_their_fields(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    server.make_room(room, tick=50)
    console = await at_effects(browser, server, room)
    await console.find("effect-new").click()
    await console.find("action-requests").fill("StartRecord\nStopRecord {")
    await console.find("effect-save").click()
    await expect(console.find("fault-then.0.requests")).to_have_text("Line 2 can't be read")
    await console.find("action-requests").fill('StartRecord\nSet {"a": "{loser}"}')
    await console.find("effect-id").fill("A b")
    await console.find("effect-save").click()
    await expect(console.find("fault-effect")).to_contain_text("a-z")
    await console.find("effect-id").fill("a-b")
    await console.page.keyboard.press("Escape")
    await expect(console.find("effects-dialog")).to_have_count(0)
    await console.find("effects").click()
    await console.find("effect-save").click()
    await expect(console.find("fault-then.0.url")).to_be_visible()
    await console.find("action-url").fill("http://127.0.0.1")
    await console.find("effect-save").click()
    await expect(console.find("fault-then.0.url")).to_contain_text("ws or wss")
    await expect(console.find("fault-then.0.requests")).to_contain_text("Line 2: nothing is called")
    for kind, field in (
        *(
            ("http", "headers"),
            ("vmix", "functions"),
            ("caspar", "commands"),
            ("webhook", "secret"),
        ),
    ):
        await console.find("action-kind").select_option(kind)
        await expect(console.find(f"action-{field}")).to_be_visible()
    await console.find("effect-save").click()
    await expect(console.find("fault-then.0.secret")).to_have_text("is missing")
    await console.find("effect-back").click()
    await expect(console.find("effects-none")).to_be_visible()


async def test_a_poll_is_opened_with_the_tag_that_effects_know_it_by(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    path = f"/v1/rooms/{server.make_room(room, tick=50)}/polls"
    console = await look(
        browser, f"{server.url}/producer?room={room}#token={server.producer_token}"
    )
    await console.find("poll-question").fill("Next?")
    for place, text in enumerate(("Slow", "Loud")):
        await console.find(f"poll-option-{place}").fill(text)
    await console.find("poll-more").click()
    await console.find("poll-tag").fill("song")
    await console.find("poll-weights").check()
    await console.find("poll-audit").select_option("receipts")
    await console.find("poll-grace").fill("0")
    await console.find("poll-open").click()
    await console.find("poll-close").click()
    async with console.page.expect_response(f"**{path}"):  # which alone tells tags
        await console.page.reload()
    await console.find("poll-again").click()
    await console.find("poll-open").click()
    await expect(console.find("poll-row")).to_have_count(2)
    polls = (await server.produce("GET", path))["polls"]
    assert [(poll["tag"], poll["weights"]) for poll in polls] == [("song", True)] * 2


@pytest.mark.parametrize(
    ("language", "size"), [("en-US", (1280, 800)), ("zh-CN", (390, 844))], ids=["desk", "phone"]
)
async def test_the_desk_is_accessible_and_fits(
    browser: Browser, server: ServerProcess, room: str, language: str, size: tuple[int, int]
) -> None:
    path = f"/v1/rooms/{server.make_room(room, tick=50)}/effects/lights-{'x' * 50}"
    call = {"kind": "http", "method": "POST", "url": f"https://127.0.0.1/{'y' * 200}"}
    body = {"title": "W" * 100, "on": {"event": "cue", "name": "z" * 90}, "then": [call, call]}
    await server.produce("PUT", path, body)
    await server.ask("POST", f"{path}/test", {}, server.producer_token)
    console = await at_effects(browser, server, room, size=size, locale=language)
    await expect(console.find("firing")).to_have_count(2)
    await expect(console.find("effects-troubled")).to_be_attached()
    for openers in (["effect-remove"], ["effect-edit", "effect-templates"]):
        for opener in openers:
            await console.find(opener).first.click()
        assert await console.broken_rules() == []
        dialog = console.find("effects-dialog")
        wide, room_for = await dialog.evaluate("one => [one.scrollWidth, one.clientWidth]")
        assert wide <= room_for
        if openers == ["effect-remove"]:
            await dialog.locator(".asking button").last.click()


async def delete_first_mark(console: Sight) -> None:
    """Delete one of two marks with keys: it leaves at once, and for good."""
    deletes = console.find("highlight-delete")
    keys = console.page.keyboard
    await console.page.route("**/highlights/b", lambda route: route.abort(), times=1)
    await deletes.first.focus()
    await keys.press("Enter")
    await expect(console.find("highlight-delete-no")).to_be_focused()
    assert await console.broken_rules() == []
    await keys.press("Escape")
    await expect(deletes.first).to_be_focused()
    for fault in (re.compile("."), ""):  # the server is away at first, then it knows of none
        await keys.press("Enter")
        await keys.press("Shift+Tab")
        await keys.press("Enter")
        await expect(console.find("highlight-fault")).to_have_text(fault)
        if fault:
            await console.find("highlight-delete-no").press("Enter")
    await expect(console.find("highlight")).to_have_text(["14:13:20热闹的一刻×3删除"])
    await expect(deletes).to_be_focused()


async def test_highlights_are_an_effects_occasion_and_marks_to_clip_by(
    browser: Browser, server: ServerProcess, room: str
) -> None:
    server.make_room(room, guests="none", tick=50)
    begin = 1_790_000_000_000
    marks = [
        {"id": "b", "from": begin + 60_000, "until": 1, "strength": 4.2, "words": ["goal"]},
        {"id": "a", "from": begin, "until": 1, "strength": 3, "words": []},
    ]
    asked: list[str] = []

    async def tell(route: Route) -> None:
        if "format=" not in route.request.url:
            return await route.fulfill(json={"highlights": marks, "heat": []})
        asked.append(route.request.url.partition("?")[2])
        await route.continue_()

    opened = browser.new_context(locale="zh-CN", timezone_id="UTC", viewport=DESK)
    console = await blank((await opened).new_page())
    await console.page.route("**/v1/**/highlights*", tell)
    await console.page.goto(f"{server.url}/producer?room={room}#token={server.producer_token}")
    await expect(console.find("highlight")).to_have_text(
        ["14:14:20goal×4.2删除", "14:13:20热闹的一刻×3删除"]
    )
    await console.find("highlight-clips").click()
    await console.find("clips-handles").fill("8")
    async with console.page.expect_download() as saved:
        await console.find("clips-edl").click()
    assert (await saved.value).suggested_filename == f"{room}.edl"
    text = (await (await saved.value).path()).read_text()
    assert text.startswith("TITLE: ")
    start = begin - 8000
    assert asked == [f"format=edl&handles=8&rate=25&least=0&from={start}&start={start}"]
    await delete_first_mark(console)

    await console.find("effects").click()
    await console.find("effect-new").click()
    await console.find("effect-event").select_option("highlight")
    await expect(console.find("effect-tag")).to_have_count(0)
    await expect(console.find("effect-name")).to_have_count(0)
    await console.find("effect-id").fill("stir")
    await console.find("action-url").fill("ws://127.0.0.1:1")
    await console.find("action-requests").fill("SaveReplayBuffer")
    await console.find("effect-save").click()
    await expect(console.find("effect")).to_contain_text("全场热议")
    effect = await server.produce("GET", f"/v1/rooms/{room}/effects/stir")
    assert effect["on"] == {"event": "highlight"}
    assert console.faults == []
