"""What the balancer does to a request on its way, seen by a server that tells what it got."""

from __future__ import annotations

import http.client
import json
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509

from tests.certificates import signed_by_itself
from tests.deploy.programs import told
from tests.deploy.topology import balancing, held_ports, servers_in_use
from tests.waiting import PATIENCE_S, until


@dataclass(slots=True)
class Behind:
    """Who stands behind the balancer: answers with the headers it got, or not at all."""

    got: Counter[str] = field(default_factory=Counter)
    ready: bool = True
    port: int = 0


@contextmanager
def listening(behind: Behind) -> Iterator[Behind]:
    """Answers ``/headers``, hangs up on ``/lost``, and counts what else comes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/readyz":
                return self._answer(200 if behind.ready else 503, b"")
            behind.got[f"{self.command} {self.path}"] += 1
            if self.path == "/lost":
                self.close_connection = True
                return None
            return self._answer(200, json.dumps(dict(self.headers)).encode())

        do_POST = do_GET

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        behind.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield behind
        finally:
            server.shutdown()
            thread.join()


@dataclass(frozen=True, slots=True)
class Door:
    """The balancer, and the two who stand behind it."""

    port: int
    tls_port: int
    operations_port: int
    behind: tuple[Behind, Behind]
    certificate: Path | None = None

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, tls: bool = False
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers, body."""
        if tls:
            trusted = ssl.create_default_context(cafile=self.certificate)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "localhost", self.tls_port, context=trusted, timeout=PATIENCE_S
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        with closing(connection):
            connection.request(method, path, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()

    def count(self, request: str) -> int:
        """How often the servers got it."""
        return sum(each.got[request] for each in self.behind)


@contextmanager
def opened(folder: Path, certificate: Path | None = None) -> Iterator[Door]:
    """A balancer before two servers."""
    with held_ports(3) as ports, listening(Behind()) as one, listening(Behind()) as two:
        port, tls_port, operations_port = ports
        environment = {
            "SERVER_ONE": f"127.0.0.1:{one.port}",
            "SERVER_TWO": f"127.0.0.1:{two.port}",
            "LISTEN_TLS": f"127.0.0.1:{tls_port}",
            "MAXCONN": "100",
            **({} if certificate is None else {"CERTIFICATE": str(certificate)}),
        }
        with balancing(folder, port, operations_port, environment):
            yield Door(port, tls_port, operations_port, (one, two), certificate)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with opened(tmp_path / "balancer") as made:
        yield made


@pytest.fixture
def tls_door(tmp_path: Path) -> Iterator[Door]:
    with opened(
        tmp_path / "balancer", signed_by_itself(tmp_path, x509.DNSName("localhost"))
    ) as made:
        yield made


def test_what_a_viewer_claims_about_its_address_is_replaced(door: Door) -> None:
    claims = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "Host": "show.example"}
    status, _, body = door.ask("GET", "/headers", claims)
    assert status == 200
    got = json.loads(body)
    assert got["x-forwarded-for"] == "127.0.0.1"
    assert got["x-forwarded-proto"] == "http"
    assert got["host"] == "show.example"


def test_a_question_that_a_server_leaves_unanswered_is_put_to_another(door: Door) -> None:
    status, _, _ = door.ask("GET", "/lost")
    assert status >= 500
    assert all(each.got["GET /lost"] for each in door.behind)


def test_what_changes_something_is_sent_once_whatever_becomes_of_it(door: Door) -> None:
    status, _, _ = door.ask("POST", "/lost")
    assert status >= 500
    assert door.count("POST /lost") == 1


def test_metrics_are_hidden_and_with_any_way_of_writing_them(door: Door) -> None:
    for path in ("/metrics", "/metrics?a=b"):
        assert door.ask("GET", path)[0] == 404
        assert door.count(f"GET {path}") == 0


async def test_a_server_that_is_not_ready_gets_nobody(door: Door) -> None:
    one, two = door.behind
    await until(lambda: servers_in_use(door.operations_port) == 2)
    one.ready = False
    await until(lambda: servers_in_use(door.operations_port) == 1)
    assert {door.ask("GET", "/headers")[0] for _ in range(20)} == {200}
    assert (one.got["GET /headers"], two.got["GET /headers"]) == (0, 20)


def test_with_a_certificate_it_speaks_tls_and_says_so(tls_door: Door) -> None:
    status, headers, body = tls_door.ask("GET", "/headers", tls=True)
    assert status == 200
    assert json.loads(body)["x-forwarded-proto"] == "https"
    assert "max-age" in headers["strict-transport-security"]


def test_with_a_certificate_plain_http_is_sent_to_tls(tls_door: Door) -> None:
    status, headers, _ = tls_door.ask("POST", "/headers?a=b", {"Host": "show.example"})
    assert (status, headers["location"]) == (308, "https://show.example/headers?a=b")
    assert tls_door.count("POST /headers?a=b") == 0


def test_without_a_certificate_nothing_is_redirected(door: Door) -> None:
    status, headers, _ = door.ask("GET", "/headers")
    assert status == 200
    assert "strict-transport-security" not in {name.lower() for name in headers}


def test_the_addresses_that_compose_uses_are_good_too() -> None:
    environment = {"RESOLVER": "127.0.0.11:53", "MAXCONN": "100"}
    told("haproxy", "-c", "-f", "deploy/haproxy.cfg", environment=environment)
