"""A feed that stays open: what is right is taken, what is wrong is told."""

from __future__ import annotations

import asyncio
import codecs
import json
from typing import Any

import pytest
from grandstand.api import stats_feed as module
from grandstand.api.routes import routes
from grandstand.domain.events import ControlEvent
from grandstand.domain.outcome import Refused, Result
from grandstand.overlays import stats_cards
from grandstand.replica.room import LiveRoom
from grandstand.store.errors import StoreUnavailable
from starlette.applications import Starlette

from tests.api.harness import Harness
from tests.waiting import patience, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Feed:
    """A request whose body a test writes, and what it was answered."""

    def __init__(self, harness: Harness, room: str, **headers: str) -> None:
        self._parts: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.status = 0
        self.told = b""
        self.reads, self.is_sent_to = asyncio.Event(), False
        self.reads.set()
        self.token = harness.token()
        sent = {"authorization": f"Bearer {self.token}", **headers}
        scope = {
            "type": "http",
            "method": "POST",
            "path": f"/v1/rooms/{room}/stats",
            "raw_path": b"",
            "root_path": "",
            "scheme": "http",
            "query_string": b"stream=true",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("192.0.2.1", 1),
        }
        app = Starlette(routes=routes(harness.api))
        self.task = asyncio.create_task(app(scope, self._parts.get, self._send))

    async def _send(self, message: Any) -> None:
        self.is_sent_to = True
        await self.reads.wait()
        self.is_sent_to = False
        self.status = message.get("status", self.status)
        self.told += message.get("body", b"")

    def say(self, *lines: Any, end: bool = False) -> None:
        texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        body = b"".join(text + b"\n" for text in texts)
        self._parts.put_nowait({"type": "http.request", "body": body, "more_body": not end})

    def say_raw(self, part: bytes) -> None:
        self._parts.put_nowait({"type": "http.request", "body": part, "more_body": True})

    def leave(self) -> None:
        self._parts.put_nowait({"type": "http.disconnect"})

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.told.splitlines()]

    async def ended(self) -> dict[str, Any]:
        async with patience():
            await self.task
        last = self.reports[-1]
        assert last["end"] is True
        return last


def update(entity: str, **fields: Any) -> dict[str, Any]:
    return {"entity": entity, "name": "A", "audience": "followers", "values": {"v": 1}, **fields}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPORT_S", 0.01)


async def test_lines_are_taken_as_they_come_and_wrong_ones_are_told(
    on_stage: Harness, hasty: None
) -> None:
    room = await on_stage.room()
    live = await on_stage.live(room)
    feed = Feed(on_stage, room)
    feed.say_raw(codecs.BOM_UTF8)
    feed.say(update("a:1", at=live.now()))
    await until(lambda: "a:1" in live.entities)
    assert not feed.task.done()
    wrong = [b"no JSON", {"entity": "a:2"}, update("a:2", at=1), b"x" * 70_000, b'{"v":NaN}']
    feed.say(*wrong, b"", update("a:3", values={"v": {"value": "9.86", "unit": "s"}}))
    await until(lambda: "a:3" in live.entities)
    await until(lambda: sum(len(each.get("errors", ())) for each in feed.reports) >= 6)
    whole = json.dumps(update("a:4")).encode()
    feed.say_raw(whole[:7])
    feed.say_raw(whole[7:])
    feed.say(end=True)
    last = await feed.ended()
    assert {name: last[name] for name in ("taken", "refused")} == {"taken": 3, "refused": 5}
    assert "a:4" in live.entities
    assert "why" not in last
    faults = {fault["path"] for each in feed.reports for fault in each.get("errors", ())}
    assert faults >= {"line 2", "line 3.name", "line 3.values", "line 4.at", "line 5", "line 6"}
    assert on_stage.api.stats_feeds == {}


@pytest.mark.parametrize(("line", "sum_of"), [(update("a:1"), "lines"), (b"no JSON", "refused")])
async def test_a_feed_that_says_too_much_right_or_wrong_is_slowed_down_and_told_so(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch, line: Any, sum_of: str
) -> None:
    monkeypatch.setattr(module, "BURST", 0)
    monkeypatch.setattr(module, "WAITING_BYTES", 2500)
    monkeypatch.setattr(module, "UPDATES_S", 200)
    room = await on_stage.room()
    feed = Feed(on_stage, room)
    feed.say(*[line] * 50, end=True)
    last = await feed.ended()
    assert last[sum_of] == 50
    assert last["slowed"] >= 100


