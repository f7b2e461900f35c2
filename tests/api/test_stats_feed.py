"""A feed that stays open: what is right is taken, what is wrong is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from grandstand.api import stats_feed as module
from grandstand.api.routes import routes
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
        sent = {"authorization": f"Bearer {harness.token()}", **headers}
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
    room = await on_stage.room(tick=50)
    live = await on_stage.live(room)
    feed = Feed(on_stage, room)
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


async def test_a_feed_that_says_too_much_is_slowed_down_and_told_so(
    on_stage: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BURST", 10)
    monkeypatch.setattr(module, "UPDATES_S", 200)
    room = await on_stage.room(tick=50)
    feed = Feed(on_stage, room)
    feed.say(*(update(f"a:{n}") for n in range(50)), end=True)
    last = await feed.ended()
    assert last["taken"] == 50
    assert last["slowed"] >= 100


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
