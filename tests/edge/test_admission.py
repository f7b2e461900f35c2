from __future__ import annotations

import json

import pytest
from grandstand.edge.admission import Admission
from grandstand.edge.node import Limits, Node
from grandstand.edge.session import ViewerSession
from grandstand.edge.transport.handshake import Handshake, Refusal
from grandstand.edge.transport.keepalive import Keepalive
from grandstand.moderation.moderator import Moderator
from grandstand.telemetry import Metrics
from grandstand.tokens import Tokens
from prometheus_client import CollectorRegistry

from tests.edge.harness import SECRET, Harness
from tests.moderation.rules import RULES

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/v1/rooms/gala/live"


@pytest.fixture
def node(on_still_harness: Harness) -> Node:
    return Node(
        on_still_harness.rooms,
        Tokens(SECRET),
        Moderator(None, RULES),
        Keepalive(),
        Metrics(CollectorRegistry()),
        Limits(per_address=2),
    )


@pytest.fixture
def admission(node: Node) -> Admission:
    return Admission(node, origins=("https://show.example",))


def handshake(
    path: str = PATH,
    origin: str | None = None,
    host: str | None = "here:8000",
    peer: str = "192.0.2.1",
) -> Handshake:
    return Handshake(path, "", host, peer, origin)


def refused(admission: Admission, asked: Handshake) -> tuple[int, str, dict[str, str]]:
    answer = admission.admit(asked)
    assert isinstance(answer, Refusal)
    body = json.loads(answer.body)
    assert body["status"] == answer.status
    return answer.status, body["code"], dict(answer.headers)


@pytest.mark.parametrize(
    "path", ["/", "/v1/rooms/live", "/v1/rooms//live", "/v1/rooms/a/b/live", PATH + "/", PATH + "x"]
)
async def test_another_path_is_404(admission: Admission, path: str) -> None:
    assert refused(admission, handshake(path)) == (404, "unknown_room", {})


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        (None, True),
        ("http://here:8000", True),
        ("https://here:8000", True),
        ("https://show.example", True),
        ("http://here", False),
        ("http://show.example", False),
        ("https://show.example.evil.example", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
async def test_browsers_are_let_in_by_their_origin(
    admission: Admission, origin: str | None, is_let_in: bool
) -> None:
    if is_let_in:
        assert isinstance(admission.admit(handshake(origin=origin)), ViewerSession)
    else:
        assert refused(admission, handshake(origin=origin))[:2] == (403, "forbidden")


async def test_a_request_of_no_host_matches_no_origin(admission: Admission) -> None:
    for origin in ("null", "http://here"):
        assert refused(admission, handshake(origin=origin, host=None))[0] == 403
        assert refused(admission, handshake(origin=origin, host=""))[0] == 403


async def test_an_address_has_so_many_connections(admission: Admission, node: Node) -> None:
    assert isinstance(admission.admit(handshake()), ViewerSession)
    assert isinstance(admission.admit(handshake()), ViewerSession)
    status, code, headers = refused(admission, handshake())
    assert (status, code) == (429, "rate_limited")
    assert int(headers["Retry-After"]) > 0
    assert isinstance(admission.admit(handshake(peer="192.0.2.2")), ViewerSession)
    node.left("192.0.2.1")
    assert isinstance(admission.admit(handshake()), ViewerSession)


async def test_addresses_of_one_ipv6_network_share_their_connections(
    admission: Admission, node: Node
) -> None:
    for host in range(2):
        assert isinstance(admission.admit(handshake(peer=f"2001:db8::{host}")), ViewerSession)
    assert refused(admission, handshake(peer="2001:db8::ffff"))[0] == 429
    assert isinstance(admission.admit(handshake(peer="2001:db8:0:1::1")), ViewerSession)
    node.left("2001:db8::1")
    assert isinstance(admission.admit(handshake(peer="2001:db8::2")), ViewerSession)


async def test_a_node_that_goes_away_lets_nobody_in(admission: Admission, node: Node) -> None:
    node.draining = True
    status, code, headers = refused(admission, handshake())
    assert (status, code) == (503, "unavailable")
    assert int(headers["Retry-After"]) > 0
