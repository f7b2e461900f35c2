"""Whoever has no right to a room can't find out by its name whether it exists.

By the contract a room that isn't there is 404 to those without a token; an operator who wants no
names told sets ``GRANDSTAND_HIDE_ROOMS``.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.conftest import MakeServer
from tests.server import ServerProcess


async def said_to(server: ServerProcess, room: str, token: str | None = None) -> list[Any]:
    """All that is told by socket and by HTTP, the room's name in it apart."""
    hello = {"type": "hello"} | ({} if token is None else {"token": token})
    told: list[Any] = []
    url = server.url.replace("http", "ws", 1) + f"/v1/rooms/{room}/live"
    async with connect(url, proxy=None) as socket:
        await socket.send(json.dumps(hello))
        try:
            while True:
                told.append(json.loads(await socket.recv()))
        except ConnectionClosed as closed:
            told.append((closed.rcvd and closed.rcvd.code, closed.rcvd and closed.rcvd.reason))
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/comments", None),
        ("POST", "/guests", {}),
        ("GET", "/held", None),
        ("POST", "/polls", {}),
        ("PATCH", "", {}),
    ):
        answer = await server.ask(method, f"/v1/rooms/{room}{path}", body, token)
        told.append((answer.status, answer.json))
    alike: list[Any] = json.loads(json.dumps(told).replace(room, "ROOM"))
    return alike


@pytest.mark.asyncio
async def test_a_hidden_room_and_none_are_told_apart_by_nothing(make_server: MakeServer) -> None:
    server = make_server(environment={"GRANDSTAND_HIDE_ROOMS": "1"}).start()
    server.make_room("secret", guests="none")
    assert await said_to(server, "secret") == await said_to(server, "nowhere")
    elsewhere = server.token("ann", role="producer", rooms=("elsewhere",))
    there, missing = [await said_to(server, room, elsewhere) for room in ("secret", "nowhere")]
    assert there == missing
