"""Many who say the same are shown as one: taking that one back takes the words of all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.conftest import MakeServer
from tests.server import ServerProcess
from tests.viewer import Viewer, viewing
from tests.waiting import until

pytestmark = pytest.mark.asyncio

TEXT = "Nobody likes you here"
COPIES = (
    "nobody likes you HERE",
    "NOBODY LIKES you here!!",
    TEXT,
    "nobody likes you, here",
)
CROWD = ("ann", "bo", "cy", "dan", "eve")


@asynccontextmanager
async def crowd(server: ServerProcess, room: str, *names: str) -> AsyncIterator[list[Viewer]]:
    """Viewers of these names."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(viewing(server.url, room, server.token(name)))
            for name in names
        ]


async def say(viewer: Viewer, text: str) -> str:
    """Says it; the comment's id."""
    answer = await viewer.comment(text)
    assert answer["type"] == "ack", answer
    return str(answer["comment"])


async def record(server: ServerProcess, room: str, shown: str = "all") -> dict[str, Any]:
    path = f"/v1/rooms/{room}/comments?shown={shown}"
    page = await server.produce("GET", path)
    return {comment["id"]: comment for comment in page["comments"]}


async def recorded(server: ServerProcess, room: str, comment: str) -> Any:
    """The comment's row, once a tick has taken it in."""
    rows: dict[str, Any] = {}

    async def is_there() -> bool:
        rows.update(await record(server, room))
        return comment in rows

    await until(is_there)
    return rows[comment]


async def retracted_chorus(server: ServerProcess, room: str, viewers: list[Viewer]) -> str:
    """All say the same, a moderator takes back the one that is shown; its id."""
    ids = await asyncio.gather(*map(say, viewers, (TEXT, *COPIES)))
    rows = [await recorded(server, room, comment) for comment in ids]
    (first,) = (row["id"] for row in rows if row.get("shown", True))
    assert {row["merged_into"] for row in rows if not row.get("shown", True)} == {first}
    await viewers[0].sees(lambda picture: first in picture.shown)
    moderator = server.token("mo", role="moderator")
    answer = await server.ask("POST", f"/v1/rooms/{room}/comments/{first}/retract", {}, moderator)
    assert answer.status == 200
    for viewer in viewers:
        await viewer.sees(lambda picture: not picture.recent)
    return str(first)


async def test_retracting_a_merged_comment_takes_back_what_all_its_authors_said(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, selection={"novelty": 2})
    async with crowd(server, room, *CROWD, "fay") as viewers:
        fay = viewers[-1]
        first = await retracted_chorus(server, room, viewers[:-1])
        assert await record(server, room, "only") == {}
        copy = await recorded(server, room, await say(fay, COPIES[0]))
        assert (copy.get("shown", True), copy.get("merged_into")) == (False, first)
        assert await record(server, room, "only") == {}
        export = await server.ask("GET", f"/v1/rooms/{room}/comments?format=ndjson")
        assert (export.status, export.body) == (200, b"")

        # Moderators see who said it.
        moderator = server.token("mo", role="moderator")
        path = f"/v1/rooms/{room}/comments?shown=all&format=ndjson"
        lines = (await server.ask("GET", path, token=moderator)).body.splitlines()
        rows = [json.loads(line) for line in lines]
        assert [row["merged_into"] for row in rows] == [first] * len(CROWD)
        shown = fay.picture.shown[first]["user"]
        assert {shown, *(row["user"] for row in rows)} == {viewer.user for viewer in viewers}

        other = await say(fay, "play something else")
        await fay.sees(lambda picture: other in picture.shown)
        assert fay.picture.shown.keys() == {first, other}


async def test_approving_the_text_by_hand_lets_it_be_shown_again(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, selection={"novelty": 2})
    async with crowd(server, room, *CROWD, "fay") as viewers:
        fay = viewers[-1]
        await retracted_chorus(server, room, viewers[:-1])
        path = f"/v1/rooms/{room}"
        await server.produce("PATCH", path, {"moderation": {"level": 2}})
        held = await say(fay, TEXT)
        await server.produce("POST", f"{path}/comments/{held}/approve")
        await fay.sees(lambda picture: held in picture.shown)
        await server.produce("PATCH", path, {"moderation": {"level": 0}})
        copy = await recorded(server, room, await say(viewers[1], TEXT))
        assert copy["merged_into"] == held


async def test_a_ban_takes_back_nothing_and_others_may_say_the_same(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, selection={"novelty": 0})
    async with crowd(server, room, "ann", "bo") as (ann, bo):
        first = await say(ann, TEXT)
        await bo.sees(lambda picture: first in picture.shown)
        await server.produce("POST", f"/v1/rooms/{room}/viewers/{ann.user}/ban", {})
        ann.comes_back = False
        copy = await say(bo, TEXT)
        await bo.sees(lambda picture: copy in picture.shown)
        assert [comment["id"] for comment in bo.picture.recent] == [first, copy]
        assert (await record(server, room, "only")).keys() == {first, copy}


async def test_another_process_that_takes_over_knows_what_was_taken_back(
    make_server: MakeServer, valkey_url: str, room: str
) -> None:
    one, other = make_server(redis_url=valkey_url), make_server(redis_url=valkey_url)
    await asyncio.to_thread(one.start)
    one.make_room(room, selection={"novelty": 2})
    async with crowd(one, room, *CROWD) as viewers:
        first = await retracted_chorus(one, room, viewers)
        await asyncio.to_thread(other.start)
        for viewer in viewers:
            viewer.url = other.url
        one.kill()
        for viewer in viewers:
            await viewer.returns()
        async with crowd(other, room, "fay") as (fay,):
            copy = await recorded(other, room, await say(fay, TEXT))
            assert (copy.get("shown", True), copy.get("merged_into")) == (False, first)
