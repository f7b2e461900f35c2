"""A real cache in front of a server: nginx with ``deploy/nginx.conf``, on a port of its own.

Addresses and folders alone differ, and it logs what it asks the server for. It needs no rights.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtest.peers.child import child, free_port, installed, until_listening

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx.conf"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True)
class Cache:
    """A running one; viewers come to ``address``."""

    address: tuple[str, int]
    pid: int
    folder: Path

    @property
    def url(self) -> str:
        """Its address for browsers."""
        return "http://{}:{}".format(*self.address)

    def asked(self) -> Counter[tuple[str, int]]:
        """Return what the server was asked for: path and status, the last one of several tries."""
        rows = (line.split() for line in (self.folder / "asked").read_text().splitlines())
        return Counter((row[0], int(row[-1])) for row in rows)

    def segments(self) -> set[int]:
        """Return which segments the server gave."""
        return {
            int(path.rpartition("/")[2].split(".")[0])
            for path, status in self.asked()
            if status == 200 and "/segments/" in path
        }

    def pids(self) -> list[int]:
        """Return the workers; the master sleeps, and what reads the cache at first ends."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [
            int(pid)
            for pid in children
            if Path(f"/proc/{pid}/cmdline").read_text().startswith("nginx: worker")
        ]


@contextmanager
def caching(
    server: tuple[str, int], cores: Collection[int], changes: Mapping[str, str] | None = None
) -> Iterator[Cache]:
    """A cache in front of ``server`` (host and port) for the duration of the block; ``changes`` to
    the configuration: what stands there, and what in its place."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        log = folder / "log"
        paths = "".join(f"{each}_temp_path {folder}/{each}; " for each in TEMPORARY)
        told = CONFIGURATION.read_text()
        for before, after in {
            "worker_processes auto;": "worker_processes 1; daemon off;"
            + (" user root;" if os.geteuid() == 0 else ""),
            "pid /run/nginx.pid;": f"pid {folder}/pid;",
            "access_log off;": "log_format asked '$uri $upstream_status'; "
            f"access_log {folder}/asked asked if=$upstream_status; {paths}",
            "/var/cache/nginx/grandstand": f"{folder}/cache",
            "server 127.0.0.1:8000;": "server {}:{};".format(*server),
            "listen 8080;": f"listen 127.0.0.1:{port} backlog=4096;",
            **(changes or {}),
        }.items():
            assert told.count(before) == 1, before
            told = told.replace(before, after)
        (folder / "nginx.conf").write_text(told)
        command = [
            installed("nginx") or "nginx",
            *("-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")),
        ]
        with child(command, cores, log) as process:
            until_listening(process, port, log)
            yield Cache(("127.0.0.1", port), process.pid, folder)
