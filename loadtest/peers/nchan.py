"""Nchan: nginx in C with one worker, published to over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import resource
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template

from loadtest.peers.child import child, free_port, installed, tail, until_listening
from loadtest.peers.peer import Dialect, Loop, PeerError, due

CONNECTIONS = 18_000
ROOM = "gala"
MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
CONFIGURATION = Path(__file__).with_suffix(".conf")


@dataclass(frozen=True, slots=True)
class RunningNchan:
    """Master and worker; the publisher is one kept connection."""

    process: subprocess.Popen[bytes]
    log: Path
    address: tuple[str, int]
    publisher: http.client.HTTPConnection

    def viewers(self) -> int:
        """As the channel tells; it is there once somebody came."""
        status, body = self._call("GET", None)
        return int(json.loads(body)["subscribers"]) if status == 200 else 0

    def publish(self, payload: bytes, count: int = 1, every_ms: float = 0) -> tuple[Loop, ...]:
        """One POST for each."""
        for _ in due(count, every_ms):
            status, body = self._call("POST", payload)
            if status not in (201, 202):  # 201: somebody got it; 202: it waits for the first
                raise PeerError(f"{status} {body.decode(errors='replace')}\n{tail(self.log)}")
        return ()

    def pids(self) -> list[int]:
        """The master, which sleeps, and its worker."""
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text()
        return [master, *(int(pid) for pid in children.split())]

    def _call(self, method: str, body: bytes | None) -> tuple[int, bytes]:
        try:
            headers = {"Accept": "application/json"}
            self.publisher.request(method, f"/pub/{ROOM}", body, headers)
            response = self.publisher.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise PeerError(f"{error!r}\n{tail(self.log)}") from error


@dataclass(frozen=True, slots=True)
class Nchan:
    """The nearest to the kernel of what can be installed."""

    name: str = "nchan"
    dialect: Dialect = "websocket"
    path: str = f"/sub/{ROOM}"
    how_to_install: str = "apt-get install nginx libnginx-mod-nchan"

    def available(self) -> bool:
        """Whether nginx and the module are where Debian puts them."""
        return installed("nginx") is not None and MODULE.exists()

    @contextmanager
    def started(self, cores: Collection[int]) -> Iterator[RunningNchan]:
        """An nginx with a configuration and folder of its own."""
        with tempfile.TemporaryDirectory() as name:
            folder, port = Path(name), free_port()
            log, configuration = folder / "log", folder / "nginx.conf"
            _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
            told = Template(CONFIGURATION.read_text()).substitute(
                connections=CONNECTIONS,
                files=most_files,
                folder=folder,
                module=MODULE,
                port=port,
                user="user root;" if os.geteuid() == 0 else "",
            )
            configuration.write_text(told)
            command = [installed("nginx") or "nginx", "-e", "stderr", "-c", str(configuration)]
            with child(command, cores, log) as process:
                until_listening(process, port, log)
                publisher = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                with closing(publisher):
                    yield RunningNchan(process, log, ("127.0.0.1", port), publisher)
