"""The asyncio shell of a connection, on the loop that it is used on."""

from __future__ import annotations

import asyncio
from random import Random

import uvloop
from grandstand.client.connection import Connection
from grandstand.client.effects import Effect
from grandstand.client.live_socket import LiveSocket

URL = "ws://127.0.0.1:9/v1/rooms/r/live"


async def token() -> str:
    return ""


def test_what_is_overdue_is_looked_at_once_however_many_effects_come_before() -> None:
    async def look() -> None:
        looked = 0

        class Overdue(Connection):
            def tick(self, now_s: float) -> list[Effect]:
                nonlocal looked
                looked += 1
                return []

        core = Overdue(URL, Random(1))
        core._retry_s = 0.0
        socket = LiveSocket(core, URL, token, lambda _: None)
        socket._run([])
        socket._run([])
        core._retry_s = float("inf")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert looked == 1

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(look())