async def test_few_bytes_wait(
    on_stage: Harness, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_REPORT_S", 0)
    monkeypatch.setattr(module, "WAITING_BYTES", 5000)
    monkeypatch.setattr(module, "BURST", 0)
    monkeypatch.setattr(module, "UPDATES_S", 0.001)
    room = await on_stage.room()
    feed = Feed(on_stage, room)
    feed.say(update("a:1"))
    await until(lambda: feed.reports and "slowed" in feed.reports[-1])
    feed.say(*[b"x" * 999] * 50)
    told = len(feed.reports)
    await until(lambda: len(feed.reports) >= told + 2)
    assert feed.reports[-1]["lines"] == 7
    with monkeypatch.context() as leaving:
        leaving.setattr(on_stage.api, "draining", True)
        await feed.ended()


async def test_a_feed_ends_when_its_token_is_revoked(on_stage: Harness, hasty: None) -> None:
    room = await on_stage.room()
    feed = Feed(on_stage, room)
    await until(lambda: feed.status)
    revoked = {"jti": on_stage.tokens.identify(feed.token).token_id}
    await on_stage.call("POST", "/v1/revocations", json=revoked)
    assert "revoked" in (await feed.ended())["why"]


async def test_a_room_in_which_too_many_cards_wait_holds_up_these_alone(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    room = await on_stage.room()
    live = await on_stage.live(room)
    results: list[Result] = []
    submit = LiveRoom.submit

    async def noted(live: LiveRoom, event: ControlEvent) -> Result:
        results.append(await submit(live, event))
        return results[-1]

    card = update("b:1", audience="everyone", at=live.now() + 60_000)
    monkeypatch.setattr(LiveRoom, "submit", noted)
    with monkeypatch.context() as few:
        few.setattr(stats_cards, "MAX_WAITING", 0)
        few.setattr(module, "OVERLOADED_TRIES", 10_000)
        feed = Feed(on_stage, room)
        feed.say(card, update("a:1"))
        await until(lambda: any(isinstance(each, Refused) for each in results))
        assert "a:1" in live.entities
    feed.say(end=True)
    last = await feed.ended()
    assert (last["taken"], last["waiting"], last.get("refused", 0)) == (1, 1, 0)
    monkeypatch.setattr(stats_cards, "MAX_WAITING", 0)
    monkeypatch.setattr(module, "OVERLOADED_TRIES", 2)
    feed = Feed(on_stage, room)
    feed.say({**card, "entity": "b:2"}, end=True)
    last = await feed.ended()
    assert last["refused"] == 1
    assert "would wait" in last["errors"][0]["message"]


async def test_an_update_that_is_given_again_has_the_moment_that_it_had(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    room = await on_stage.room()
    submit = LiveRoom.submit

    async def applied_but_cut(live: LiveRoom, event: ControlEvent) -> Result:
        await submit(live, event)
        monkeypatch.setattr(LiveRoom, "submit", submit)
        raise StoreUnavailable("cut")

    monkeypatch.setattr(LiveRoom, "submit", applied_but_cut)
    feed = Feed(on_stage, room)
    feed.say(update("a:1"), end=True)
    last = await feed.ended()
    assert (last.get("taken", 0), last["repeated"]) == (0, 1)


async def test_who_reads_no_report_holds_up_neither_the_end_nor_a_place(
    on_stage: Harness, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET_REPORT_S", 0)
    monkeypatch.setattr(module, "LAST_SEND_S", 0.01)
    room = await on_stage.room()
    feed = Feed(on_stage, room)
    await until(lambda: feed.reports)
    feed.reads.clear()
    await until(lambda: feed.is_sent_to)
    with monkeypatch.context() as leaving:
        leaving.setattr(on_stage.api, "draining", True)
        async with patience():
            await feed.task
    assert on_stage.api.stats_feeds == {}


async def test_a_feed_that_stops_is_ended_and_one_that_left_is_forgotten(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_stage.room()
    feed = Feed(on_stage, room)
    feed.say(update("a:1"))
    feed.leave()
    async with patience():
        await feed.task
    assert on_stage.api.stats_feeds == {}
    monkeypatch.setattr(module, "SILENT_S", 0.01)
    assert "nothing came" in (await Feed(on_stage, room).ended())["why"]


async def test_a_feed_goes_when_its_room_or_its_server_does(
    on_stage: Harness, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await on_stage.room()
    with monkeypatch.context() as leaving:
        feed = Feed(on_stage, room)
        await until(lambda: feed.status)
        leaving.setattr(on_stage.api, "draining", True)
        assert "going away" in (await feed.ended())["why"]
    feed = Feed(on_stage, room)
    await until(lambda: feed.status)
    await on_stage.call("DELETE", f"/v1/rooms/{room}?confirm={room}")
    feed.say(update("a:1"))
    assert "there is no room" in (await feed.ended())["why"]


async def test_a_room_has_so_many_feeds_and_none_that_is_compressed(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FEEDS", 1)
    room = await on_stage.room()
    compressed = Feed(on_stage, room, **{"content-encoding": "gzip"})
    await until(lambda: compressed.task.done())
    assert compressed.status == 415
    first, second = Feed(on_stage, room), None
    await until(lambda: first.status == 200)
    second = Feed(on_stage, room)
    await until(lambda: second.task.done())
    assert second.status == 429
    first.say(end=True)
    await first.ended()
