"""Much work for few bytes: frames without content, and messages that a limit refuses."""

from __future__ import annotations

import asyncio
from functools import partial

from loadtest.attacks.attack import Attack
from loadtest.attacks.target import RefusedError, Target, send_all
from loadtest.seats.client_frames import PING, PONG, masked
from loadtest.seats.dialects import Grandstand

MIB = 1 << 20
FRAMES = {
    "pings": masked(PING, b""),
    "pongs": masked(PONG, b""),
    "fragments": b"\x00\x80\0\0\0\0",
}
_BEGIN = {"fragments": b"\x02\x80\0\0\0\0"}


async def flood(target: Target, kind: str, connections: int, size: int, said: bool = False) -> None:
    """``size`` bytes over all connections, all of which are made before the first byte is sent;
    ``said``: they say ``hello`` first."""
    made = []
    for number in range(connections):
        try:
            made.append(await (target.entered(f"flooder{number}") if said else target.upgraded()))
        except RefusedError:
            continue
    frame = FRAMES.get(kind) or Grandstand.say({"type": "time", "id": "t", "sent": 1})
    data = _BEGIN.get(kind, b"") + frame * (size // connections // len(frame))
    async with asyncio.TaskGroup() as group:
        for connection in made:
            group.create_task(send_all(connection, data))
    for connection in made:
        connection.close()


ATTACKS = (
    *(
        Attack(
            f"{kind}-{connections}", partial(flood, kind=kind, connections=connections, size=size)
        )
        for kind in FRAMES
        for connections, size in ((1, 1 * MIB), (4, 4 * MIB), (200, 20 * MIB))
    ),
    *(
        Attack(
            f"time-{connections}",
            partial(flood, kind="time", connections=connections, size=16 * MIB, said=True),
        )
        for connections in (1, 4, 200)
    ),
    *(
        Attack(
            f"workers-{kind}",
            partial(flood, kind=kind, connections=24, size=24 * MIB, said=kind == "time"),
            options=("--workers", "2"),
        )
        for kind in ("pings", "time")
    ),
)
