"""Data that a reader fails at: it doesn't come in, and where it stands from before nobody falls."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import pytest_asyncio
from grandstand.store import keys
from grandstand.store.ingest import CommentRate, Item
from grandstand.wire.messages import Cue, Overlay

from tests.api.harness import USER, Harness, harness
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLL = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 60}
CARD = {"entity": "athlete:1", "name": "Ada", "values": {"speed": 1}}
NESTED = json.loads("[" * 100 + "]" * 100)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harness]:
    async with harness(tmp_path_factory.mktemp("unreadable")) as told:
        yield told


@pytest.mark.parametrize("odd", ['{"__proto__": 1}', "[" * 60 + "]" * 60, str(2**53)])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/cues", '{"name": "goal", "data": {"x": ODD}}'),
        ("POST", "/stats", json.dumps(CARD)[:-1] + ', "values": {"x": ODD}}'),
        ("POST", "/stats", '{"entity": "a:1", "name": "n", "values": {"__proto__": 1}}'),
        ("POST", "/polls", json.dumps(POLL)[:-1] + ', "options": ["a", ODD]}'),
        ("PUT", "", '{"moderation": {"categories": {"x": ODD}}}'),
        ("PUT", "", '{"moderation": {"categories": {"__proto__": 1}}}'),
        ("PATCH", "", '{"moderation": {"categories": {"__proto__": 1}}}'),
        ("PATCH", "", '{"title": ODD}'),
        ("POST", "/viewers/AbCdEfGhIj0/mute", '{"duration": ODD}'),
    ],
)
async def test_what_readers_fail_at_does_not_come_in(
    on_stage: Harness, method: str, path: str, body: str, odd: str
) -> None:
    room = await on_stage.house()
    answer = await on_stage.call(
        method, f"/v1/rooms/{room}{path}", content=body.replace("ODD", odd).encode()
    )
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]
    state = (await on_stage.live(room)).replica.state
    assert b"__proto__" not in msgspec.json.encode(state)


async def test_a_deep_body_is_refused_however_deep(on_stage: Harness) -> None:
    room = await on_stage.house()
    for depth in (40, 500, 900, 956, 1000, 30_000):
        body = b'{"name":"x","data":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
        if len(body) > 65_536:
            body = b'{"name":"x","data":{"a":' + b"[" * depth + b"]" * depth + b"}}"
        answer = await on_stage.call("POST", f"/v1/rooms/{room}/cues", content=body)
        assert answer.status_code in (400, 422)


async def test_what_stands_in_a_store_from_before_stops_no_room(on_stage: Harness) -> None:
    room = f"old-{uuid4().hex[:8]}"
    redis: Any = on_stage.store.topology.client(keys.state(room))
    await on_stage.store.rooms.create(room, uuid4().hex)
    cues = [Cue("odd", "x", 1, {"__proto__": 1}), Cue("deep", "x", 1, {"a": NESTED})]
    good = Overlay("good", "stats", 1, {"values": {}})
    bad = Overlay("bad", "stats", 1, {"values": {"__proto__": 1}})
    state: Any = {
        "cues": msgspec.msgpack.encode(cues),
        "overlays": msgspec.msgpack.encode({"good": good, "bad": bad}),
    }
    await redis.hset(keys.state(room), mapping=state)
    live = await on_stage.live(room)
    assert (live.replica.state.cues, [*live.replica.state.overlays]) == ([], ["good"])
    answer = await on_stage.call("POST", f"/v1/rooms/{room}/cues", json={"name": "goal"})
    assert answer.status_code == 201
    await until(lambda: [cue.name for cue in live.replica.state.cues] == ["goal"])


async def test_an_item_that_a_newer_version_wrote_hides_no_other(on_stage: Harness) -> None:
    room = await on_stage.room()
    held = await on_stage.say(room, "wait", held=True)
    poll = (await on_stage.call("POST", f"/v1/rooms/{room}/polls", json=POLL)).json()["id"]
    redis: Any = on_stage.store.topology.client(keys.held(room))
    odd = msgspec.msgpack.encode({"id": "odd", "opens_at": 1, "kind": "of tomorrow"})
    await redis.hset(keys.held(room), "zz", odd)
    await redis.hset(keys.polls(room), "odd", odd)
    parts = {"moderation": {"level": 5}, "title": "Tonight", "hologram": True}
    await redis.hset(keys.state(room), "settings", msgspec.msgpack.encode(parts))
    item = Item(USER, uuid4().hex, "h", b"\xc1")
    await on_stage.store.ingest.append(room, [item], CommentRate(0, 1), on_stage.store.now_ms())
    snapshot = await on_stage.store.timeline.load(room)
    assert ([*snapshot.held], snapshot.state.settings.title) == ([held], "Tonight")
    path = f"/v1/rooms/{room}"
    listed = (await on_stage.call("GET", f"{path}/held")).json()["comments"]
    assert [each["id"] for each in listed] == [held]
    polls = (await on_stage.call("GET", f"{path}/polls")).json()["polls"]
    assert [each["id"] for each in polls] == [poll]
    assert (await on_stage.call("GET", f"{path}/polls/odd")).status_code == 404
    rooms = (await on_stage.call("GET", "/v1/rooms?limit=500")).json()["rooms"]
    assert "Tonight" in [each["settings"]["title"] for each in rooms]
    rejected = await on_stage.call(
        "POST", f"{path}/held/decide", json={"decision": "reject", "user": USER}
    )
    assert rejected.json()["comments"] == [held]
    assert (await on_stage.call("DELETE", f"{path}?confirm={room}")).status_code == 204
