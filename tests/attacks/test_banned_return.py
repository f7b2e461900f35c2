"""A guest who was banned comes back with a new token: what it meets, and what others don't."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.server import ServerProcess
from tests.waiting import until

BAD, ELSEWHERE = "198.51.100.7", "203.0.113.9"
DEVICE, CLEARED = "0123456789abcdef", "fedcba9876543210"


async def guest(server: ServerProcess, room: str, address: str, device: str) -> httpx2.Response:
    """Asks for a guest's token, as from behind a trusted balancer."""
    async with httpx2.AsyncClient(base_url=server.url) as client:
        return await client.post(
            f"/v1/rooms/{room}/guests",
            json={"device": device},
            headers={"X-Forwarded-For": address},
        )


@asynccontextmanager
async def entered(
    server: ServerProcess, room: str, token: str, address: str
) -> AsyncIterator[ClientConnection]:
    url = server.url.replace("http", "ws", 1) + f"/v1/rooms/{room}/live"
    forwarded = {"X-Forwarded-For": address}
    async with connect(url, proxy=None, additional_headers=forwarded) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        await told(socket, "welcome")
        yield socket


async def told(socket: ClientConnection, *kinds: str) -> Any:
    """The next message of one of these types."""
    while True:
        message = json.loads(await socket.recv())
        if message["type"] in kinds:
            return message


async def outcome(server: ServerProcess, room: str, token: str, address: str) -> str:
    """What becomes of a comment of theirs."""
    async with entered(server, room, token, address) as socket:
        await socket.send(json.dumps({"type": "comment", "id": "1", "text": "what a goal"}))
        answer = await told(socket, "ack", "error")
        return str(answer.get("status", answer.get("code")))


@pytest.mark.asyncio
async def test_a_banned_guest_does_not_simply_return_and_its_neighbours_stay(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, moderation={"level": 0})
    neighbour = (await guest(server, room, BAD, "n" * 16)).json()["token"]
    bad = (await guest(server, room, BAD, DEVICE)).json()
    user, moderator = bad["viewer"]["id"], server.token("mo", role="moderator")
    async with entered(server, room, bad["token"], BAD) as socket:
        ban = await server.ask("POST", f"/v1/rooms/{room}/viewers/{user}/ban", {}, moderator)
        assert ban.status == 200
        assert (await told(socket, "bye"))["code"] == 3503

    # Its device gets no other token, from wherever it comes, once the room has heard of it.
    async def is_turned_away() -> bool:
        return (await guest(server, room, BAD, DEVICE)).status_code != 201

    await until(is_turned_away)
    answer = await guest(server, room, ELSEWHERE, DEVICE)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")

    # With its storage cleared it may watch, and a moderator looks at what it says.
    cleared = await guest(server, room, BAD, CLEARED)
    assert cleared.status_code == 201
    assert await outcome(server, room, cleared.json()["token"], BAD) == "held"
    path = f"/v1/rooms/{room}/held"
    held: list[Any] = []

    async def is_held() -> bool:
        held[:] = (await server.ask("GET", path, token=moderator)).json["comments"]
        return bool(held)

    await until(is_held)
    assert "address" in held[0]["reason"]

    # Who was there before, and who comes from elsewhere, notices nothing.
    assert await outcome(server, room, neighbour, BAD) == "accepted"
    other = (await guest(server, room, ELSEWHERE, "o" * 16)).json()["token"]
    assert await outcome(server, room, other, ELSEWHERE) == "accepted"

    # The ban is undone: so are its hints.
    undone = await server.ask("POST", f"/v1/rooms/{room}/viewers/{user}/restore", {}, moderator)
    assert undone.status == 200
    assert (await guest(server, room, BAD, DEVICE)).status_code == 201
