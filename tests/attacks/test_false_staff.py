"""Strangers who would pass for the staff, and staff turned against staff: over sockets and HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.server import ServerProcess
from tests.waiting import patience

pytestmark = pytest.mark.asyncio

STAFF_NAME = "Alice Müller"
LOOK_ALIKES = ("Alice Müller", "АIice Muller", "A1ice MuIler", "alice_müller", "A l i c e Müller")
CLAIMS = ("Moderator", "M0derat0r", "Мoderаtor", "ADMIN", "官方", "管理员", "official", "관리자")
RUDE = ("you idiot", "N1gger", "buy at t.me/x", "加微信abc12345")


@asynccontextmanager
async def entered(
    server: ServerProcess, room: str, token: str
) -> AsyncIterator[tuple[ClientConnection, Any]]:
    """A socket and its welcome."""
    url = server.url.replace("http", "ws", 1) + f"/v1/rooms/{room}/live"
    async with connect(url, proxy=None) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        yield socket, json.loads(await socket.recv())


async def answered(socket: ClientConnection, **message: Any) -> Any:
    await socket.send(json.dumps({"id": "1", **message}))
    while True:
        told = json.loads(await socket.recv())
        if told.get("id") == "1":
            return told


async def shown(socket: ClientConnection) -> Any:
    """The next comment."""
    while True:
        told = json.loads(await socket.recv())
        if told.get("comments"):
            return told["comments"][0]


async def test_nobody_gets_in_under_a_name_of_the_staff_and_only_they_have_a_role(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, comment_interval=0, moderation={"level": 2})
    moderator = server.token("mo", role="moderator", name=STAFF_NAME)
    async with entered(server, room, moderator) as (socket, welcome):
        assert welcome["viewer"]["name"] == STAFF_NAME
        assert (await answered(socket, type="comment", text="good evening"))["type"] == "ack"
        own = await shown(socket)
        assert (own["name"], own["role"]) == (STAFF_NAME, "moderator")
    path, body = f"/v1/rooms/{room}/guests", {"name": STAFF_NAME}
    async with patience():
        while (await server.ask("POST", path, body)).status == 201:
            pass  # until the room has heard of its moderator
    for name in (*LOOK_ALIKES, *CLAIMS, *RUDE):
        refused = await server.ask("POST", f"/v1/rooms/{room}/guests", {"name": name})
        assert (refused.status, refused.json["code"]) == (422, "rejected"), name
        async with entered(server, room, server.token(f"x{name}", name=name)) as (_, welcome):
            assert welcome["viewer"]["name"].startswith("Viewer "), name
    async with entered(server, room, server.token("vi", name="Vi")) as (socket, _):
        answer = await answered(socket, type="comment", text="evening", role="moderator")
        assert answer["type"] == "ack"
        assert "role" not in await shown(socket)


async def test_a_moderator_s_stolen_token_sends_no_other_staff_away(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, comment_interval=0, moderation={"level": 2})
    thief = server.token("thief", role="moderator", name="Theo")
    for role in ("moderator", "producer"):
        token = server.token(f"a-{role}", role=role, name=f"A {role[:3]}")
        async with entered(server, room, token) as (socket, welcome):
            user = welcome["viewer"]["id"]
            assert (await answered(socket, type="comment", text=f"I am {role}"))["type"] == "ack"
            comment = await shown(socket)
            viewer = f"/v1/rooms/{room}/viewers/{user}"
            retract = f"/v1/rooms/{room}/comments/{comment['id']}/retract"
            for path in (f"{viewer}/ban", f"{viewer}/mute", retract):
                answer = await server.ask("POST", path, {}, thief)
                assert (answer.status, answer.json["code"]) == (403, "forbidden"), path
            answer = await answered(socket, type="comment", text="still here")
            assert answer["type"] == "ack"
