"""Real viewers of a peer, one for each dialect: let in when made, and then only reading."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from websocket import WebSocketConnectionClosedException, create_connection

from loadtest.peers.peer import Running
from tests.waiting import PATIENCE_S, wait_until


class Viewer(Protocol):
    """One that is in."""

    def receive(self) -> str:
        """The next payload as text, within reason. Raises EOFError when the peer has gone."""

    def close(self) -> None:
        """Leave, and wait for no goodbye: floors say none."""


class WebSocketViewer:
    """Over a plain upgrade."""

    def __init__(self, address: tuple[str, int], path: str) -> None:
        url = f"ws://{address[0]}:{address[1]}{path}"
        self._socket = create_connection(url, PATIENCE_S)

    def receive(self) -> str:
        try:
            payload = self._socket.recv()
        except (WebSocketConnectionClosedException, ConnectionError) as gone:
            raise EOFError from gone
        if not payload:
            raise EOFError("a close frame")
        return payload if isinstance(payload, str) else payload.decode()

    def say(self, text: str) -> None:
        self._socket.send(text)

    def close(self) -> None:
        self._socket.shutdown()


class SocketIoViewer:
    """Engine.IO 4 over WebSocket, then Socket.IO 5."""

    def __init__(self, address: tuple[str, int], path: str) -> None:
        self._socket = WebSocketViewer(address, path)
        assert self._socket.receive().startswith("0{"), "Engine.IO is open"
        self._socket.say("40")
        assert self._socket.receive().startswith("40{"), "in the default namespace"

    def receive(self) -> str:
        event, payload = json.loads(self._socket.receive().removeprefix("42"))
        assert event == "frame"
        return str(payload)

    def close(self) -> None:
        self._socket.close()


class NatsViewer:
    """NATS' lines over TCP."""

    def __init__(self, address: tuple[str, int], subject: str) -> None:
        self._socket = socket.create_connection(address, PATIENCE_S)
        self._lines = self._socket.makefile("rb")
        subscribe = f'CONNECT {{"verbose":false}}\r\nSUB {subject} 1\r\nPING\r\n'
        self._socket.sendall(subscribe.encode())
        while (line := self._lines.readline()) != b"PONG\r\n":
            assert line.startswith((b"INFO ", b"PING"))

    def receive(self) -> str:
        while (line := self._lines.readline()) == b"PING\r\n":
            pass
        if not line or line.startswith(b"-ERR"):
            raise EOFError(line)
        message, _, _, size = line.split()
        assert message == b"MSG"
        return self._lines.read(int(size) + 2).removesuffix(b"\r\n").decode()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


@contextmanager
def viewer(dialect: str, address: tuple[str, int], path: str) -> Iterator[Viewer]:
    """One that leaves in the end, if it hasn't before."""
    dialects: dict[str, Callable[[tuple[str, int], str], Viewer]] = {
        "websocket": WebSocketViewer,
        "socketio": SocketIoViewer,
        "nats": NatsViewer,
    }
    made = dialects[dialect](address, path)
    try:
        yield made
    finally:
        made.close()


def until_counted(running: Running, count: int) -> None:
    """Until the peer counts so many: some do so a moment after they let a viewer in."""
    wait_until(lambda: running.viewers() == count)
