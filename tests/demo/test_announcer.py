"""The announcer, before a real server."""

from __future__ import annotations

import time
from random import Random
from typing import Any

from grandstand.demo.announcer import ATTEMPT_EVERY_S, Announcer
from grandstand.demo.auto_producer import AutoProducer
from grandstand.demo.meet import ATHLETES
from structlog.testing import capture_logs

from tests.server import ServerProcess

SOME = 4


async def test_its_cards_are_taken_by_a_server_and_nothing_is_said_twice(
    shared_server: ServerProcess, room: str
) -> None:
    shared_server.make_room(room)
    producer = AutoProducer(
        shared_server.url, room, shared_server.token("producer", role="producer")
    )
    shown: list[dict[str, Any]] = []
    cards: list[dict[str, Any]] = []
    start_ms = round(time.time() * 1000)
    attempts = 96

    async def show(body: dict[str, Any]) -> None:
        shown.append(body)
        if body["entity"] != "meet:1" and "audience" not in body:
            cards.append(body)
        elif len(shown) > SOME:  # a call takes a tick, and each attempt tells of a few athletes
            return
        await producer.show_card({**body, "at": start_ms})

    now_ms = start_ms

    def clock() -> int:
        return now_ms

    announcer = Announcer(clock, show, Random(1))
    with capture_logs() as logs:
        for _ in range(attempts):
            now_ms += round(ATTEMPT_EVERY_S * 1000)
            await announcer.step()
    assert logs == []
    assert len(cards) > 3
    assert len({(body["entity"], body["at"]) for body in cards}) == len(cards)
    assert {body["entity"] for body in shown if "audience" in body} == {
        f"athlete:{name}" for name in ATHLETES
    }


async def test_a_card_that_is_refused_is_logged_and_the_show_goes_on(
    shared_server: ServerProcess, room: str
) -> None:
    producer = AutoProducer(shared_server.url, room, "no token")
    with capture_logs() as logs:
        await producer.show_card({"entity": "athlete:Ada", "name": "Ada", "values": {"Mark": 1}})
    assert [line["event"] for line in logs] == ["card_refused"]
