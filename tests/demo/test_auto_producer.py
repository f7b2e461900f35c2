"""The demonstration's producer, before a real server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from grandstand.demo import steering
from grandstand.demo.auto_producer import AutoProducer, Step, running_order
from structlog.testing import capture_logs

from tests.conftest import MakeServer
from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until

POLL: dict[str, Any] = {
    "kind": "single",
    "question": "?",
    "options": ["a", "b"],
    "duration": 1,
    "grace": 500,
}


def producer(server: ServerProcess, room: str) -> AutoProducer:
    return AutoProducer(server.url, room, server.token("producer", role="producer"))


def polls(server: ServerProcess, room: str) -> list[dict[str, Any]]:
    token = server.token("producer", role="producer")
    return list(server.call("GET", f"/v1/rooms/{room}/polls", token=token).json["polls"])


async def test_a_room_is_made_and_later_given_another_picture_alone(
    shared_server: ServerProcess, room: str
) -> None:
    auto_producer = producer(shared_server, room)
    await asyncio.to_thread(auto_producer.open_room, {"title": "Ours"}, "/a.m3u8")
    await asyncio.to_thread(auto_producer.open_room, {"title": "Not ours"}, "")
    settings = shared_server.call("GET", f"/v1/rooms/{room}").json["settings"]
    assert (settings["title"], settings["stream"]) == ("Ours", "")


async def test_every_step_of_the_evening_is_taken_by_a_server(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    token = shared_server.token("producer", role="producer")
    for step in running_order():
        path = f"/v1/rooms/{room}/{step.call}"
        answer = await asyncio.to_thread(shared_server.call, "POST", path, step.body, token)
        assert answer.status in (200, 201), answer.json


async def test_a_poll_is_asked_and_its_result_shown_when_all_have_seen_it(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    step = Step(0, "polls", POLL)
    directing = asyncio.create_task(producer(shared_server, room).direct([step]))
    await until(lambda: [each["status"] for each in polls(shared_server, room)][:1] == ["revealed"])
    directing.cancel()


async def test_no_poll_is_asked_while_one_is_open(shared_server: ServerProcess, room: str) -> None:
    shared_server.make_room(room)
    token = shared_server.token("producer", role="producer")
    shared_server.call("POST", f"/v1/rooms/{room}/polls", {**POLL, "duration": 600}, token)
    steps = [Step(0, "polls", POLL), Step(0.1, "cues", {"name": "done"})]
    async with viewing(shared_server.url, room) as viewer:
        directing = asyncio.create_task(producer(shared_server, room).direct(steps))
        await viewer.sees(lambda picture: len(picture.cues) >= 2)  # after its poll's turn each
        directing.cancel()
    assert len(polls(shared_server, room)) == 1


async def test_what_is_refused_or_lost_is_told_and_the_evening_goes_on(
    make_server: MakeServer, room: str
) -> None:
    server = make_server().start()
    server.make_room(room)
    steps = [
        Step(0, "polls", {}),
        Step(0.1, "polls", {**POLL, "duration": 600}),
        Step(600, "cues", {}),
    ]
    with capture_logs() as logs:
        directing = asyncio.create_task(producer(server, room).direct(steps))
        await until(lambda: polls(server, room))
        directing.cancel()
        await asyncio.to_thread(server.kill)
        directing = asyncio.create_task(producer(server, room).direct(steps[1:2]))
        await until(lambda: len(logs) > 1)
        directing.cancel()
    assert [each["event"] for each in logs][:2] == ["step_refused", "step_failed"]


async def test_what_is_played_is_not_offered(shared_server: ServerProcess, room: str) -> None:
    shared_server.make_room(room)
    token = shared_server.token("producer", role="producer")
    played = AutoProducer(shared_server.url, room, token, lambda: "b")
    step = Step(0, "polls", {**POLL, "options": ["a", "b", "c"], "duration": 600})
    directing = asyncio.create_task(played.direct([step]))
    await until(lambda: polls(shared_server, room))
    directing.cancel()
    (asked,) = polls(shared_server, room)
    assert [each["text"] for each in asked["options"]] == ["a", "c"]


async def test_effects_are_put_again_over_those_of_before(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    auto_producer = producer(shared_server, room)
    for key in ("first", "second"):
        put = steering.effects("http://127.0.0.1:1", key)
        await asyncio.to_thread(auto_producer.put_effects, put)
    token = shared_server.token("producer", role="producer")
    there = shared_server.call("GET", f"/v1/rooms/{room}/effects", token=token).json["effects"]
    assert {each["id"] for each in there} == set(put)
    with pytest.raises(RuntimeError, match="PUT of the effect wrong answered 422"):
        await asyncio.to_thread(auto_producer.put_effects, {"wrong": {}})
