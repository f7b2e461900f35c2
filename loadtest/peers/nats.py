"""NATS: a broker in Go; viewers speak its own protocol over TCP, without WebSocket around it."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtest.peers.child import child, free_port, installed, tail, until_listening
from loadtest.peers.peer import Dialect, Loop, PeerError, due

SUBJECT = "gala"
ANSWER_S = 60.0


def subscriptions(monitor_port: int) -> int:
    """How many there are, as the server's monitor tells."""
    url = f"http://127.0.0.1:{monitor_port}/subsz"
    with urllib.request.urlopen(url, timeout=ANSWER_S) as response:
        return int(json.loads(response.read())["num_subscriptions"])


@dataclass(frozen=True, slots=True)
class RunningNats:
    """One process."""

    process: subprocess.Popen[bytes]
    log: Path
    address: tuple[str, int]
    monitor_port: int
    own_subscriptions: int

    def viewers(self) -> int:
        """All subscriptions, less those that the server has of its own."""
        try:
            return subscriptions(self.monitor_port) - self.own_subscriptions
        except OSError as error:
            raise PeerError(f"{error!r}\n{tail(self.log)}") from error

    def publish(self, payload: bytes, count: int = 1, every_ms: float = 0) -> tuple[Loop, ...]:
        """Over a connection of its own; the last is given out when the server answers a PING."""
        try:
            self._publish(payload, count, every_ms)
        except OSError as error:
            raise PeerError(f"{error!r}\n{tail(self.log)}") from error
        return ()

    def pids(self) -> list[int]:
        """The one process."""
        return [self.process.pid]

    def _publish(self, payload: bytes, count: int, every_ms: float) -> None:
        message = f"PUB {SUBJECT} {len(payload)}\r\n".encode() + payload + b"\r\n"
        with socket.create_connection(self.address, ANSWER_S) as publisher:
            publisher.sendall(b'CONNECT {"verbose":false}\r\n')
            for _ in due(count, every_ms):
                publisher.sendall(message)
            publisher.sendall(b"PING\r\n")
            for line in publisher.makefile("rb"):
                if line == b"PONG\r\n":
                    return
                if line.startswith(b"-ERR"):
                    raise ConnectionError(line.decode())
        raise ConnectionError("closed before the PONG")


@dataclass(frozen=True, slots=True)
class Nats:
    """A message broker as a fan-out."""

    name: str = "nats"
    dialect: Dialect = "nats"
    path: str = SUBJECT
    how_to_install: str = "apt-get install nats-server"

    def available(self) -> bool:
        """Whether the server is installed."""
        return installed("nats-server") is not None

    @contextmanager
    def started(self, cores: Collection[int]) -> Iterator[RunningNats]:
        """A server of its own, without a file but its log."""
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            port, monitor_port = free_port(), free_port()
            command = [
                installed("nats-server") or "nats-server",
                "--addr",
                "127.0.0.1",
                "--port",
                str(port),
            ]
            with child([*command, "--http_port", str(monitor_port)], cores, log) as process:
                until_listening(process, port, log)
                until_listening(process, monitor_port, log)
                own = subscriptions(monitor_port)
                yield RunningNats(process, log, ("127.0.0.1", port), monitor_port, own)
