"""The run-down: put, gone through, run again; by several producers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from grandstand.domain import announcement
from grandstand.domain.rundown import ITEMS_BYTES, ITEMS_MAX, Progress

from tests.api.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="session")

Item = dict[str, Any]

POLL = {"kind": "single", "question": "Who?", "options": ["A", "B"], "duration": 60, "tag": "who"}
CARD = {"entity": "team:1", "name": "Red", "values": {"Goals": 2, "Cards": None}}
SHOW: list[Item] = [
    {"id": "hello", "kind": "note", "title": "Hello", "body": "Smile.", "expected_at": 1_000},
    {"id": "who", "kind": "poll", "title": "Who?", "body": POLL},
    {"id": "goal", "kind": "cue", "title": "Goal", "body": {"name": "goal", "data": {"by": [7]}}},
    {"id": "red", "kind": "card", "title": "Red", "body": CARD},
    {"id": "rest", "kind": "break", "title": "Advertisements"},
]


class Show:
    """A room's run-down, as calls see it."""

    def __init__(self, harness: Harness, room: str) -> None:
        self.harness = harness
        self.room = room
        self.path = f"/v1/rooms/{room}/rundown"

    async def read(self) -> Any:
        answer = await self.harness.call("GET", self.path)
        assert answer.status_code == 200
        return answer.json()

    async def put(self, items: list[Item], version: int | None = None) -> httpx2.Response:
        """Puts in the place of the present one, or of ``version``."""
        at = (await self.read())["version"] if version is None else version
        return await self.harness.call("PUT", self.path, json={"version": at, "items": items})

    async def go(self, item: str) -> httpx2.Response:
        return await self.harness.call("POST", f"{self.path}/{item}/go")

    async def reset(self, version: int, **said: Any) -> httpx2.Response:
        return await self.harness.call(
            "POST", f"{self.path}/reset", json={"version": version, **said}
        )

    async def polls(self) -> list[dict[str, Any]]:
        polls = await self.harness.call("GET", f"/v1/rooms/{self.room}/polls")
        found: list[dict[str, Any]] = polls.json()["polls"]
        return found


async def show(harness: Harness, items: list[Item] = SHOW) -> Show:
    made = Show(harness, await harness.room())
    answer = await made.put(items)
    assert answer.status_code == 200, answer.text
    return made


def statuses(rundown: Mapping[str, Any]) -> dict[str, str]:
    return {item["id"]: item["status"] for item in rundown["items"]}


def paths(answer: httpx2.Response) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {fault["path"] for fault in answer.json()["errors"]}


async def test_a_show_is_kept_in_its_order(on_stage: Harness) -> None:
    one = Show(on_stage, await on_stage.room())
    assert await one.read() == {"version": 0, "items": []}
    told = (await one.put(SHOW)).json()
    assert told == {
        "version": 1,
        "next": "hello",
        "items": [{**item, "status": "waiting"} for item in SHOW],
    }
    assert await one.read() == told
    turned = [*reversed(told["items"])]
    assert (await one.put(turned)).json() == {"version": 2, "next": "rest", "items": turned}


async def test_each_kind_does_what_it_says_and_the_one_before_is_done(on_stage: Harness) -> None:
    one = await show(on_stage)
    live = await on_stage.live(one.room)
    for item in ("hello", "who", "goal", "red"):
        told = (await one.go(item)).json()
    assert statuses(told) == {
        "hello": "done",
        "who": "done",
        "goal": "done",
        "red": "on_air",
        "rest": "waiting",
    }
    assert (told["version"], told["next"]) == (5, "rest")
    assert 0 <= live.now() - told["went_at"] < 60_000
    (poll,) = await one.polls()
    assert told["items"][1]["poll"] == poll["id"]
    assert (poll["question"], poll["tag"], poll["status"]) == ("Who?", "who", "open")
    assert poll["closes_at"] - poll["opens_at"] == 60_000
    state = live.replica.state
    assert [(cue.name, cue.data) for cue in state.cues] == [("goal", {"by": [7]})]
    (card,) = state.overlays.values()
    assert card.data["values"] == CARD["values"]
    assert card.expires_at == card.at + 20_000
    assert (await one.go("rest")).json().get("next") is None


