"""The list of rooms, which anybody may ask for, asked for without a pause."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from functools import partial

from grandstand.timeouts import timeout

from loadtest.attacks.attack import Attack
from loadtest.attacks.target import ATTACKER, Target, many_rooms

ROOMS = 401
SECONDS = 5.0


async def ask_for_all(target: Target, connections: int) -> Counter[str]:
    """``GET /v1/rooms`` on each of the connections as soon as the last answer is there; returns
    how often each status came, and how many connections were cut."""
    answers: Counter[str] = Counter()
    made = [
        await asyncio.open_connection(*target.address, local_addr=(ATTACKER, 0))
        for _ in range(connections)
    ]
    with suppress(TimeoutError):
        async with timeout(SECONDS), asyncio.TaskGroup() as group:
            for reader, writer in made:
                group.create_task(_ask(reader, writer, answers))
    for _, writer in made:
        writer.close()
    return answers


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Counter[str]
) -> None:
    try:
        while True:
            writer.write(b"GET /v1/rooms HTTP/1.1\r\nHost: x\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            size = head.partition("content-length:")[2].partition("\r\n")[0]
            await reader.readexactly(int(size))
            answers[f"with {head.split(' ')[1]}"] += 1
    except (asyncio.IncompleteReadError, OSError):
        answers["cut"] += 1


ATTACKS = tuple(
    Attack(
        f"room-list-{connections}",
        partial(ask_for_all, connections=connections),
        rooms=many_rooms(ROOMS),
    )
    for connections in (4, 32)
)
