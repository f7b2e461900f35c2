"""What an ack promises: server and store are killed while many talk, and nothing acknowledged is
lost or doubled.

1,200 comments and 1,200 votes of 50 viewers in three rounds; in the middle of each, both processes
get SIGKILL.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from tests.conftest import MakeServer
from tests.system.crowd import crowd

pytestmark = pytest.mark.single

CLIENTS = 50


async def test_whatever_was_acknowledged_is_there_exactly_once_after_three_kills(
    make_server: MakeServer, room: str
) -> None:
    server = make_server().start()
    server.make_room(room)
    kills: Sequence[Callable[[], None]] = (server.kill_valkey, server.kill)

    async def strike() -> None:
        for kill in kills:
            kill()
        await asyncio.to_thread(server.start)

    async with crowd([server], room, CLIENTS) as everybody:
        for _ in range(3):
            await everybody.round(strike)
            kills = kills[::-1]
        await everybody.finds_everything_once()
