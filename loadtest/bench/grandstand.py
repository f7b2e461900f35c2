"""The server that is measured: ``grandstand serve`` as its operator runs it, with all it does.

Its processes (the server, the embedded store) are pinned to the core that the peers get.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from grandstand.tokens import Tokens

from loadtest.peers.child import child, free_port, until_listening
from loadtest.peers.peer import due
from tests.valkey_cluster import valkey_cluster

ROOM = "bench"
ALONE = "alone"
"""Another room, for one viewer."""

STALE_S = 2.0
START_S = 60.0
STOP_S = 40.0
"""With several workers: their drain and their end, and then the store's."""

NO_LIMIT = "100000"
UNLIMITED = dict.fromkeys(
    ("GRANDSTAND_MAX_CONNECTIONS_PER_ADDRESS", "GRANDSTAND_HANDSHAKES_PER_S"), NO_LIMIT
)
CALM = {"comment_interval": 0, "comment_burst": 10_000, "max_latency": 1000}
"""What all rooms have that don't say otherwise."""

FRAME_BYTES_BESIDES_DATA = 88
"""Of a frame with one cue, whose data is one string of over 255 characters."""


class Grandstand:
    """A running one, with a room. Viewers speak the dialect ``grandstand``."""

    def __init__(self, address: tuple[str, int], pids: list[int], secret: str) -> None:
        self.address = address
        self.secret = secret
        self._pids = pids
        self._token = Tokens(secret).issue("bench", "bench", "producer", ["*"], 3600)
        self._http = http.client.HTTPConnection(*address, timeout=30)
        self._called_s = 0.0

    def pids(self) -> list[int]:
        """The server's, and its store's: of a cluster all nodes'."""
        return self._pids

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """As a producer. Raises OSError for an answer that isn't 2xx."""
        if time.monotonic() - self._called_s > STALE_S:
            self._http.close()  # uvicorn ends what is idle for 5 s
        self._called_s = time.monotonic()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        self._http.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._http.getresponse()
        read = answer.read()
        if answer.status // 100 != 2:
            raise OSError(f"{method} {path}: {answer.status} {read[:300]!r}")
        return json.loads(read) if read[:1] in (b"{", b"[") else read.decode()

    def close(self) -> None:
        """Ends our own connection to it."""
        self._http.close()

    def metric(self, name: str) -> float:
        """The sum of a metric's series, by its full name."""
        lines = self.call("GET", "/metrics").splitlines()
        return sum(
            float(line.rsplit(" ", 1)[1])
            for line in lines
            if line.startswith((f"{name} ", f"{name}{{"))
        )

    def make_room(self, room: str, settings: Mapping[str, Any]) -> None:
        """Make one with these settings beside ``CALM``."""
        self.call("PUT", f"/v1/rooms/{room}", {**CALM, **settings})

    def viewers(self) -> int:
        """How many connections there are."""
        return int(self.metric("grandstand_connections"))

    def writes(self) -> int:
        """How many there have been to viewers' sockets."""
        return int(self.metric("grandstand_writes_total"))

    def publish(
        self, payload: bytes, count: int = 1, every_ms: float = 0, room: str = ROOM
    ) -> tuple[()]:
        """Frames of about the payload's size: a cue each, which is committed when this returns."""
        data = {"d": "a" * (len(payload) - FRAME_BYTES_BESIDES_DATA)}
        for _ in due(count, every_ms):
            self.call("POST", f"/v1/rooms/{room}/cues", {"name": "bench", "data": data})
        return ()


@contextmanager
def grandstand(
    cores: Collection[int],
    settings: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    rooms: Sequence[str] = (ROOM,),
    ordinary: bool = False,
    options: Sequence[str] = (),
    python: str = sys.executable,
    store_pids: Sequence[int] = (),
) -> Iterator[Grandstand]:
    """The server with rooms of these settings; ``ordinary``: with its limits on who may come in,
    else without. ``options`` are those of ``grandstand serve``, ``python`` is the one whose
    ``grandstand`` it is, and ``store_pids`` are the processes of a store that isn't its own."""
    secret = secrets.token_hex(32)
    port = free_port()
    besides = {
        "GRANDSTAND_JWT_SECRET": secret,
        **({} if ordinary else UNLIMITED),
        **(environment or {}),
    }
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = [
            *("env", *(f"{name}={value}" for name, value in besides.items())),
            *(python, "-m", "grandstand", "serve"),
            *("--port", str(port), "--data-dir", f"{folder}/data", *options),
        ]
        with (
            _store_ended(Path(folder) / "data"),
            child(command, cores, log, stop_s=STOP_S) as process,
        ):
            until_listening(process, port, log, START_S)
            _until_ready(port)
            stores = store_pids or [int((Path(folder) / "data" / "valkey.pid").read_text())]
            server = Grandstand(("127.0.0.1", port), [process.pid, *stores], secret)
            try:
                for room in rooms:
                    server.make_room(room, settings or {})
                yield server
            finally:
                server.close()


@contextmanager
def grandstand_on_cluster(cores: Collection[int], **named: Any) -> Iterator[Grandstand]:
    """As ``grandstand``, on a cluster of three primaries and three replicas on the same cores."""
    with tempfile.TemporaryDirectory() as folder, valkey_cluster(Path(folder)) as cluster:
        pids = [node.pid for node in cluster.nodes]
        for pid in pids:
            os.sched_setaffinity(pid, cores)
        environment = {"GRANDSTAND_REDIS_URL": cluster.url}
        with grandstand(cores, environment=environment, store_pids=pids, **named) as server:
            yield server


@contextmanager
def _store_ended(data: Path) -> Iterator[None]:
    """End the store of a server that didn't: one that is stopped while it starts, or killed."""
    try:
        yield
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended, as it should
            pid = int((data / "valkey.pid").read_text())
            if Path(f"/proc/{pid}/cwd").readlink() == data.resolve():
                os.kill(pid, signal.SIGKILL)


def _until_ready(port: int) -> None:
    deadline_s = time.monotonic() + 30
    while True:
        probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            probe.request("GET", "/readyz")
            if probe.getresponse().status == 200:
                return
        except TimeoutError:  # the machine is busy
            pass
        finally:
            probe.close()
        if time.monotonic() > deadline_s:
            raise OSError("the server is up and not ready")
        time.sleep(0.02)


def cores() -> tuple[int, int]:
    """The server's core and the clients'. Raises OSError where there is but one."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise OSError("the benchmark wants two cores: one for the server, one for the viewers")
    return usable[0], usable[1]
