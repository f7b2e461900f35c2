"""What else is on, of two servers that share a store."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.server import ServerProcess
from tests.viewer import viewing
from tests.waiting import until


async def told(server: ServerProcess, token: str | None, query: str = "") -> list[dict[str, Any]]:
    path = f"/v1/recommendations?limit=50{query}"
    answer = await server.ask("GET", path, token=token)
    assert answer.status == 200, answer.body
    rooms: list[dict[str, Any]] = answer.json["rooms"]
    return rooms


async def test_a_follow_counts_at_once_at_every_node_and_an_ended_room_is_gone(
    pair: tuple[ServerProcess, ServerProcess], room: str
) -> None:
    one, two = pair
    where, final = f"{room}-a", f"{room}-b"
    await asyncio.to_thread(one.make_room, where)
    await asyncio.to_thread(two.make_room, final)
    producer = one.token("boss", role="producer")
    stats = {"entity": "athlete:7", "name": "Seven", "values": {"speed": 1}}
    answer = await one.ask("POST", f"/v1/rooms/{final}/stats", stats, producer)
    assert answer.status == 200, answer.body
    token = one.token("ann")
    async with viewing(one.url, where, token) as ann:

        async def is_told(follows: bool) -> bool:
            codes = {each["room"]: each["why"]["code"] for each in await told(two, token)}
            return final in codes and where not in codes and (codes[final] == "follows") == follows

        await until(lambda: is_told(False))
        await ann.send({"type": "follow", "id": "f1", "topics": ["athlete:7"]})
        await until(lambda: is_told(True))
        (best, *_) = await told(one, token, "&lang=zh")
        assert (best["room"], best["why"]["text"]) == (final, "你关注了Seven")
        assert best["viewers"] == 0
        assert where in {each["room"] for each in await told(two, None)}
        await two.ask("DELETE", f"/v1/rooms/{final}?confirm={final}", token=producer)

        async def is_gone() -> bool:
            asked = [(each, who) for each in pair for who in (token, None)]
            answers = [await told(each, who) for each, who in asked]
            return all(final not in {each["room"] for each in rooms} for rooms in answers)

        await until(is_gone)
