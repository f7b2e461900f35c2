"""GO from two nodes at once, and over a node that is killed: everything goes once."""

from __future__ import annotations

import asyncio
import http.client
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.server import ServerProcess
from tests.viewer import Message, viewing
from tests.waiting import until

Pair = tuple[ServerProcess, ServerProcess]

POLL = {"kind": "single", "question": "Who?", "options": ["A", "B"], "duration": 600}


def cues(count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"c{number}", "kind": "cue", "title": "Cue", "body": {"name": f"c{number}"}}
        for number in range(count)
    ]


async def put(server: ServerProcess, room: str, items: list[dict[str, Any]]) -> None:
    body = {"version": 0, "items": items}
    await server.produce("PUT", f"/v1/rooms/{room}/rundown", body)


async def go(server: ServerProcess, room: str, item: str) -> int:
    """The answer's status, 0 if there is none, or half of one."""
    path = f"/v1/rooms/{room}/rundown/{item}/go"
    try:
        return (await server.ask("POST", path, {}, server.producer_token)).status
    except (OSError, http.client.HTTPException):
        return 0


def given(frames: Iterable[Message]) -> Counter[str]:
    return Counter(cue["name"] for frame in frames for cue in frame.get("cues", ()))


async def test_two_go_at_once_from_two_nodes(pair: Pair, room: str) -> None:
    one, other = pair
    await asyncio.to_thread(one.make_room, room, tick=50)
    items = [{"id": "poll", "kind": "poll", "title": "Who?", "body": POLL}, *cues(9)]
    await put(one, room, items)
    async with (
        viewing(other.url, room, other.token("ann")) as ann,
        viewing(one.url, room, one.token("mo", role="moderator")) as mo,
    ):
        for item in items:
            calls = (go(server, room, item["id"]) for server in (*pair, *pair))
            assert set(await asyncio.gather(*calls)) == {200}
        await ann.sees(lambda picture: len(given(ann.received)) == 9)
        polls = (await other.produce("GET", f"/v1/rooms/{room}/polls"))["polls"]
        assert [poll["question"] for poll in polls] == ["Who?"]
        assert given(ann.received) == {item["id"]: 1 for item in items[1:]}
        for server in pair:
            told = await server.produce("GET", f"/v1/rooms/{room}/rundown")
            assert (told["version"], told["items"][0]["poll"]) == (11, polls[0]["id"])
            assert [item["status"] for item in told["items"]] == ["done"] * 9 + ["on_air"]

        # Staff are told that it changed, and viewers aren't.
        def versions(received: list[Message]) -> set[int]:
            gauges = [frame.get("gauges", {}) for frame in received if frame["type"] == "frame"]
            return {gauge["rundown"]["version"] for gauge in gauges if "rundown" in gauge}

        await until(lambda: 11 in versions(mo.received))
        assert versions(ann.received) == set()


async def test_a_node_that_is_killed_in_the_middle(pair: Pair, room: str, tmp_path: Path) -> None:
    one, _ = pair
    victim = ServerProcess(tmp_path, redis_url=one.redis_url)
    items = cues(30)
    try:
        await asyncio.to_thread(victim.start)
        await asyncio.to_thread(victim.make_room, room, tick=50)  # so it leads the room, too
        await put(victim, room, items)
        async with viewing(one.url, room, one.token("ann")) as ann:
            calls = [asyncio.create_task(go(victim, room, item["id"])) for item in items]
            await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
            victim.kill()
            answered = [await call for call in calls]
            for item in items:  # whoever got no answer asks again, another node
                assert await go(one, room, item["id"]) == 200
            await ann.sees(lambda picture: len(given(ann.received)) == len(items))
            assert set(given(ann.received).values()) == {1}
        assert {0, 200} >= set(answered)
    finally:
        victim.end()