async def test_go_again_is_ok_and_has_no_effect(on_stage: Harness) -> None:
    one = await show(on_stage)
    first = await one.go("who")
    assert (await one.go("who")).json() == first.json()
    assert (await one.go("goal")).status_code == 200
    assert (await one.go("who")).json()["items"][1]["status"] == "done"
    assert len(await one.polls()) == 1


async def test_many_at_once_go_once(on_stage: Harness) -> None:
    one = await show(on_stage)
    answers = await asyncio.gather(*(one.go("who") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["version"] for answer in answers} == {2}
    assert len(await one.polls()) == 1


async def test_an_item_that_is_not_there_is_404(on_stage: Harness) -> None:
    one = await show(on_stage)
    answer = await one.go("nobody")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_item")
    assert (await one.read())["version"] == 1


async def test_what_is_impossible_now_is_refused_and_nothing_is_marked(on_stage: Harness) -> None:
    past = {**POLL, "opens_at": 1, "closes_at": 2}
    del past["duration"]
    items: list[Item] = [
        {"id": "late", "kind": "poll", "title": "Late", "body": past},
        {"id": "cue", "kind": "cue", "title": "Cue", "body": {"name": "x", "at": 1}},
        {"id": "card", "kind": "card", "title": "Card", "body": {**CARD, "at": 1}},
    ]
    one = await show(on_stage, items)
    assert paths(await one.go("late")) == {"body.closes_at"}
    assert paths(await one.go("cue")) == paths(await one.go("card")) == {"body.at"}
    assert set(statuses(await one.read()).values()) == {"waiting"}
    assert await one.polls() == []
    assert (await one.put([{**items[0], "title": "Still late"}])).status_code == 200


async def test_what_the_room_refuses_waits_on(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcement, "MAX_CUES_AHEAD", 2)
    one = Show(on_stage, await on_stage.room())
    live = await on_stage.live(one.room)
    at = live.now() + 60_000
    cue = {"name": "later", "at": at}
    items: list[Item] = [
        {"id": f"c{number}", "kind": "cue", "title": "Later", "body": cue} for number in range(3)
    ]
    assert (await one.put(items)).status_code == 200
    answers = await asyncio.gather(*(one.go(item["id"]) for item in items))
    (refused,) = [answer for answer in answers if answer.status_code != 200]
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert list(statuses(await one.read()).values()).count("waiting") == 1


async def test_the_later_of_two_producers_is_told_the_present_one(on_stage: Harness) -> None:
    one = await show(on_stage)
    mine, others = SHOW[:2], SHOW[2:]
    assert (await one.put(others, 1)).json()["version"] == 2
    answer = await one.put(mine, 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "outdated")
    assert answer.json()["rundown"] == await one.read()
    assert [item["id"] for item in answer.json()["rundown"]["items"]] == ["goal", "red", "rest"]
    await one.go("goal")
    assert (await one.put(mine, 2)).status_code == 409


async def test_a_put_whose_answer_was_lost_may_be_made_again(on_stage: Harness) -> None:
    one = await show(on_stage)
    for _ in range(2):
        assert (await one.put(SHOW[1:], 1)).json()["version"] == 2


async def test_a_put_keeps_what_became_of_items_and_takes_nothing_off_air(
    on_stage: Harness,
) -> None:
    one = await show(on_stage)
    await one.go("hello")
    await one.go("who")
    edited = [{**item, "title": "New", "status": "waiting"} for item in reversed(SHOW)]
    told = (await one.put(edited)).json()
    assert statuses(told) == {
        "rest": "waiting",
        "red": "waiting",
        "goal": "waiting",
        "who": "on_air",
        "hello": "done",
    }
    assert "next" not in told
    gone = (await one.put([item for item in SHOW if item["id"] != "who"])).json()
    assert "on_air" not in statuses(gone).values()
    assert (await one.polls())[0]["status"] == "open"
    back = (await one.put(SHOW)).json()
    assert statuses(back)["who"] == "waiting"


async def test_a_show_is_run_again(on_stage: Harness) -> None:
    one = await show(on_stage)
    for item in ("hello", "who", "goal"):
        version = (await one.go(item)).json()["version"]
    again = (await one.reset(version, items=["goal", "nobody"])).json()
    assert statuses(again)["goal"] == "waiting"
    assert statuses(again)["who"] == "done"
    assert (await one.reset(version)).status_code == 409
    again = (await one.reset(again["version"])).json()
    assert set(statuses(again).values()) == {"waiting"}
    assert all("poll" not in item for item in again["items"])
    assert (await one.go("who")).status_code == 200
    assert len(await one.polls()) == 2


async def test_what_an_item_would_do_is_checked_when_it_is_put(on_stage: Harness) -> None:
    one = Show(on_stage, await on_stage.room())
    items: list[Item] = [
        {"id": "a", "kind": "poll", "title": "A", "body": {**POLL, "options": ["x", " "]}},
        {"id": "a", "kind": "cue", "title": "B", "body": {"name": "x", "surprise": 1}},
        {"id": "c", "kind": "card", "title": "C"},
        {"id": "d", "kind": "note", "title": "D", "body": {"a": 1}},
    ]
    assert paths(await one.put([items[0], {**items[1], "id": "b"}, *items[2:]])) == {
        "items[0].body.options[1]",
        "items[1].body.surprise",
        "items[2].body",
        "items[3].body",
    }
    assert paths(await one.put(items)) == {"items[1].id"}
    for wrong, path in (
        ({"id": "../x"}, "id"),
        ({"kind": "dance"}, "kind"),
        ({"title": " "}, "title"),
        ({"expected_at": -1}, "expected_at"),
        ({"expected_at": 2**53 - 1}, "expected_at"),  # no date, in no file and no browser
        ({"surprise": 1}, "surprise"),
        ({"body": 7}, "body"),
    ):
        assert paths(await one.put([{**SHOW[4], **wrong}])) == {f"items[0].{path}"}
    data = {"name": "x", "data": {"__proto__": 1}}
    assert paths(await one.put([{**items[1], "body": data}])) == {"items[0].body.data.__proto__"}
    assert await one.read() == {"version": 0, "items": []}


async def test_a_rundown_is_bounded(on_stage: Harness) -> None:
    one = Show(on_stage, await on_stage.room())

    def notes(count: int, text: str = "") -> list[Item]:
        return [
            {"id": f"n{number}", "kind": "note", "title": "N", "body": text}
            for number in range(count)
        ]

    assert (await one.put(notes(ITEMS_MAX))).status_code == 200
    for too_many in (ITEMS_MAX + 1, 10_000):
        answer = await one.put(notes(too_many))
        assert paths(answer) == {"items"}
        assert str(ITEMS_MAX) in answer.json()["detail"]
    too_long = await one.put(notes(ITEMS_MAX, "x" * 600))
    assert (too_long.status_code, too_long.json()["code"]) == (413, "too_long")
    assert str(ITEMS_BYTES) in too_long.json()["detail"]
    assert len((await one.read())["items"]) == ITEMS_MAX


async def test_an_item_that_was_edited_while_it_went_goes_as_it_is_now(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await show(on_stage)
    answer = await one.go("hello")  # one commit, so that the next put isn't the first
    assert answer.status_code == 200
    get, puts = one.harness.store.rundowns.get, 0

    async def and_then_another_puts(room: str) -> Any:
        nonlocal puts
        found = await get(room)
        if puts == 0:
            puts = 1
            edited = [{**SHOW[1], "body": {**POLL, "question": "Who now?"}}]
            await one.put(edited, found[2].version)
        return found

    monkeypatch.setattr(on_stage.store.rundowns, "get", and_then_another_puts)
    told = (await one.go("who")).json()
    assert told["items"][0]["status"] == "on_air"
    assert [poll["question"] for poll in await one.polls()] == ["Who now?"]


async def test_a_rundown_that_is_always_being_changed_is_no_endless_call(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await show(on_stage)
    get = one.harness.store.rundowns.get

    async def of_before(room: str) -> Any:
        progress, items, shown = await get(room)
        return Progress(progress.version - 1), items, shown

    monkeypatch.setattr(on_stage.store.rundowns, "get", of_before)
    answer = await one.go("who")
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
