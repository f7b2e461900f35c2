"""The server as its operator runs it: a process of its own, which tests start, stop, pause, kill.

All that a test starts is ended with it, by process id; what it logged is shown if the test fails.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jwt

from tests.clusters import CLUSTERS, ON_CLUSTER
from tests.valkey import valkey_of
from tests.valkey_cluster import ValkeyCluster
from tests.waiting import PATIENCE_S, wait_until

SECRET = "a secret of the tests, longer than thirty-two bytes"
STOP_S = PATIENCE_S

_URL = re.compile(r"http://127\.0\.0\.\d+:([1-9]\d*)")
_names = count(1)


def held_port() -> socket.socket:
    """Bind a port that nobody else is given until it is closed; those who ask for it get it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP call came to; ``json`` of an answer that has none raises."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class ServerProcess:
    """``grandstand serve`` on a free port of ``host``, which it keeps over restarts.

    ``folder`` takes its log and, without ``redis_url``, its data, which ``tests.clusters`` may put
    on a cluster instead. ``open_files`` is its hard limit.
    """

    folder: Path
    redis_url: str | None = None
    secret: str = SECRET
    environment: Mapping[str, str] = field(default_factory=dict)
    open_files: int | None = None
    host: str = "127.0.0.1"
    port: int = 0
    name: str = field(default_factory=lambda: f"server-{next(_names)}")
    _process: subprocess.Popen[bytes] | None = None
    _held: socket.socket | None = None
    _cluster: ValkeyCluster | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        path = self.folder / f"{self.name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def valkey_pid(self) -> int:
        """The embedded store's process; its file is empty for a moment at first."""
        path = self.data_dir / "valkey.pid"
        wait_until(lambda: path.exists() and path.read_text())
        return int(path.read_text())

    # --- its life --------------------------------------------------------------------------------

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts it and doesn't wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.port == 0:
            self._held = held_port()
            self.port = self._held.getsockname()[1]
        if self.redis_url is None and ON_CLUSTER:
            self._cluster = CLUSTERS.take()
            self.redis_url = self._cluster.url
        environment = {
            **{name: value for name, value in os.environ.items() if "GRANDSTAND" not in name},
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PYTHONUNBUFFERED": "1",
            "GRANDSTAND_JWT_SECRET": self.secret,
            **({} if self.redis_url is None else {"GRANDSTAND_REDIS_URL": self.redis_url}),
            **self.environment,
        }
        command = [sys.executable, "-m", "grandstand", "serve", "--host", self.host]
        command += ["--port", str(self.port)]
        if self.redis_url is None:
            command += ["--data-dir", str(self.data_dir)]
        if self.open_files is not None:
            limited = 'ulimit -n "$0" && exec "$@"'
            command = ["sh", "-c", limited, str(self.open_files), *command]
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    def start(self) -> ServerProcess:
        """Starts it and waits until it can serve."""
        already = len(self.log)
        process = self.launch()

        def is_ready() -> bool:
            if process.poll() is not None:
                raise AssertionError(f"it ended with {process.returncode}:\n{self.log[already:]}")
            return self._is_ready(already)

        try:
            wait_until(is_ready)
        except TimeoutError:
            raise AssertionError(f"not ready:\n{self.log[already:]}") from None
        return self

    def _is_ready(self, already: int) -> bool:
        found = _URL.search(self.log, already)
        if found is None:
            return False
        self.port = int(found[1])
        try:
            return self.call("GET", "/readyz").status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """SIGKILL; an embedded store lives on."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def kill_valkey(self) -> None:
        """SIGKILL to the embedded store."""
        os.kill(self.valkey_pid, signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """As Ctrl-C does, or an orchestrator with SIGTERM; it must end by itself, well."""
        process, self._process = self._process, None
        assert process is not None
        process.send_signal(how)
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"not stopped in {STOP_S} s") from None
        assert code == 0, f"it ended with {code}"

    def pause(self) -> None:
        """SIGSTOP."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def end(self) -> None:
        """Whatever state it is in: afterwards neither it nor its store runs."""
        self.kill()
        if self._cluster is not None:
            CLUSTERS.give_back(self._cluster)
        if self._held is not None:
            self._held.close()
        pid = valkey_of(self.data_dir)
        if pid is not None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(pid, signal.SIGKILL)

    # --- what it is asked ------------------------------------------------------------------------

    def token(
        self,
        sub: str = "producer",
        *,
        role: str = "viewer",
        rooms: tuple[str, ...] = ("*",),
        name: str | None = None,
        lifetime_s: float = 3600,
        **claims: Any,
    ) -> str:
        """A token as the secret's owner gives it out."""
        payload = {
            "sub": sub,
            "name": sub if name is None else name,
            "role": role,
            "rooms": list(rooms),
            "exp": int(time.time() + lifetime_s),
            **claims,
        }
        return jwt.encode(payload, self.secret, algorithm="HS256")

    @property
    def producer_token(self) -> str:
        return self.token("producer", role="producer")

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Answer:
        """An HTTP call; ``body`` as JSON, or bytes as they are."""
        at = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(at.hostname), at.port or 0, timeout=timeout_s)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        if payload is not None:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Answer:
        """As ``call``, beside the loop."""
        return await asyncio.to_thread(self.call, method, path, body, token, timeout_s)

    async def produce(self, method: str, path: str, body: Any = None) -> Any:
        """A producer's call that must succeed; its answer's JSON."""
        answer = await self.ask(method, path, body, self.producer_token)
        assert answer.status in (200, 201), answer.body.decode()
        return answer.json

    def make_room(self, room: str, **settings: Any) -> str:
        """A room for a test: no pause between comments, guests may vote, nothing is moderated."""
        body = {
            "guests": "vote",
            "comment_interval": 0,
            "budget": 1000,
            "moderation": {"level": 0},
            **settings,
        }
        answer = self.call("PUT", f"/v1/rooms/{room}", body, self.producer_token)
        assert answer.status in (200, 201), answer.body.decode()
        return room
