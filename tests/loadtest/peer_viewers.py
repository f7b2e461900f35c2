"""Real viewers of a peer, one for each dialect: let in when made, and then only reading."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from websockets.sync.client import connect

PATIENCE_S = 20.0

Receive = Callable[[], str]
"""The next payload as text, however long it takes, within reason."""


@contextmanager
def viewer(dialect: str, address: tuple[str, int], path: str) -> Iterator[Receive]:
    """One that is in."""
    dialects = {"websocket": _websocket, "socketio": _socketio, "nats": _nats}
    with dialects[dialect](address, path) as receive:
        yield receive


@contextmanager
def _websocket(address: tuple[str, int], path: str) -> Iterator[Receive]:
    with connect(f"ws://{address[0]}:{address[1]}{path}", compression=None) as socket:
        yield lambda: _text(socket.recv(PATIENCE_S))


@contextmanager
def _socketio(address: tuple[str, int], path: str) -> Iterator[Receive]:
    with connect(f"ws://{address[0]}:{address[1]}{path}", compression=None) as socket:
        assert _text(socket.recv(PATIENCE_S)).startswith("0{")  # Engine.IO is open
        socket.send("40")  # into the default namespace
        assert _text(socket.recv(PATIENCE_S)).startswith("40{")

        def receive() -> str:
            event, payload = json.loads(_text(socket.recv(PATIENCE_S)).removeprefix("42"))
            assert event == "frame"
            return str(payload)

        yield receive


@contextmanager
def _nats(address: tuple[str, int], subject: str) -> Iterator[Receive]:
    with socket.create_connection(address, PATIENCE_S) as connection:
        lines = connection.makefile("rb")
        connection.sendall(f'CONNECT {{"verbose":false}}\r\nSUB {subject} 1\r\nPING\r\n'.encode())
        while (line := lines.readline()) != b"PONG\r\n":
            assert line.startswith((b"INFO ", b"PING"))

        def receive() -> str:
            while (line := lines.readline()) == b"PING\r\n":
                pass
            message, _, _, size = line.split()
            assert message == b"MSG"
            return lines.read(int(size) + 2).removesuffix(b"\r\n").decode()

        yield receive


def _text(payload: str | bytes) -> str:
    return payload if isinstance(payload, str) else payload.decode()
