"""A small server that speaks obs-websocket 5, for the faults that a real OBS doesn't have.

The protocol's document, *Connection steps* and *OpCodes*, is what it follows.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgpack
from websockets import ConnectionClosed, Subprotocol
from websockets.asyncio.server import ServerConnection, serve

Batch = dict[str, Any]
Answer = bytes | list[int] | Callable[[Batch], Sequence[bytes | str]] | None
"""A message, codes of the requests, what makes messages, or None to hang; no bytes are a cut."""

PASSWORD = "a password of OBS"
SALT, CHALLENGE = "salt of the server", "challenge of this connection"


class Mixer:
    """Keeps each batch, and answers as a test says."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[Batch] = []
        self.greetings: list[bytes | None] = []
        self.connections = 0
        self.answers: list[Answer] = []

    async def serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        try:
            await self._served(socket)
        except ConnectionClosed:
            pass
        finally:
            self.connections -= 1

    async def _served(self, socket: ServerConnection) -> None:
        if self.greetings:
            await self._say(socket, self.greetings.pop(0))
        else:
            secret = {"salt": SALT, "challenge": CHALLENGE}
            await socket.send(message(0, {"rpcVersion": 1, "authentication": secret}))
        said = msgpack.unpackb(await socket.recv())
        assert said["op"] == 1
        if said["d"]["authentication"] != proof():
            await socket.close(4009, "Authentication failed.")
            return
        await socket.send(message(2, {"negotiatedRpcVersion": 1}))
        async for raw in socket:
            said = msgpack.unpackb(raw)
            assert said["op"] == 8
            self.got.append(said["d"])
            await self._say(socket, self.answers.pop(0) if self.answers else [])

    async def _say(self, socket: ServerConnection, answer: Answer) -> None:
        if answer is None:
            await socket.wait_closed()
        elif isinstance(answer, list):
            await socket.send(results(self.got[-1], answer))
        elif not isinstance(answer, bytes):
            for each in answer(self.got[-1]):
                await socket.send(each)
        elif answer:
            await socket.send(answer)
        else:
            socket.transport.abort()


def message(op: int, data: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb({"op": op, "d": data})
    return packed


def results(batch: Batch, codes: list[int]) -> bytes:
    """What came of a batch: each code for its request, 100 for the rest, none after a failure."""
    found: list[dict[str, Any]] = []
    for index, request in enumerate(batch["requests"]):
        code = codes[index] if index < len(codes) else 100
        status = {"result": code == 100, "code": code}
        found.append({"requestType": request["requestType"], "requestStatus": status})
        if code != 100 and batch["haltOnFailure"]:
            break
    return message(9, {"requestId": batch["requestId"], "results": found})


def proof() -> str:
    """What a client that knows the password says."""
    secret = base64.b64encode(hashlib.sha256((PASSWORD + SALT).encode()).digest())
    return base64.b64encode(hashlib.sha256(secret + CHALLENGE.encode()).digest()).decode()


@asynccontextmanager
async def mixer(tls: ssl.SSLContext | None = None) -> AsyncIterator[Mixer]:
    """The server, for the duration of the block."""
    made = Mixer()
    formats = [Subprotocol("obswebsocket.msgpack")]
    async with serve(made.serve, "127.0.0.1", 0, subprotocols=formats, ssl=tls) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
