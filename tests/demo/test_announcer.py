"""The announcer, before a real server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import Any

from grandstand.demo import meet
from grandstand.demo.announcer import Announcer
from grandstand.demo.auto_producer import AutoProducer
from grandstand.demo.meet import Body
from structlog.testing import capture_logs

from tests.server import ServerProcess


async def test_what_it_tells_is_taken_by_a_server_and_nothing_is_told_twice(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    producer = AutoProducer(
        shared_server.url, room, shared_server.token("producer", role="producer")
    )
    producer.put_schemas(meet.SCHEMAS)
    given: list[dict[str, Any]] = []
    now_ms = round(time.time() * 1000) - 50_000

    async def give(bodies: Sequence[Body]) -> None:
        given.extend(bodies)
        await producer.give_stats(bodies)

    def clock() -> int:
        return now_ms

    announcer = Announcer(clock, give, Random(1))
    with capture_logs() as logs:
        for _ in range(meet.ATTEMPTS + 2):
            now_ms += 900
            await announcer.step()
    assert logs == []
    told = {(body["entity"], body["at"], *(body["values"] or {})) for body in given}
    assert len(told) == len(given)
    labels = {label for body in given for label in body["values"] or {} if "final" in label}
    assert labels == {"Long jump, final 1", "Shot put, final 1"}
    boards = [body["name"] for body in given if body["entity"] == "meet:1"]
    assert {*boards} == {"Long jump · 跳远, final 1"}


async def test_what_is_refused_is_logged_and_the_show_goes_on(
    shared_server: ServerProcess, room: str
) -> None:
    producer = AutoProducer(shared_server.url, room, "no token")
    with capture_logs() as logs:
        await producer.give_stats([meet.house_records()])
    assert [line["event"] for line in logs] == ["stats_refused"]
