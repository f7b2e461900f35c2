"""One address that takes every handshake there is, while others come in."""

from __future__ import annotations

import asyncio
from functools import partial

from loadtest.attacks.attack import Attack
from loadtest.attacks.target import ATTACKER, RefusedError, Target

PER_S = 100
HONEST = 31
SECONDS = 4.0


async def crowd_out(target: Target, times: float) -> None:
    """``times`` the server's rate from one address; 31 others come in one after the other. Raises
    RefusedError if one of them isn't let in when it first asks."""
    async with asyncio.TaskGroup() as group:
        flooding = group.create_task(_flood(target, PER_S * times))
        await asyncio.sleep(SECONDS / 4)
        for number in range(HONEST):
            (await target.entered(f"honest{number}", f"127.0.1.{number + 1}")).close()
            await asyncio.sleep(SECONDS / 2 / HONEST)
        flooding.cancel()


async def _flood(target: Target, per_s: float) -> None:
    async with asyncio.TaskGroup() as group:
        begun_s = asyncio.get_running_loop().time()
        number = 0
        while True:
            number += 1
            group.create_task(_ask(target))
            due_s = begun_s + number / per_s
            await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))


async def _ask(target: Target) -> None:
    try:
        (await target.upgraded(ATTACKER)).close()
    except (OSError, RefusedError):
        return  # what the attacker gets is nobody's concern


ATTACKS = (
    Attack(
        "entries",
        partial(crowd_out, times=2.3),
        environment={"GRANDSTAND_HANDSHAKES_PER_S": str(PER_S)},
    ),
)
